import {
  bindInputs,
  defineLoss,
  float,
  reduction,
  traceLoss,
  type GivenInput,
  type Graph,
  type LossSpec,
  type Reduction,
  type Tensor,
} from "../../src/index.js";
import { interpret, type Value } from "./interpreter.js";

/** A loss over `x` and `y`, of any shapes that broadcast, for trying out an expression. */
export function expression(
  name: string,
  value: (x: Tensor, y: Tensor) => Tensor,
): (options?: { reduction?: Reduction }) => LossSpec {
  return defineLoss({
    name,
    summary: "An expression.",
    formula: name,
    inputs: { x: float(["~d"], "x"), y: float(["~d"], "y") },
    options: { reduction: reduction("sum") },
    value: ({ x, y }) => value(x, y),
  });
}

/** Traces a spec for these values in float64 and interprets it: value first, then the gradients in the given order. */
export function evaluateLoss(
  spec: LossSpec,
  feeds: Readonly<Record<string, Value>>,
  gradients: readonly string[] = [],
): { readonly graph: Graph; readonly results: readonly Value[] } {
  const given: Record<string, GivenInput> = {};
  for (const [name, { shape }] of Object.entries(feeds)) given[name] = { shape, dtype: "float64" };
  const binding = bindInputs(spec.loss.definition, given, spec.options);
  const graph = traceLoss(spec, binding, { dtype: "float64", gradients });
  return { graph, results: interpret(graph, feeds, binding.sizes) };
}

/** Central differences of the first result with respect to one feed. */
export function finiteDifferences(
  spec: LossSpec,
  feeds: Readonly<Record<string, Value>>,
  name: string,
): readonly number[] {
  const source = feeds[name];
  if (source === undefined) throw new Error(`no feed ${name}`);
  const total = (data: readonly number[]): number =>
    evaluateLoss(spec, { ...feeds, [name]: { ...source, data } }).results[0]?.data.reduce((a, b) => a + b, 0) ?? NaN;
  return source.data.map((item, i) => {
    const step = 1e-6 * Math.max(1, Math.abs(item));
    const moved = (by: number): number[] => source.data.map((value, j) => (j === i ? value + by : value));
    return (total(moved(step)) - total(moved(-step))) / (2 * step);
  });
}
