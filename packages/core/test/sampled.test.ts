import { describe, expect, it } from "vitest";
import {
  allLosses,
  clipLoss,
  contrastiveLoss,
  crossEntropy,
  defineSyncBackend,
  dpoLoss,
  InputError,
  klDiv,
  l1Loss,
  mseLoss,
  multiMarginLoss,
  rankingSoftmaxLoss,
  ShapeError,
  uncertaintyWeighting,
  weightedSum,
  type LossSpec,
} from "../src/index.js";
import { interpreterEngine } from "./support/interpreter.js";

const backend = defineSyncBackend(interpreterEngine());
const number = (spec: LossSpec, feeds: Readonly<Record<string, unknown>>): number =>
  backend.compileSync(spec).valueSync(feeds as never).data[0] ?? NaN;

const logits = {
  input: [
    [2, 0.5, -1],
    [0, 1, 0],
    [0.5, 0.5, 3],
  ],
  target: [0, 2, 1],
};
const costs = Array.from(backend.compileSync(crossEntropy({ reduction: "none" })).valueSync(logits).data);
const [first = 0, second = 0, third = 0] = costs;

describe("weights of samples", () => {
  it("multiply the values, and the mean divides by their sum", () => {
    const sampleWeight = [1, 0, 3];
    const value = (reduction: "mean" | "sum"): number =>
      number(crossEntropy({ reduction }), { ...logits, sampleWeight });
    expect(value("mean")).toBeCloseTo((first + 3 * third) / 4, 12);
    expect(value("sum")).toBeCloseTo(first + 3 * third, 12);
  });

  it("have a gradient of their own", () => {
    const { grads } = backend.compileSync(crossEntropy()).valueAndGradSync({ ...logits, sampleWeight: [1, 1, 2] });
    const mean = (first + second + 2 * third) / 4;
    expect(Array.from(grads.sampleWeight?.data ?? [])).toEqual(
      costs.map((cost) => expect.closeTo((cost - mean) / 4, 12) as number),
    );
  });

  it("meet weights of classes and ignored labels", () => {
    const spec = crossEntropy({ ignoreIndex: 2 });
    const feeds = { ...logits, weight: [0.5, 2, 9], sampleWeight: [2, 5, 1] };
    expect(number(spec, feeds)).toBeCloseTo((2 * 0.5 * first + 2 * third) / (2 * 0.5 + 2), 12);
  });

  it("leave the divisor of batchmean alone", () => {
    const feeds = { input: [[-1], [-2]], target: [[0.5], [0.5]] };
    const [a = 0, b = 0] = backend.compileSync(klDiv({ reduction: "none" })).valueSync(feeds).data;
    expect(number(klDiv({ reduction: "batchmean" }), { ...feeds, sampleWeight: [[3], [1]] })).toBeCloseTo(
      (3 * a + b) / 2,
      12,
    );
  });

  it("have the axes of the values: a vector beside a matrix could be meant for rows or columns", () => {
    const feeds = {
      input: [
        [1, 2],
        [3, 4],
      ],
      target: [
        [0, 0],
        [0, 0],
      ],
    };
    expect(() => number(mseLoss(), { ...feeds, sampleWeight: [1, 3] })).toThrow(ShapeError);
    expect(() => number(mseLoss(), { ...feeds, sampleWeight: [1, 3] })).toThrow(
      /sampleWeight must have the 2 axes.*got \[d/,
    );
    expect(number(mseLoss(), { ...feeds, sampleWeight: [[1], [3]] })).toBeCloseTo((1 + 4 + 3 * 9 + 3 * 16) / 8, 12);
    expect(() => number(mseLoss(), { input: [[1, 2]], target: [[0, 0]], sampleWeight: [[1], [3]] })).toThrow(
      ShapeError,
    );
  });
});

describe("a mask", () => {
  it("leaves samples out of values and divisor", () => {
    expect(number(crossEntropy(), { ...logits, mask: [true, false, true] })).toBeCloseTo((first + third) / 2, 12);
  });

  it("gives no gradient to what it leaves out", () => {
    const { grads } = backend
      .compileSync(l1Loss())
      .valueAndGradSync({ input: [1, 2], target: [0, 0], mask: [false, true] });
    expect(Array.from(grads.input.data)).toEqual([0, 1]);
  });

  it("that leaves nothing is a mean over nothing", () => {
    const mask = [false, false, false];
    expect(number(crossEntropy(), { ...logits, mask })).toBeNaN();
    expect(number(crossEntropy({ empty: "zero" }), { ...logits, mask })).toBe(0);
    expect(() => number(crossEntropy({ empty: "error" }), { ...logits, mask })).toThrow(InputError);
  });
});

describe("losses of losses", () => {
  const margins = multiMarginLoss();
  const feeds = { ...logits, sampleWeight: [1, 0, 3] };

  it("weigh a sample in all terms that are of its shape", () => {
    const sum = weightedSum([
      { loss: contrastiveLoss(), weight: 1, inputs: { target: "similar" } },
      { loss: margins, weight: 2 },
    ]);
    const pairs = { input1: [[0], [1], [2]], input2: [[2], [1], [0]], similar: [1, 0, 1] };
    expect(number(sum, { ...feeds, ...pairs })).toBeCloseTo(
      number(contrastiveLoss(), {
        input1: pairs.input1,
        input2: pairs.input2,
        target: pairs.similar,
        sampleWeight: [1, 0, 3],
      }) +
        2 * number(margins, feeds),
      12,
    );
  });

  it("take them for the terms that they are named for, where not all can", () => {
    const terms = [
      { loss: crossEntropy(), weight: 1 },
      { loss: rankingSoftmaxLoss(), weight: 1 },
      { loss: clipLoss(), weight: 0, inputs: { target: "pairs" } },
    ] as const;
    const others = { scores: [[1, 2]], labels: [[1, 0]], image: [[1], [2], [3]], text: [[1], [2], [3]], logitScale: 1 };
    const whole = number(weightedSum(terms), { ...logits, ...others });
    expect(whole).toBeGreaterThan(0);
    expect(() => number(weightedSum(terms), { ...feeds, ...others })).toThrow(/sampleWeight/);
    const named = weightedSum([{ ...terms[0], inputs: { sampleWeight: "trust" } }, terms[1], terms[2]]);
    expect(number(named, { ...logits, ...others, trust: [1, 0, 3] })).toBeCloseTo(
      whole - number(crossEntropy(), logits) + number(crossEntropy(), feeds),
      12,
    );
  });

  it("weigh once", () => {
    const tasks = uncertaintyWeighting([{ loss: crossEntropy(), task: "classification" }]);
    expect(number(tasks, { ...feeds, logVariances: [0] })).toBeCloseTo(number(crossEntropy(), feeds), 12);
  });
});

it("refuses weights where values are of ranks", () => {
  const pair = { chosen: [1, 2], rejected: [0, 1], referenceChosen: [0, 0], referenceRejected: [0, 0] };
  expect(number(dpoLoss({ lossType: "aot" }), pair)).toBeGreaterThan(0);
  expect(() => number(dpoLoss({ lossType: "aot" }), { ...pair, sampleWeight: [1, 2] })).toThrow(InputError);
  expect(number(dpoLoss(), { ...pair, sampleWeight: [1, 2] })).toBeGreaterThan(0);
});

it("is there for every loss whose values are each of one sample", () => {
  const without = allLosses.filter(({ definition }) => definition.optionalInputs?.["sampleWeight"] === undefined);
  const families = new Set(without.map(({ definition }) => definition.family));
  expect(families).toEqual(
    new Set([
      "adversarial",
      "contrastive",
      "distillation",
      "imageQuality",
      "matching",
      "metric",
      "segmentation",
      "selfSupervised",
    ]),
  );
});
