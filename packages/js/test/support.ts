import {
  bindInputs,
  defineLoss,
  defineSyncBackend,
  reduction,
  traceLoss,
  type AnyDefinition,
  type FloatDType,
  type InputDeclaration,
  type LossSpec,
  type SyncBackend,
  type Tensor,
} from "@losses/core";
import { createTeam, findFeatures, type ThreadTeam } from "@losses/wasm";
import { setFlagsFromString } from "node:v8";
import { expect } from "vitest";
import { createBackendSync, type JsTensor } from "../src/index.js";
import { wasmEngine } from "../src/wasm/engine.js";
import { interpret, type Plain } from "./reference.js";

export type Data = Readonly<Record<string, Plain>>;

/** A loss without reduction: a function of tensors, to be run and differentiated. */
export function functionOf(
  inputs: Readonly<Record<string, InputDeclaration>>,
  value: (inputs: Readonly<Record<string, Tensor>>) => Tensor,
): LossSpec {
  const loss = defineLoss({
    name: "underTest",
    summary: "A function under test.",
    formula: "f",
    inputs,
    options: { reduction: reduction("none") },
    value,
  });
  return loss();
}

// Node 20 has relaxed SIMD, but hides it.
if (findFeatures()?.relaxed === false) setFlagsFromString("--experimental-wasm-relaxed-simd");

/** Threads that share out whatever can be shared out, however small it is. */
export async function eagerTeam(threads: number): Promise<ThreadTeam> {
  return { ...(await createTeam("js:wasm", threads)), leastStage: 0, leastProgram: 0 };
}

/** The engine wasm with plain SIMD and with relaxed SIMD, and with several threads. */
export const wasmVariants: readonly (readonly [string, SyncBackend<JsTensor>])[] = [
  ["SIMD", defineSyncBackend(wasmEngine({ relaxed: false }))],
  ["relaxed SIMD", defineSyncBackend(wasmEngine({ relaxed: true }))],
  ["SIMD and 2 threads", defineSyncBackend(wasmEngine({ relaxed: false }, await eagerTeam(2)))],
  ["relaxed SIMD and 3 threads", defineSyncBackend(wasmEngine({ relaxed: true }, await eagerTeam(3)))],
];

const scalar = createBackendSync({ engine: "scalar" });

/** A tensor of reproducible numbers in about [-2, 2]. */
export function numbers(shape: readonly number[], seed = 1): Plain {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return { shape, data: Array.from({ length: size }, (_, i) => Math.sin((i + 1) * 12.9898 + seed * 78.233) * 2) };
}

/** What the interpreter says: the value, then the gradients of the inputs in order. */
export function expected(spec: LossSpec, feeds: Data, gradients: boolean): readonly Plain[] {
  const types = Object.fromEntries(
    Object.entries(feeds).map(([name, { shape }]) => [name, { shape, dtype: "untyped" as const }]),
  );
  const binding = bindInputs(spec.loss.definition as AnyDefinition, types, spec.options);
  const wanted = gradients ? binding.inputs.filter((input) => input.differentiable).map((input) => input.name) : [];
  const graph = traceLoss(spec, binding, { dtype: "float64", gradients: wanted });
  return interpret(graph, feeds, binding.sizes);
}

/** What the backend says, in the same order. */
export function actual(
  spec: LossSpec,
  feeds: Data,
  gradients: boolean,
  dtype: FloatDType = "float64",
  backend: SyncBackend<JsTensor> = scalar,
): readonly Plain[] {
  const compiled = backend.compileSync(spec, { dtype });
  const results = gradients ? compiled.valueAndGradSync(feeds) : { value: compiled.valueSync(feeds), grads: {} };
  const grads = Object.keys(feeds).flatMap((name) => {
    const gradient = results.grads[name];
    return gradient === undefined ? [] : [gradient];
  });
  return [results.value, ...grads].map(({ shape, data }) => ({ shape, data: [...data] }));
}

/** Holds two tensors to each other: same shape, same NaN and infinities, and close elsewhere. */
export function expectClose(got: Plain, want: Plain, tolerance: number): void {
  expect(got.shape).toEqual(want.shape);
  expect(got.data.length).toBe(want.data.length);
  const wrong = got.data.flatMap((x, i) => {
    const y = want.data[i] ?? Number.NaN;
    // Any number is within a share of infinity.
    const near = Number.isFinite(y) && Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(y));
    const same = near || x === y || (Number.isNaN(x) && Number.isNaN(y));
    return same ? [] : [`[${i}]: got ${x}, expected ${y}`];
  });
  expect(wrong.slice(0, 5)).toEqual([]);
}

/** The backend agrees with the interpreter on the value and, if wanted, on every gradient. */
export function expectAgreement(
  spec: LossSpec,
  feeds: Data,
  { gradients = true, tolerance = 1e-12 }: { readonly gradients?: boolean; readonly tolerance?: number } = {},
): void {
  const want = expected(spec, feeds, gradients);
  const got = actual(spec, feeds, gradients);
  expect(got.length).toBe(want.length);
  got.forEach((tensor, i) => expectClose(tensor, want[i] as Plain, tolerance));
}

/** The same numbers but for one. */
export function replaced(data: readonly number[], at: number, by: number): readonly number[] {
  return data.map((x, i) => (i === at ? by : x));
}

/** The gradients agree with central differences of the sum of the value. */
export function expectDifferences(spec: LossSpec, feeds: Data, tolerance = 2e-6): void {
  const [, ...gradients] = actual(spec, feeds, true);
  const sumAt = (changed: Data): number => (actual(spec, changed, false)[0] as Plain).data.reduce((a, b) => a + b, 0);
  Object.entries(feeds).forEach(([name, { shape, data }], input) => {
    const differences = data.map((x, i) => {
      const step = 1e-5 * Math.max(1, Math.abs(x));
      const moved = (to: number): Data => ({ ...feeds, [name]: { shape, data: replaced(data, i, to) } });
      return (sumAt(moved(x + step)) - sumAt(moved(x - step))) / (2 * step);
    });
    expectClose(gradients[input] as Plain, { shape, data: differences }, tolerance);
  });
}
