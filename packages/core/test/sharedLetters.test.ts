import { describe, expect, it } from "vitest";
import {
  adaptiveLogSoftmaxWithLoss,
  allInputs,
  allLosses,
  bindInputs,
  crossEntropy,
  defineSyncBackend,
  definitionFor,
  formatTokens,
  OptionError,
  ShapeError,
  smoothL1Loss,
  softMarginLoss,
  specFromJSON,
  uncertaintyWeighting,
  vicRegLoss,
  weightedSum,
  type LossSpec,
} from "../src/index.js";
import { interpreterEngine } from "./support/interpreter.js";

const backend = defineSyncBackend(interpreterEngine());

type Feeds = Readonly<Record<string, unknown>>;

const numbers = (...shape: number[]): { readonly data: Float64Array; readonly shape: readonly number[] } => ({
  data: Float64Array.from({ length: shape.reduce((size, n) => size * n, 1) }, (_, i) => Math.sin(1 + i)),
  shape,
});

function run(
  spec: LossSpec,
  feeds: Feeds,
): { readonly value: number; readonly grads: Readonly<Record<string, unknown>> } {
  const { value, grads } = backend.compileSync(spec).valueAndGradSync(feeds as never);
  return {
    value: value.data[0] ?? NaN,
    grads: Object.fromEntries(
      Object.entries(grads).map(([name, grad]) => [name, grad !== undefined && "data" in grad ? [...grad.data] : []]),
    ),
  };
}

const shapesOf = (
  spec: LossSpec,
  given: Readonly<Record<string, readonly number[]>>,
): Readonly<Record<string, string>> => {
  const feeds = Object.entries(given).map(([name, shape]) => [name, { shape, dtype: "untyped" as const }] as const);
  const { inputs } = bindInputs(spec.loss.definition, Object.fromEntries(feeds), spec.options);
  return Object.fromEntries(inputs.map(({ name, shape }) => [name, shape.join()]));
};

const labels = { input: numbers(3, 4, 2), target: { data: new Int32Array([0, 1, 2, 3, 0, 1]), shape: [3, 2] } };
const signs = { logits: numbers(5), signs: [1, -1, 1, 1, -1] };
const renamed = { input: "logits", target: "signs" } as const;

describe("letters of terms that share no input", () => {
  const spec = weightedSum([
    { loss: crossEntropy(), weight: 2 },
    { loss: softMarginLoss(), weight: 3, inputs: renamed },
  ]);

  it("are their own: values and gradients are those of the terms", () => {
    const whole = run(spec, { ...labels, ...signs });
    const first = run(crossEntropy(), labels);
    const second = run(softMarginLoss(), { input: signs.logits, target: signs.signs });
    expect(whole.value).toBeCloseTo(2 * first.value + 3 * second.value, 12);
    const scaled = (grads: unknown, by: number): unknown =>
      (grads as readonly number[]).map((grad) => expect.closeTo(by * grad, 12) as unknown);
    expect(whole.grads["input"]).toEqual(scaled(first.grads["input"], 2));
    expect(whole.grads["logits"]).toEqual(scaled(second.grads["input"], 3));
  });

  it("survive JSON, and another sum around them", () => {
    const { value } = run(spec, { ...labels, ...signs });
    expect(run(specFromJSON(allLosses, JSON.parse(JSON.stringify(spec))), { ...labels, ...signs }).value).toBe(value);
    const outer = weightedSum([
      { loss: crossEntropy(), weight: 1, inputs: { input: "scores", target: "classes" } },
      { loss: spec, weight: 1, name: "inner" },
    ]) as LossSpec;
    const own = { scores: numbers(7, 6), classes: new Int32Array(7) };
    const alone = run(crossEntropy(), { input: own.scores, target: own.classes }).value;
    expect(run(outer, { ...own, ...labels, ...signs }).value).toBeCloseTo(alone + value, 12);
  });

  it("have names that differ, here and in what is declared", () => {
    expect(shapesOf(spec, { input: [3, 4], target: [3], logits: [5], signs: [5] })).toEqual({
      input: "N,C",
      target: "N",
      logits: "d_21",
      signs: "d_21",
    });
    const heads = weightedSum([
      { loss: softMarginLoss(), weight: 1 },
      { loss: softMarginLoss(), weight: 1, inputs: renamed },
    ]);
    const given = ["input", "target", "logits", "signs"];
    const declared = Object.entries(allInputs(definitionFor(heads.loss.definition, given)));
    expect(declared.map(([name, { forms }]) => [name, formatTokens(forms[0]?.shape ?? [])]).slice(0, 4)).toEqual([
      ["input", "[...d]"],
      ["target", "[...d]"],
      ["logits", "[...d_2]"],
      ["signs", "[...d_2]"],
    ]);
  });

  it("are told apart in errors, each by its own", () => {
    expect(() => run(spec, { ...labels, ...signs, logits: numbers(4) })).toThrow(ShapeError);
    const heads = weightedSum([
      { loss: crossEntropy(), weight: 1 },
      { loss: crossEntropy(), weight: 1, name: "other", inputs: { input: "scores", target: "classes" } },
    ]) as LossSpec;
    const given = { input: [3, 4], target: [3], scores: [5, 6], classes: [2] };
    expect(() => shapesOf(heads, given)).toThrow(
      "weightedSum: classes must have shape [N_2?, ...d_2] with N_2 = 5 as in scores, got [2].",
    );
  });

  it("count the classes of labels, and what a loss computes from them", () => {
    const adaptive = adaptiveLogSoftmaxWithLoss();
    const other = { input: "x", target: "y", headWeight: "w", tailProjection: "p", tailWeight: "q" } as const;
    const both = weightedSum([
      { loss: adaptive, weight: 1 },
      { loss: adaptive, weight: 1, name: "other", inputs: other },
    ]) as LossSpec;
    const small = { headWeight: numbers(3, 2), tailProjection: [numbers(1, 2)], tailWeight: [numbers(2, 1)] };
    const large = { w: numbers(4, 3), p: [numbers(2, 3)], q: [numbers(5, 2)] };
    const first = { input: numbers(2, 2), target: [0, 3] };
    const value = (y: number): number =>
      run(both, { ...first, ...small, ...large, x: numbers(3, 3), y: [0, 1, y] }).value;
    const alone = run(adaptive, { ...first, ...small }).value;
    const second = {
      input: numbers(3, 3),
      target: [0, 1, 7],
      headWeight: large.w,
      tailProjection: large.p,
      tailWeight: large.q,
    };
    expect(value(7)).toBeCloseTo(alone + run(adaptive, second).value, 12);
    expect(() => value(8)).toThrow("in [0, 7]");
  });

  it("reach the checks of sizes of the terms", () => {
    const both = weightedSum([
      { loss: crossEntropy(), weight: 1 },
      { loss: vicRegLoss(), weight: 1 },
    ]) as LossSpec;
    const views = Object.keys(vicRegLoss().loss.definition.inputs);
    const given = (samples: number): Feeds => Object.fromEntries(views.map((name) => [name, numbers(samples, 3)]));
    expect(run(both, { ...labels, ...given(2) }).value).toBeGreaterThan(0);
    expect(() => run(both, { ...labels, ...given(1) })).toThrow("vicRegLoss");
  });

  it("are their own in a weighting by uncertainty too", () => {
    const tasks = uncertaintyWeighting([
      { loss: crossEntropy(), task: "classification" },
      { loss: softMarginLoss(), task: "classification", inputs: renamed },
    ]) as LossSpec;
    const parts =
      run(crossEntropy(), labels).value + run(softMarginLoss(), { input: signs.logits, target: signs.signs }).value;
    expect(run(tasks, { ...labels, ...signs, logVariances: [0, 0] }).value).toBeCloseTo(parts, 12);
  });
});

describe("letters of terms that share an input", () => {
  const chain = weightedSum([
    { loss: smoothL1Loss(), weight: 1 },
    { loss: smoothL1Loss(), weight: 1, name: "second", inputs: { input: "target", target: "third" } },
    { loss: smoothL1Loss(), weight: 1, name: "apart", inputs: { input: "x", target: "y" } },
  ]) as LossSpec;

  it("agree, directly or through others", () => {
    const shapes = { input: [4, 3], target: [4, 3], third: [4, 3], x: [2], y: [2] };
    expect(shapesOf(chain, shapes)).toMatchObject({ input: "d1,d2", third: "d1,d2", x: "d_21", y: "d_21" });
    expect(() => shapesOf(chain, { ...shapes, third: [4, 2] })).toThrow(ShapeError);
  });

  it("agree where an optional input that they share is given, and are their own where it isn't", () => {
    const heads = weightedSum([
      { loss: crossEntropy(), weight: 1 },
      { loss: crossEntropy(), weight: 1, name: "other", inputs: { input: "scores", target: "classes" } },
    ]) as LossSpec;
    const first = { input: numbers(2, 3), target: new Int32Array(2) };
    const second = { scores: numbers(4, 5), classes: new Int32Array(4) };
    const alone = (feeds: Feeds): number => run(crossEntropy(), feeds).value;
    const parts = alone(first) + alone({ input: second.scores, target: second.classes });
    expect(run(heads, { ...first, ...second }).value).toBeCloseTo(parts, 12);
    expect(() => run(heads, { ...first, ...second, weight: [1, 2, 3] })).toThrow(
      "weightedSum: scores must have shape [N?, C, ...d] with N = 2 as in input",
    );
    const alike = { scores: numbers(2, 3), classes: new Int32Array(2), weight: [1, 2, 3] };
    const weighted = run(heads, { ...first, ...alike }).value;
    const [one, other] = [first, { input: alike.scores, target: alike.classes }];
    expect(weighted).toBeCloseTo(
      alone({ ...one, weight: alike.weight }) + alone({ ...other, weight: alike.weight }),
      12,
    );
    const nested = weightedSum([{ loss: heads, weight: 1 }]) as LossSpec;
    expect(run(nested, { ...first, ...second }).value).toBeCloseTo(parts, 12);
    expect(run(nested, { ...first, ...alike }).value).toBe(weighted);
    expect(() => run(nested, { ...first, ...second, weight: [1, 2, 3] })).toThrow(ShapeError);
  });
});

it("what is given must be names", () => {
  expect(() => definitionFor(crossEntropy().loss.definition, "input" as never)).toThrow(OptionError);
});
