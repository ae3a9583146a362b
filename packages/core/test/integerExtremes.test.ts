import { describe, expect, it } from "vitest";
import {
  defineLoss,
  defineSyncBackend,
  float,
  labels,
  reduction,
  ShapeError,
  vseLoss,
  type LossSpec,
  type ReducedOptions,
  type Tensor,
} from "../src/index.js";
import { interpreterEngine } from "./support/interpreter.js";

const backend = defineSyncBackend(interpreterEngine());

function over(value: (x: Tensor, y: Tensor) => Tensor): LossSpec {
  return defineLoss<ReducedOptions, "x" | "y">({
    name: "trial",
    summary: "A trial.",
    formula: "trial",
    inputs: { x: float(["N", "D"], "Numbers."), y: labels(["N"], "Integers.") },
    options: { reduction: reduction("sum") },
    value: ({ x, y }) => value(x, y),
  })();
}

const feeds = (N: number, D: number): never =>
  ({ x: { data: new Float32Array(N * D).fill(1.5), shape: [N, D] }, y: new Int32Array(N).fill(7) }) as never;
const value = (spec: LossSpec, N: number, D: number): number =>
  backend.compileSync(spec).valueAndGradSync(feeds(N, D)).value.data[0] ?? NaN;

describe("an integer maximum over nothing", () => {
  const largest = over((x, y) => y.amax().cast(x.dtype));

  it("is refused when the sizes are known", () => {
    expect(value(largest, 2, 1)).toBe(7);
    expect(() => value(largest, 0, 1)).toThrow(ShapeError);
    expect(() => value(largest, 0, 1)).toThrow(
      "trial: an integer maximum must be over one element or more, got a tensor of shape [0].",
    );
    expect(value(largest, 3, 0)).toBe(7);
    expect(() =>
      value(
        over((x, y) => y.amin().cast(x.dtype)),
        0,
        1,
      ),
    ).toThrow("an integer minimum");
    expect(() =>
      value(
        over((x) => x.iota(1).amax(0).cast(x.dtype)),
        2,
        0,
      ),
    ).toThrow(ShapeError);
  });

  it("is no fault where nothing is read of it", () => {
    expect(
      value(
        over((x, y) => y.amax().equal(y).cast(x.dtype)),
        0,
        1,
      ),
    ).toBe(0);
    expect(
      value(
        over((x) => x.iota(1).amax(0).cast(x.dtype).add(x)),
        2,
        0,
      ),
    ).toBe(0);
  });

  it("is what the gradient of max looks for, which has nowhere to go", () => {
    const result = backend.compileSync(over((x) => x.max(1))).valueAndGradSync(feeds(2, 0));
    expect(Array.from(result.value.data)).toEqual([-Infinity]);
    expect(result.grads["x"]?.shape).toEqual([2, 0]);
    const empty = { data: new Float32Array(0), shape: [0, 3] };
    const hardest = backend.compileSync(vseLoss({ maxViolation: true }));
    expect(hardest.valueAndGradSync({ image: empty, text: empty }).value.data[0]).toBe(0);
  });

  it("of numbers is -Infinity", () => {
    expect(
      value(
        over((x) => x.amax()),
        2,
        0,
      ),
    ).toBe(-Infinity);
    expect(
      value(
        over((x, y) => y.cast(x.dtype).amin()),
        0,
        2,
      ),
    ).toBe(Infinity);
  });
});
