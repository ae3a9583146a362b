import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  allLosses,
  clipLoss,
  combineTerms,
  crossEntropy,
  defineLoss,
  defineSyncBackend,
  diceLoss,
  DTypeError,
  float,
  ganDiscriminatorLoss,
  klDiv,
  list,
  LossesError,
  perSample,
  OptionError,
  lossTerms,
  reduction,
  sizeOf,
  type AnyLoss,
  type GivenInput,
  type HostTensor,
  type LossSpec,
  type ShapedArray,
  type Tensor,
} from "../src/index.js";
import { regrouped } from "../src/loss/lists.js";
import { interpreterEngine } from "./support/interpreter.js";

const backend = defineSyncBackend(interpreterEngine());
type Feeds = Record<string, ShapedArray>;

interface GoldenCase {
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: readonly (GivenInput & { readonly name: string; readonly data: readonly number[] })[];
  readonly expected: object;
}

/** Samples for every input of a loss, elements of lists by their places: those of its first golden case with default options. */
function samplesFor({ lossName }: AnyLoss): Feeds {
  const path = new URL(`../../conformance/fixtures/${lossName}.json`, import.meta.url);
  const [first] = JSON.parse(readFileSync(path, "utf8")) as readonly [GoldenCase, ...GoldenCase[]];
  return Object.fromEntries(
    first.inputs.map(({ name, dtype, shape, data }) => [
      name,
      { data: dtype.startsWith("int") ? Int32Array.from(data) : Float64Array.from(data), shape },
    ]),
  );
}

function typesOf(feeds: Feeds): Record<string, GivenInput> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { data, shape }]) => [
      name,
      { shape, dtype: data instanceof Int32Array ? "int32" : "float64" },
    ]),
  );
}

/** Rows of those inputs that are named. */
function rows(feeds: Feeds, named: readonly string[], from: number, to: number): Feeds {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { data, shape }]) => {
      if (!named.includes(name) || !ArrayBuffer.isView(data)) return [name, { data, shape }];
      const width = sizeOf(shape.slice(1));
      return [name, { data: data.slice(from * width, to * width), shape: [to - from, ...shape.slice(1)] }];
    }),
  );
}

const evaluate = (spec: LossSpec, feeds: Feeds): HostTensor =>
  backend.compileSync(spec, { dtype: "float64" }).valueSync(regrouped(spec.loss.definition, feeds) as never);
const total = (data: ArrayLike<number>): number => Array.from(data).reduce((a, b) => a + b, 0);

/** What batches of 2, 2 and the rest of the samples add up to. */
function fromBatches(spec: LossSpec, feeds: Feeds): { readonly sum: number; readonly mean: number; values: number[] } {
  const values: number[] = [];
  let [sum, mean] = [0, 0];
  for (const term of lossTerms(spec, typesOf(feeds))) {
    let [numerator, denominator] = [0, 0];
    const count = Math.max(...term.sampleInputs.map((name) => feeds[name]?.shape[0] ?? 0), 0);
    for (const [from, to] of [
      [0, Math.min(2, count)],
      [Math.min(2, count), Math.min(4, count)],
      [Math.min(4, count), count],
    ] as const) {
      if (from === to) continue;
      const { data, shape } = evaluate(term.spec, rows(feeds, term.sampleInputs, from, to));
      const size = sizeOf(shape) / (term.isWeighted ? 2 : 1);
      values.push(...data.subarray(0, size));
      numerator += total(data.subarray(0, size));
      denominator += term.isWeighted ? total(data.subarray(size)) : size;
    }
    sum += numerator;
    mean += numerator / denominator;
  }
  return { sum, mean, values };
}

const near = (value: number): unknown => expect.closeTo(value, 9);
const isReduced = ({ definition }: AnyLoss): boolean =>
  definition.options["reduction"]?.choices?.includes("mean") === true;

/** Losses that compare samples with each other. */
const comparing = [
  "angularLoss",
  "circleLoss",
  "clipDistillationLoss",
  "clipLoss",
  "cmpmLoss",
  "cocaLoss",
  "decoupledContrastiveLoss",
  "fastApLoss",
  "featureMatchingLoss",
  "generalizedLiftedStructureLoss",
  "infoNceLoss",
  "liftedStructureLoss",
  "marginLoss",
  "metricContrastiveLoss",
  "metricTripletMarginLoss",
  "mmcaLoss",
  "multiSimilarityLoss",
  "multipleNegativesRankingLoss",
  "nPairsLoss",
  "ncaLoss",
  "ntXentLoss",
  "proxyAnchorLoss",
  "pullingAwayLoss",
  "relativisticAverageDiscriminatorLoss",
  "relativisticAverageGeneratorLoss",
  "scanLoss",
  "sdmLoss",
  "sgrafLoss",
  "siglipLoss",
  "signalToNoiseContrastiveLoss",
  "supConLoss",
  "tupletMarginLoss",
  "vseLoss",
];
/** Losses whose samples pass through a recursion, which is not followed. */
const recursive = ["ctcLoss", "listMleLoss"];

describe.each(allLosses.filter(isReduced).map((loss) => [loss.lossName, loss] as const))(
  "%s in batches",
  (name, loss) => {
    const feeds = samplesFor(loss);
    const terms = lossTerms(loss(), typesOf(feeds));
    const isSeparable = terms.every((term) => term.isSeparable);

    it("knows whether its samples meet each other", () => {
      expect(isSeparable).toBe(![...comparing, ...recursive].includes(name));
      if (recursive.includes(name) || !terms.every((term) => term.samples !== undefined)) return;
      const whole = terms.flatMap((term) => {
        const { data, shape } = evaluate(term.spec, feeds);
        return Array.from(data.subarray(0, sizeOf(shape) / (term.isWeighted ? 2 : 1)));
      });
      const isSame = (): boolean => {
        try {
          const { values } = fromBatches(loss(), feeds);
          return (
            values.length === whole.length && values.every((value, i) => Math.abs(value - (whole[i] ?? NaN)) < 1e-9)
          );
        } catch (error) {
          // Rows of a matrix of all pairs are no such matrix, and of rows that are classes labels may be missing.
          if (error instanceof LossesError) return false;
          throw error;
        }
      };
      expect(isSame()).toBe(isSeparable);
    });

    it.runIf(isSeparable)("gives the sum and the mean of all samples", () => {
      const { sum, mean } = fromBatches(loss(), feeds);
      expect(sum).toEqual(near(evaluate(loss({ reduction: "sum" }), feeds).data[0] ?? NaN));
      expect(mean).toEqual(near(evaluate(loss({ reduction: "mean" }), feeds).data[0] ?? NaN));
    });
  },
);

const logits = Float64Array.from([2, 0.5, -1, 0, 1, 0, 0.3, 0.2, 0.1, -1, 2, 1]);
const labelled: Feeds = {
  input: { data: logits, shape: [4, 3] },
  target: { data: Int32Array.from([0, 2, 1, 1]), shape: [4] },
  weight: { data: Float64Array.from([0.5, 2, 1]), shape: [3] },
};

describe("terms of a loss", () => {
  it("weigh ignored samples 0 and the others with their class", () => {
    const [term] = lossTerms(crossEntropy({ ignoreIndex: 1 }), typesOf(labelled));
    expect(term).toMatchObject({
      isWeighted: true,
      isSeparable: true,
      samples: "N",
      sampleInputs: ["input", "target"],
    });
    const { data, shape } = evaluate(term?.spec as LossSpec, labelled);
    expect(shape).toEqual([2, 4]);
    expect(Array.from(data.subarray(4))).toEqual([0.5, 1, 0, 0]);
  });

  it("say what batchmean divides by", () => {
    const types: Record<string, GivenInput> = {
      input: { shape: [6, 3], dtype: "float32" },
      target: { shape: [3], dtype: "float32" },
    };
    const [mean] = lossTerms(klDiv(), types);
    const [batchmean] = lossTerms(klDiv({ reduction: "batchmean" }), types);
    expect(mean).toMatchObject({ divisor: ["d1", "d2"], sampleInputs: ["input"] });
    expect(batchmean?.divisor).toEqual(["d1"]);
  });

  it("are two where two kinds of samples are reduced apart, each with samples of its own", () => {
    const terms = lossTerms(ganDiscriminatorLoss(), {
      real: { shape: [6], dtype: "float32" },
      fake: { shape: [4], dtype: "float32" },
    });
    expect(terms.map(({ sampleInputs }) => sampleInputs)).toEqual([["real"], ["fake"]]);
  });

  it("have no samples where an input is a single one", () => {
    const [term] = lossTerms(crossEntropy(), {
      input: { shape: [3], dtype: "float32" },
      target: { shape: [], dtype: "int32" },
    });
    expect(term).toMatchObject({ samples: undefined, isSeparable: false });
  });

  it.each<[string, boolean, (x: Tensor, y: Tensor) => Tensor]>([
    ["a row times a shared matrix", true, (x, y) => x.matmul(y).sum(1)],
    ["a row turned twice", true, (x) => x.transpose().transpose().sum(1)],
    ["a softmax along the row", true, (x) => x.softmax(1).amax(1)],
    ["a softmax across samples", false, (x) => x.softmax(0).sum(1)],
    ["the largest sample taken off", false, (x) => x.sub(x.amax(0, true)).sum(1)],
    ["the number of samples", false, (x) => x.sum(1).div(x.count(0))],
    ["the place of a sample", false, (x) => x.mul(x.iota(0).cast(x.dtype)).sum(1)],
    ["all pairs", false, (x) => x.sum(1).unsqueeze(0).add(x.sum(1).unsqueeze(1)).sum(1)],
    ["a constant for every sample", true, (x, y) => y.sum().expand([...x.sum(1).shape])],
  ])("are separable or not: %s", (_, expected, value) => {
    const loss = defineLoss({
      name: "tried",
      summary: "Tried.",
      formula: "tried",
      inputs: { x: float(["N", "D"], "x"), y: float(["D", "D"], "y") },
      options: { reduction: reduction() },
      value: ({ x, y }) => value(x, y),
    });
    const [term] = lossTerms(loss(), {
      x: { shape: [4, 2], dtype: "float32" },
      y: { shape: [2, 2], dtype: "float32" },
    });
    expect(term?.isSeparable).toBe(expected);
  });

  it("refuse weights of another shape, and a batch that is no size", () => {
    const make = (value: (x: Tensor) => { values: Tensor; weights?: Tensor; batch?: Tensor }): LossSpec =>
      defineLoss({
        name: "odd",
        summary: "Odd.",
        formula: "odd",
        inputs: { x: float(["N"], "x") },
        options: { reduction: klDiv.definition.options.reduction },
        value: ({ x }) => value(x),
      })({ reduction: "batchmean" });
    const types: Record<string, GivenInput> = { x: { shape: [4], dtype: "float32" } };
    expect(() =>
      lossTerms(
        make((x) => ({ values: x, weights: x.sum() })),
        types,
      ),
    ).toThrow(DTypeError);
    expect(() =>
      lossTerms(
        make((x) => ({ values: x, batch: x.sum() })),
        types,
      ),
    ).toThrow(LossesError);
  });
});

describe("combined terms", () => {
  it("have the gradients of the weighted mean, batch by batch", () => {
    const spec = crossEntropy({ ignoreIndex: 1 });
    const types = typesOf(labelled);
    const [term] = lossTerms(spec, types);
    const { data } = evaluate(term?.spec as LossSpec, labelled);
    const [s, w] = [total(data.subarray(0, 4)), total(data.subarray(4))];
    const part = backend.compileSync(combineTerms(spec, [{ values: 1 / w, weights: -s / w ** 2 }]), {
      dtype: "float64",
    });
    const whole = backend.compileSync(spec, { dtype: "float64" }).valueAndGradSync(labelled as never);
    const input: number[] = [];
    const weight = [0, 0, 0];
    for (const [from, to] of [
      [0, 1],
      [1, 4],
    ] as const) {
      const { grads } = part.valueAndGradSync(rows(labelled, ["input", "target"], from, to) as never);
      input.push(...(grads["input"]?.data ?? []));
      grads["weight"]?.data.forEach((value, i) => (weight[i] = (weight[i] ?? 0) + value));
    }
    expect(input).toEqual(Array.from(whole.grads["input"]?.data ?? [], near));
    expect(weight).toEqual(Array.from(whole.grads["weight"]?.data ?? [], near));
  });
});

describe("the terms of a loss that takes a list", () => {
  it("take the same list", () => {
    const scales = defineLoss({
      name: "scales",
      inputs: { scores: list(float(["N"])) },
      options: { reduction: reduction("mean") },
      value: ({ scores }) => ({ terms: scores.map((score) => score.square()) as [Tensor, ...Tensor[]] }),
    });
    const given = {
      "scores.0": { shape: [2], dtype: "float64" },
      "scores.1": { shape: [2], dtype: "float64" },
    } as const;
    const spec = scales() as LossSpec;
    const scores = [
      [1, 2],
      [3, 4],
    ].map((data) => Float64Array.from(data));
    const values = lossTerms(spec, given).map((term) => [...evaluate(term.spec, { scores } as never).data]);
    expect(values).toEqual([
      [1, 4],
      [9, 16],
    ]);
    const factors = [
      { values: 0.5, weights: 0 },
      { values: 2, weights: 0 },
    ];
    expect(evaluate(combineTerms(spec, factors), { scores } as never).data[0]).toBe(2.5 + 50);
  });
});

describe("batches of samples that meet", () => {
  const types = (texts: number, ...target: readonly number[]): Readonly<Record<string, GivenInput>> => ({
    image: { dtype: "float32", shape: [6, 3] },
    text: { dtype: "float32", shape: [texts, 3] },
    logitScale: { dtype: "float32", shape: [] },
    ...(target.length > 0 ? { target: { dtype: "float32", shape: target } } : {}),
  });
  const sampled = (texts: number, ...target: readonly number[]): readonly (readonly string[])[] =>
    lossTerms(clipLoss(), types(texts, ...target)).map(({ sampleInputs }) => sampleInputs);

  it("have rows of all inputs that go together", () => {
    expect(sampled(6)).toEqual([["image", "text"]]);
  });

  it("are not made where no row says what belongs to it", () => {
    expect(sampled(7)).toEqual([[]]);
    expect(sampled(7, 6, 7)).toEqual([["image", "target"], []]);
  });
});

const rowSpecs: readonly (readonly [string, LossSpec])[] = [
  ["mean", crossEntropy()],
  ["sum", crossEntropy({ reduction: "sum" })],
  ["mean that leaves samples out", crossEntropy({ ignoreIndex: 1 })],
  ["mean over more axes", klDiv({ logTarget: true })],
  ["batchmean", klDiv({ reduction: "batchmean", logTarget: true })],
];

describe("perSample", () => {
  it.each(rowSpecs)("has the loss as the mean of its rows: %s", (_, spec) => {
    const feeds = spec.name === "klDiv" ? { input: labelled["input"], target: labelled["input"] } : labelled;
    const [whole, each] = [evaluate(spec, feeds as Feeds), evaluate(perSample(spec, "input"), feeds as Feeds)];
    expect(each.shape).toEqual([4]);
    expect(total(each.data as Float64Array) / 4).toEqual(near(whole.data[0] ?? NaN));
  });

  it("stays one number where no value belongs to a row", () => {
    const feeds = {
      input: { data: logits, shape: [2, 3, 2] },
      target: { data: new Float64Array(12), shape: [2, 3, 2] },
    };
    const each = evaluate(perSample(diceLoss({ mode: "multilabel" }), "input"), feeds);
    expect(each.shape).toEqual([]);
    expect(each.data).toEqual(evaluate(diceLoss({ mode: "multilabel" }), feeds).data);
  });

  it("refuses an input that the loss does not have", () => {
    expect(() => perSample(crossEntropy(), "logits")).toThrow(OptionError);
  });
});
