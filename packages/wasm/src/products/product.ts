import { nodeAt, type Graph } from "@losses/core";
import { concat, type Bytes, type FunctionSource } from "../assembler/bytes.js";
import { bufferBytes } from "./gemm.js";
import { call, i32, local, Locals, repeatWhile, when } from "../assembler/instructions.js";
import type { Matrix, Product } from "../lowering/inMemory.js";
import type { Features } from "../platform.js";
import { shareOf, stageParameters } from "../loops/share.js";
import { tensorName, type RunTable } from "../loops/runTable.js";

/**
 * The function that multiplies the matrices of two tensors, one pair after the other. Shares are of pairs, or of the rows of the only one.
 * `number`: that of the product of a pair.
 */
export function productFunction(
  graph: Graph,
  { node, left, right }: Product,
  number: number,
  runTable: RunTable,
  features: Features,
): FunctionSource {
  const { shape } = nodeAt(graph, node);
  const batch = shape.slice(0, -2);
  const [m = 1, n = 1] = shape.slice(-2);
  const [k = 1] = nodeAt(graph, left.node).shape.slice(left.isTransposed ? -2 : -1);
  const locals = new Locals(stageParameters(features));
  const counters = batch.map((dim) => (dim === 1 ? undefined : locals.add("i32")));

  /** Where the pair's matrix is in a tensor of this shape, whose axes before the last two broadcast. */
  const address = (memory: number, own: typeof shape): Bytes => {
    const added = shape.length - own.length;
    const steps = own.slice(0, -2).flatMap((dim, axis) => {
      const counter = counters[axis + added];
      if (dim === 1 || counter === undefined) return [];
      return [i32.mul(local.get(counter), runTable.size(own.slice(axis + 1), 4, own))];
    });
    return steps.reduce((sum, step) => i32.add(sum, step), runTable.address(tensorName(memory)));
  };
  const matrix = ({ node: id, memory, isTransposed }: Matrix): readonly Bytes[] => {
    const own = nodeAt(graph, id).shape;
    const strides = [runTable.size(own.slice(-1), 4, own), runTable.size([], 4)];
    return [address(memory, own), ...(isTransposed ? strides.reverse() : strides)];
  };
  // Columns of the right operand are packed in groups of 8.
  const extra = bufferBytes.fixed + 8 * bufferBytes.each;
  const buffer = runTable.reserve([n], bufferBytes.each, { extra, within: [...shape, k] });
  const rows = runTable.size([m], 1, shape);
  const shared = batch.findIndex((dim) => dim !== 1);
  // A multiple of the rows of a block
  const range = shared < 0 ? shareOf(rows, 4, features, locals) : { code: [], from: i32.const(0), to: rows };
  const pair = call(
    number,
    ...matrix(left),
    ...matrix(right),
    address(node, shape),
    rows,
    runTable.size([n], 1, shape),
    runTable.size([k]),
    runTable.address(buffer),
    range.from,
    range.to,
  );
  // Without rows nothing is packed.
  const one = features.shares === true ? concat([range.code, when(i32.lt(range.from, range.to), pair)]) : pair;
  const body = counters.reduceRight<Bytes>((inner, counter, axis) => {
    if (counter === undefined) return inner;
    const turn = concat([inner, local.set(counter, i32.add(local.get(counter), i32.const(1)))]);
    const count = runTable.size(batch.slice(axis, axis + 1), 1, shape);
    const all = { code: [], from: i32.const(0), to: count };
    const { code, from, to } = axis === shared ? shareOf(count, 1, features, locals) : all;
    return concat([code, local.set(counter, from), repeatWhile(i32.lt(local.get(counter), to), turn)]);
  }, one);
  return { parameters: locals.parameters, results: [], locals: locals.types, body };
}
