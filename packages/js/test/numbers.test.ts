import { barlowTwinsLoss, crossEntropy, float, klDiv, LossesError, type Tensor } from "@losses/core";
import { describe, expect, it } from "vitest";
import { createBackendSync, type JsEngineName } from "../src/index.js";
import { actual, expectClose, functionOf, type Data } from "./support.js";
import type { Plain } from "./reference.js";

type Build = (t: Record<string, Tensor>) => Tensor;

const inf = Infinity;
const { NaN: nan } = Number;

function plain(shape: readonly number[], data: readonly number[]): Plain {
  return { shape, data };
}

function tensorsOf(
  shapes: Readonly<Record<string, readonly (string | number)[]>>,
  build: Build,
): ReturnType<typeof functionOf> {
  const inputs = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, float(shape, name)]));
  return functionOf(inputs, (tensors) => build(tensors as Record<string, Tensor>));
}

const at = ({ x }: Record<string, Tensor>): Tensor => x as Tensor;

describe.each<JsEngineName>(["wasm", "scalar"])("the engine %s", (engine) => {
  const backend = createBackendSync({ engine });
  const evaluate = (spec: ReturnType<typeof functionOf>, feeds: Data, gradients = false): readonly Plain[] =>
    actual(spec, feeds, gradients, "float32", backend);

  it("takes a bool constant for true or false in all its bits", () => {
    const chosen = tensorsOf({ x: [3] }, (t) => at(t).count().greater(1).where(at(t).exp(), at(t).neg()));
    const [value] = evaluate(chosen, { x: plain([3], [1, 2, 3]) });
    expectClose(value as Plain, plain([3], [1, 2, 3].map(Math.exp)), 1e-6);
    // d(x⁰)/dx = 0, at 0 as well
    const [power, gradient] = evaluate(
      tensorsOf({ x: ["N"] }, (t) => at(t).pow(0)),
      { x: plain([3], [0, 1, 2]) },
      true,
    );
    expect(power?.data).toEqual([1, 1, 1]);
    expect(gradient?.data).toEqual([0, 0, 0]);
  });

  it("computes powers of special numbers as torch.pow does", () => {
    const bases = [nan, 1, -1, 0, -0, inf, -inf, 2, -2, 0.5, -0.5];
    const exponents = [nan, 1, -1, 0, -0, inf, -inf, 2, -2, 0.5, -0.5, 3, -3];
    const [root, half] = [Math.SQRT2, Math.SQRT1_2];
    // torch 2.13, float32: a row for each base
    const table = [
      [nan, nan, nan, 1, 1, nan, nan, nan, nan, nan, nan, nan, nan],
      [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      [nan, -1, -1, 1, 1, 1, 1, 1, 1, nan, nan, -1, -1],
      [nan, 0, inf, 1, 1, 0, inf, 0, inf, 0, inf, 0, inf],
      [nan, -0, -inf, 1, 1, 0, inf, 0, inf, 0, inf, -0, -inf],
      [nan, inf, 0, 1, 1, inf, 0, inf, 0, inf, 0, inf, 0],
      [nan, -inf, -0, 1, 1, inf, 0, inf, 0, inf, 0, -inf, -0],
      [nan, 2, 0.5, 1, 1, inf, 0, 4, 0.25, root, half, 8, 0.125],
      [nan, -2, -0.5, 1, 1, inf, 0, 4, 0.25, nan, nan, -8, -0.125],
      [nan, 0.5, 2, 1, 1, 0, inf, 0.25, 4, half, root, 0.125, 8],
      [nan, -0.5, -2, 1, 1, 0, inf, 0.25, 4, nan, nan, -0.125, -8],
    ];
    const [x, y] = [plain([bases.length, 1], bases), plain([1, exponents.length], exponents)];
    const [both] = evaluate(
      tensorsOf({ x: ["N", 1], y: [1, "M"] }, ({ x: a, y: b }) => (a as Tensor).pow(b as Tensor)),
      { x, y },
    );
    expectClose(both as Plain, plain([bases.length, exponents.length], table.flat()), 1e-6);
    exponents.forEach((exponent, column) => {
      const [known] = evaluate(
        tensorsOf({ x: ["N", 1] }, (t) => at(t).pow(exponent)),
        { x },
      );
      expectClose(known as Plain, plain([bases.length, 1], table.map((row) => row[column] ?? 0)), 1e-6); // prettier-ignore
    });
  });

  it("multiplies by a transposed product", () => {
    const shapes = { a: ["N", "D"], b: ["D", "K"], c: ["N", "M"] };
    const feeds = {
      a: plain([2, 2], [1, 2, 3, 4]),
      b: plain([2, 3], [1, 0, 2, 0, 1, 1]),
      c: plain([2, 2], [1, 2, 3, 4]),
    };
    type Operands = readonly [a: Tensor, b: Tensor, c: Tensor];
    const product = (build: (...operands: Operands) => Tensor): readonly Plain[] =>
      evaluate(
        tensorsOf(shapes, (t) => build(...([t.a, t.b, t.c] as unknown as Operands))),
        feeds,
        true,
      );
    const [value, a, b, c] = product((x, y, z) => x.matmul(y).transpose().matmul(z));
    expect(value).toEqual(plain([3, 2], [10, 14, 14, 20, 34, 48]));
    expect(a).toEqual(plain([2, 2], [9, 6, 21, 14]));
    expect(b).toEqual(plain([2, 3], [24, 24, 24, 34, 34, 34]));
    expect(c).toEqual(plain([2, 2], [7, 7, 17, 17]));
    // (AB)ᵀ as it is, and read as AB again: (AB)ᵀ AB (AB)ᵀ
    const [thrice] = product((x, y) => {
      const turned = x.matmul(y).transpose();
      return turned.matmul(turned.transpose()).matmul(turned);
    });
    expect(thrice).toEqual(plain([3, 2], [174, 426, 246, 602, 594, 1454]));
  });

  const shapes = [[40_003, 1], [1, 100_003], [3, 40_003], [40_003, 3], [300, 301]]; // prettier-ignore

  it.each(shapes)("adds up [%i, %i] to 1e-6: all, along rows, along columns", (n, d) => {
    const noise = Float32Array.from({ length: n * d }, (_, i) => 2.1 + Math.sin(12.9898 * i));
    for (const data of [noise, noise.map(() => 0.1)]) {
      const all = new Float64Array(1);
      const squares = new Float64Array(1);
      const [rows, columns] = [new Float64Array(n), new Float64Array(d)];
      data.forEach((x, i) => {
        for (const [sums, to] of [[all, 0], [rows, Math.floor(i / d)], [columns, i % d]] as const) sums[to] = (sums[to] ?? 0) + x; // prettier-ignore
        squares[0] = (squares[0] ?? 0) + x * x;
      });
      const close = (build: Build, want: Float64Array): void => {
        const spec = tensorsOf({ x: ["N", "D"] }, build);
        const got = backend.compileSync(spec).valueSync({ x: { data, shape: [n, d] } });
        const worst = want.reduce((most, x, i) => Math.max(most, Math.abs((got.data[i] ?? nan) / x - 1)), 0);
        expect(worst).toBeLessThan(1e-6);
      };
      close((t) => at(t).sum(), all);
      close((t) => at(t).mean(), all.map((x) => x / data.length)); // prettier-ignore
      close((t) => at(t).sum(1), rows);
      close((t) => at(t).sum(0), columns);
      close((t) => at(t).square().sum(), squares);
    }
  });

  it("takes the mean of 10⁸ elements to 1e-6", () => {
    const n = 10_000;
    const shapes = { x: ["N", 1], y: [1, "M"] };
    const spec = tensorsOf(shapes, ({ x, y }) => (x as Tensor).mul(y as Tensor).mean());
    const side = Float32Array.from({ length: n }, (_, i) => 0.1 + (i % 7) / 100);
    const mean = side.reduce((sum, x) => sum + x, 0) / n;
    const feeds = { x: { data: side, shape: [n, 1] }, y: { data: side, shape: [1, n] } };
    const value = backend.compileSync(spec).valueSync(feeds);
    expect(Math.abs((value.data[0] ?? nan) / mean ** 2 - 1)).toBeLessThan(1e-6);
  });

  it("does nothing for an empty batch, however large its elements would be", () => {
    const none = (shape: readonly number[]): { data: Float32Array; shape: readonly number[] } => ({
      data: new Float32Array(0),
      shape,
    });
    const before = process.memoryUsage.rss();
    const start = performance.now();
    for (const classes of [1e9, 2e9]) {
      const feeds = { input: none([0, classes]), target: new Int32Array(0) };
      const { value, grads } = backend.compileSync(crossEntropy()).valueAndGradSync(feeds);
      expect(value.data).toEqual(Float32Array.of(nan));
      expect(grads.input?.shape).toEqual([0, classes]);
      const smooth = { input: none([0, classes]), target: none([0, classes]) };
      expect(backend.compileSync(crossEntropy({ labelSmoothing: 0.1 })).valueSync(smooth).data[0]).toBe(nan);
    }
    const rows = { input: none([1e9, 0]), target: none([1e9, 0]) };
    expect(backend.compileSync(klDiv({ reduction: "sum" })).valueSync(rows).data[0]).toBe(0);
    expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 28);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it("refuses what does not fit into memory, with the cure", () => {
    // Its matrix of pairs of features is in memory as a whole.
    const loss = backend.compileSync(barlowTwinsLoss());
    const embeddings = { data: new Float32Array(400_000), shape: [2, 200_000] };
    const run = (): unknown => loss.valueAndGradSync({ viewA: embeddings, viewB: embeddings });
    expect(run).toThrow(LossesError);
    expect(run).toThrow(/^js:(wasm|scalar): .* memory.*, got:? .*use smaller batches\.$/i);
    expect(loss.valueSync({ viewA: [[1], [-1]], viewB: [[1], [-1]] }).data[0]).toBeCloseTo(0, 4);
  });

  it("keeps empty tensors in step with their axes", () => {
    const spec = tensorsOf({ x: ["A", "B", "C", "D"] }, (t) =>
      at(t).logSoftmax(3).squeeze([]).transpose([0, 2, 1, 3]).clampMin(1e-12),
    );
    const [value, gradient] = evaluate(spec, { x: plain([2, 2, 0, 0], []) }, true);
    expect(value).toEqual(plain([2, 0, 2, 0], []));
    expect(gradient).toEqual(plain([2, 2, 0, 0], []));
  });
});
