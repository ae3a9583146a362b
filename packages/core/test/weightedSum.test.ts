import { describe, expect, it } from "vitest";
import {
  allLosses,
  clipLoss,
  cmpcLoss,
  cmpmLoss,
  crossEntropy,
  defineLoss,
  defineSyncBackend,
  float,
  InputError,
  nllLoss,
  OptionError,
  rankingLoss,
  reduction,
  subCenterArcFaceLoss,
  specFromJSON,
  tripletMarginWithDistanceLoss,
  vseLoss,
  weightedSum,
  type InputDeclaration,
  type LossSpec,
  type Tensor,
} from "../src/index.js";
import { interpreterEngine } from "./support/interpreter.js";

const backend = defineSyncBackend(interpreterEngine());
const feeds = {
  image: [
    [1, 0.5],
    [0.2, 1],
    [-0.4, 0.3],
  ],
  text: [
    [0.8, 0.1],
    [0.3, 0.9],
    [0.5, -0.6],
  ],
};

/** The sum of whatever is given: for trying out what a loss takes. */
function pairs(name: string, inputs: Readonly<Record<string, InputDeclaration>>): LossSpec {
  return defineLoss({
    name,
    summary: "A sum.",
    formula: "sum",
    inputs,
    options: { reduction: reduction("sum") },
    value: (given) => ({ terms: Object.values(given).map((tensor) => tensor.sum()) as [Tensor, ...Tensor[]] }),
  })();
}

const number = (spec: LossSpec, given: Readonly<Record<string, unknown>>): number =>
  backend.compileSync(spec).valueSync(given as never).data[0] ?? NaN;

describe("weightedSum", () => {
  const spec = weightedSum([
    { loss: clipLoss(), weight: 2 },
    { loss: cmpmLoss(), weight: -0.5 },
  ]);
  const all = { ...feeds, logitScale: 3, labels: [0, 1, 2] };

  it("takes what all terms take: as many texts as images where one of them compares pairs", () => {
    const texts = { data: new Float64Array(8), shape: [4, 2] };
    const asked = { ...all, image: { data: new Float64Array(6), shape: [3, 2] }, text: texts };
    expect(number(clipLoss(), { image: asked.image, text: texts, logitScale: 1 })).toBeCloseTo(Math.log(12) / 2, 12);
    expect(() => number(spec, asked)).toThrow("weightedSum: text must have shape [N, D] with N = 3 as in image");
  });

  it("takes shapes that options of a term have a say in", () => {
    const sum = weightedSum([{ loss: subCenterArcFaceLoss({ subCenters: 2 }), weight: 1 }]);
    const given = {
      embeddings: [[1, 0]],
      labels: [0],
      weight: [
        [1, 0, 0, 1],
        [0, 1, 1, 0],
      ],
    };
    expect(number(sum, given)).toBeCloseTo(number(subCenterArcFaceLoss({ subCenters: 2 }), given), 12);
    expect(() =>
      number(sum, {
        ...given,
        weight: [
          [1, 0, 0],
          [0, 1, 1],
        ],
      }),
    ).toThrow("[D, 2*C]");
  });

  it("refuses a mean over nothing of a term that refuses it", () => {
    const strict = weightedSum([
      { loss: crossEntropy({ empty: "error" }), weight: 1 },
      { loss: weightedSum([{ loss: crossEntropy({ empty: "zero" }), weight: 2, name: "inner" }]), weight: 1 },
    ]);
    const given = (rows: number): Readonly<Record<string, unknown>> => ({
      input: { data: new Float64Array(2 * rows), shape: [rows, 2] },
      target: new Int32Array(rows),
    });
    expect(number(strict, given(1))).toBeCloseTo(3 * Math.LN2, 12);
    expect(() => number(strict, given(0))).toThrow(InputError);
    expect(() => number(strict, given(0))).toThrow('(option empty is "error")');
    const outer = weightedSum([{ loss: strict, weight: 1 }]);
    expect(() => number(outer, given(0))).toThrow(InputError);
  });

  it("adds values and gradients of its terms", () => {
    const sum = backend.compileSync(spec).valueAndGradSync(all, { wrt: ["image"] });
    const clip = backend.compileSync(clipLoss()).valueAndGradSync({ ...feeds, logitScale: 3 });
    const cmpm = backend.compileSync(cmpmLoss()).valueAndGradSync({ ...feeds, labels: [0, 1, 2] });
    const mix = (a = NaN, b = NaN): unknown => expect.closeTo(2 * a - 0.5 * b, 12);
    expect(Array.from(sum.value.data)).toEqual([mix(clip.value.data[0], cmpm.value.data[0])]);
    const other = cmpm.grads.image?.data ?? [];
    expect(Array.from(sum.grads["image"]?.data ?? [])).toEqual(
      Array.from(clip.grads.image?.data ?? [], (a, i) => mix(a, other[i])),
    );
  });

  it("survives JSON", () => {
    const copy = specFromJSON(allLosses, JSON.parse(JSON.stringify(spec)));
    expect(backend.compileSync(copy).valueSync(all).data).toEqual(backend.compileSync(spec).valueSync(all).data);
  });

  describe("of terms that ignore an index", () => {
    const input = [
      [0.5, -1, 2],
      [1, 0, -0.5],
      [0, 0, 1],
    ];
    const sum = (...ignored: number[]): LossSpec =>
      weightedSum(ignored.map((ignoreIndex) => ({ loss: crossEntropy({ ignoreIndex }), weight: 0.5 })));

    it("takes the one that all of them ignore", () => {
      for (const ignored of [-100, -1, 255, 2 ** 40]) {
        const feeds = { input, target: [0, ignored, 2] };
        const alone = number(crossEntropy({ ignoreIndex: ignored }), feeds);
        expect(number(sum(ignored), feeds)).toBeCloseTo(0.5 * alone, 12);
        expect(number(sum(ignored, ignored), feeds)).toBeCloseTo(alone, 12);
      }
    });

    it("refuses one that another term takes for a class that does not exist", () => {
      expect(() => number(sum(-100, -1), { input, target: [0, -100, 2] })).toThrow(InputError);
      expect(() => number(sum(-100), { input, target: [0, -1, 2] })).toThrow("in [0, 2] (C = 3), or -100, got -1");
    });

    it("lets each term ignore a class of its own", () => {
      const feeds = { input, target: [0, 1, 2] };
      const [a, b] = [0, 1].map((ignoreIndex) => number(crossEntropy({ ignoreIndex }), feeds));
      expect(number(sum(0, 1), feeds)).toBeCloseTo(0.5 * (a ?? NaN) + 0.5 * (b ?? NaN), 12);
    });

    it("survives another sum around it", () => {
      const feeds = { input, target: [0, -7, 2] };
      const nested = weightedSum([{ loss: sum(-7), weight: 2 }]);
      expect(number(nested, feeds)).toBeCloseTo(number(crossEntropy({ ignoreIndex: -7 }), feeds), 12);
    });
  });

  describe("of terms with alternative inputs", () => {
    const scores = [
      [0.5, 0.2, 0.1],
      [0.4, 0.3, 0.6],
      [0.2, 0.1, 0.9],
    ];
    const vse = [
      { loss: vseLoss(), weight: 1 },
      { loss: vseLoss({ maxViolation: true }), weight: 1 },
    ];

    it("takes what satisfies each of them", () => {
      for (const given of [feeds, { scores }]) {
        const parts = vse.map(({ loss }) => number(loss, given));
        expect(number(weightedSum(vse), given)).toBeCloseTo((parts[0] ?? NaN) + (parts[1] ?? NaN), 12);
      }
      expect(() => number(weightedSum(vse), { ...feeds, scores })).toThrow(InputError);
    });

    it("takes one alternative of each term", () => {
      const either = defineLoss({
        name: "either",
        summary: "One of two.",
        formula: "left or right",
        inputs: {},
        optionalInputs: { left: float([], ""), right: float([], "") },
        inputSets: [["left"], ["right"]],
        options: { reduction: reduction("sum") },
        value: ({ left, right }) => (left ?? right?.mul(10)) as Tensor,
      });
      const sum = weightedSum([...vse, { loss: either(), weight: 1 }]);
      const matched = number(weightedSum(vse), { scores });
      expect(number(sum, { scores, left: 1 })).toBeCloseTo(matched + 1, 12);
      expect(number(sum, { scores, right: 1 })).toBeCloseTo(matched + 10, 12);
      for (const given of [{ scores }, { left: 1 }, { scores, left: 1, right: 1 }, { ...feeds, scores, left: 1 }]) {
        expect(() => number(sum, given)).toThrow(InputError);
      }
    });

    it("takes the alternative that another term needs, and no other", () => {
      const sum = weightedSum([
        { loss: vseLoss(), weight: 1 },
        { loss: clipLoss(), weight: 1 },
      ]);
      const given = { ...feeds, logitScale: 3 };
      const parts = number(vseLoss(), feeds) + number(clipLoss(), given);
      expect(number(sum, given)).toBeCloseTo(parts, 12);
      expect(() => number(sum, { ...given, scores })).toThrow("the unknown input scores");
    });
  });

  it("compiles a term with a function as option, and tells two functions apart", () => {
    const given = { anchor: [[0, 0]], positive: [[3, 4]], negative: [[1, 0]] };
    const scaled = (factor: number): LossSpec =>
      weightedSum([
        {
          loss: tripletMarginWithDistanceLoss({
            distance: (x: Tensor, y: Tensor) => x.sub(y).square().sum(-1).mul(factor),
          }),
          weight: 1,
        },
      ]);
    const [once, twice] = [scaled(1), scaled(2)];
    for (let again = 0; again < 2; again++) {
      expect(number(once, given)).toBe(25);
      expect(number(twice, given)).toBe(49);
    }
    expect(() => JSON.stringify(once)).toThrow(OptionError);
  });

  it("keeps the rules of its terms about inputs", () => {
    const vse = weightedSum([{ loss: vseLoss(), weight: 1 }]);
    expect(() => backend.compileSync(vse).valueSync({ image: feeds.image } as never)).toThrow(
      "inputs must be image and text, or scores",
    );
  });

  it.each<[string, () => unknown]>([
    [
      "an optional input of one term that another declares otherwise",
      () =>
        weightedSum([
          { loss: nllLoss(), weight: 1 },
          { loss: cmpcLoss(), weight: 1 },
        ]),
    ],
    [
      "terms that no choice of inputs satisfies",
      () =>
        weightedSum([
          { loss: vseLoss(), weight: 1 },
          { loss: pairs("onText", { text: float(["N", "D"], "") }), weight: 1 },
          { loss: pairs("onScores", { scores: float(["N", "N"], "") }), weight: 1 },
        ]),
    ],
    ["no terms", () => weightedSum([])],
    ["a weight that is not finite", () => weightedSum([{ loss: rankingLoss(), weight: NaN }])],
    [
      "one input declared in two ways",
      () =>
        weightedSum([
          { loss: crossEntropy(), weight: 1 },
          { loss: nllLoss(), weight: 1 },
        ]),
    ],
  ])("refuses %s", (_, build) => {
    expect(build).toThrow(OptionError);
  });
});
