import { bindDim, bindShape, sizeOf, type Graph, type Node, type NodeOf } from "@losses/core";
import { allocate, copy, type Bounds } from "./bounded.js";
import type { Context } from "./context.js";

/** One output of a scan; all of them are bounded together, the first time that one is asked for. */
export function boundScan(node: NodeOf<"scan">, operands: readonly Bounds[], context: Context): Bounds {
  const { body, output, reverse, length } = node.attrs;
  const known = context.scans.get(body) ?? new Map<string, readonly Bounds[]>();
  context.scans.set(body, known);
  const key = `${node.inputs.join()} ${reverse} ${length}`;
  const results = known.get(key) ?? boundSteps(node, operands, context);
  known.set(key, results);
  const result = results[output];
  if (result === undefined) throw new RangeError(`analyze: output ${output} of a scan must exist, got none.`);
  return result;
}

/** The body, step by step, each from the ranges that the one before left. */
function boundSteps({ attrs }: NodeOf<"scan">, operands: readonly Bounds[], context: Context): readonly Bounds[] {
  const { body, carries, sequences, reverse } = attrs;
  const length = bindDim(attrs.length, context.sizes);
  const shared = operands.slice(carries + sequences);
  let carried = operands.slice(0, carries);
  const steps: (readonly Bounds[])[] = [];
  for (let i = 0; i < length; i++) {
    const at = reverse ? length - 1 - i : i;
    const parts = operands.slice(carries, carries + sequences).map((sequence) => partOf(sequence, at));
    const results = context.run(body, [...carried, ...parts, ...shared]);
    carried = results.slice(0, carries);
    steps[at] = results.slice(carries);
  }
  const collected = body.outputs.slice(carries).map(({ node }, k) => {
    const { shape, dtype } = nodeOf(body, node);
    const result = allocate([length, ...bindShape(shape, context.sizes)], dtype);
    steps.forEach((step, i) => put(result, i, step[k]));
    return result;
  });
  return [...carried, ...collected];
}

/** Puts what one step found where it belongs among those of all steps. */
function put(to: Bounds, step: number, part: Bounds | undefined): void {
  if (part === undefined) return;
  const from = step * part.value.length;
  to.value.set(part.value, from);
  for (let i = 0; i < part.value.length; i++) copy(to, from + i, part, i);
}

function partOf({ shape, dtype, value, low, high, nan, choices }: Bounds, at: number): Bounds {
  const part = shape.slice(1);
  const size = sizeOf(part);
  const [from, to] = [at * size, (at + 1) * size];
  const own = [...choices].filter(([i]) => i >= from && i < to);
  return {
    shape: part,
    dtype,
    value: value.subarray(from, to),
    low: low.subarray(from, to),
    high: high.subarray(from, to),
    nan: nan.subarray(from, to),
    choices: new Map(own.map(([i, list]) => [i - from, list])),
  };
}

// A body need not be well formed by itself: its symbols are those around it.
function nodeOf(body: Graph, id: number): Node {
  const node = body.nodes[id];
  if (node === undefined) throw new RangeError(`analyze: node %${id} of a body must exist, got none.`);
  return node;
}
