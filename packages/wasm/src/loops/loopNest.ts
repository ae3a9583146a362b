import { nodeAt, operandAt, type Shape } from "@losses/core";
import { blockElements, memoryAccumulator, roundSums, rowAccumulator, type RowAccumulator } from "./accumulators.js";
import { concat, type Bytes, type FunctionSource } from "../assembler/bytes.js";
import type { LoopNest } from "../lowering/fuse.js";
import { i32, local, Locals, repeatWhile, smaller, v128, when } from "../assembler/instructions.js";
import type { Loops } from "./loops.js";
import type { Contents, Root } from "../lowering/inMemory.js";
import type { Features } from "../platform.js";
import { store, Values, type Inner, type LoopContext } from "./values.js";
import { tensorName, type RunTable } from "./runTable.js";
import { shareOf, stageParameters } from "./share.js";
import { Together } from "./together.js";

/** Vectors in one turn of the innermost loop: what one waits for, the other may use. */
const copies = 2;

export interface LoopNestFunctions {
  readonly work: FunctionSource;
  /** Brings together what shares have accumulated; `undefined` where nothing is. */
  readonly finish: FunctionSource | undefined;
}

/**
 * The function that runs a nest of loops. A row is one turn of the outer loops. It is passed in phases, each a loop over
 * its elements: what a reduction over the row gives is known in the next phase. Shares are of the outermost loop.
 */
export function loopNestFunction(
  graph: LoopContext["graph"],
  { inMemory }: Contents,
  nest: LoopNest,
  isNeeded: (node: number) => boolean,
  runTable: RunTable,
  features: Features,
): LoopNestFunctions {
  const locals = new Locals(stageParameters(features));
  const dims = nest.space.length === 0 ? [1] : nest.space;
  const values = new Values({ graph, inMemory, roots: nest.roots, dims, locals, runTable, features });
  const isFull = (root: Root): boolean => root.space.length === nest.space.length;
  const phaseOf = (root: Root): number => values.phase(root.of, root.loops);
  const phases = 1 + Math.max(-1, ...nest.roots.filter(isFull).map(phaseOf));
  values.keepShared(nest.roots.filter((root) => isFull(root) && (isNeeded(root.node) || root.reduced.length > 0)));

  const before: Bytes[] = [];
  const after: Bytes[] = [];
  const counter = locals.add("i32");
  const rows: Bytes[] = [];
  // The elements of the only row are shared out in whole turns.
  const isRowShared = features.shares === true && nest.space.length === 1;
  const elements = shareOf(runTable.size(dims.slice(-1), 1, dims), 4 * copies, features, locals);
  if (isRowShared) values.fixed.push(elements.code);
  const bytes = isRowShared ? i32.shl(elements.to, i32.const(2)) : runTable.size(dims.slice(-1), 4, dims);
  const start = isRowShared ? i32.shl(elements.from, i32.const(2)) : i32.const(0);
  const extent = values.integer(bytes);
  const vectors = values.integer(i32.and(bytes, i32.const(-16)));
  const pairs = values.integer(i32.and(bytes, i32.const(-16 * copies)));
  const together = features.shares === true ? new Together(runTable, features) : undefined;
  const memory = memoryOf(graph, values, runTable, { before, after, counter, together });

  let finished: Bytes = [];
  for (let phase = 0; phase <= phases; phase++) {
    values.row = [finished];
    const roots = nest.roots.filter((root) => phaseOf(root) === phase);
    for (const root of roots) if (!isFull(root)) rowRoot(values, graph, root, isNeeded(root.node), memory);
    if (phase === phases) {
      rows.push(...values.row);
      break;
    }
    const full = roots.filter((root) => isFull(root) && (isNeeded(root.node) || root.reduced.length > 0));
    const last = dims.length - 1;
    const accumulators = new Map<Root, RowAccumulator>();
    for (const root of full) {
      if (root.reduced.includes(last)) accumulators.set(root, rowAccumulator(nodeAt(graph, root.node), locals, copies));
    }
    const body = (width: Inner["width"], copy: number): Bytes => {
      const inner: Inner = { width, copy, phase, code: [], known: new Map() };
      for (const root of full) {
        const value = values.of(root.of, root.loops, inner);
        const accumulator = accumulators.get(root);
        if (accumulator !== undefined) inner.code.push(accumulator.step(value, inner));
        else if (root.reduced.length > 0) inner.code.push(memory(root)(value, inner));
        else {
          const { shape } = nodeAt(graph, root.node);
          const pointer = values.pointer(tensorName(root.node), shape, root.loops);
          inner.code.push(store(inner, i32.add(local.get(pointer), local.get(values.at)), value));
        }
      }
      return concat(inner.code);
    };
    const vector = body(4, 0);
    const [wide, single] = [concat([vector, body(4, 1)]), body(1, 0)];
    const each = (pick: (accumulator: RowAccumulator) => Bytes): Bytes => concat([...accumulators.values()].map(pick));
    const flush = each((accumulator) => accumulator.flush);
    const loop = elementLoop({ wide, vector, single, flush }, values.at, {
      start,
      extent,
      vectors,
      pairs,
      stop: locals.add("i32"),
    });
    rows.push(
      ...values.row,
      each((accumulator) => accumulator.start),
      loop,
    );
    values.row = [];
    for (const [root, accumulator] of accumulators) {
      values.row.push(accumulator.finish);
      const { shape } = nodeAt(graph, root.node);
      const outer = keptLoops(graph, root);
      if (root.reduced.length > 1 || isRowShared) {
        values.row.push(memory(root)(local.get(accumulator.result), undefined));
      } else {
        values.setRow(root.node, outer, accumulator.result);
        if (isNeeded(root.node)) {
          const pointer = values.pointer(tensorName(root.node), shape, outer);
          values.row.push(v128.storeLane(0, local.get(pointer), local.get(accumulator.result)));
        }
      }
    }
    finished = concat(values.row);
  }
  const row = concat([...values.rowStart, ...rows]);
  // Rows without elements need not be passed, unless each has a result.
  const hasRowResults = nest.roots.some((root) => !isFull(root) || root.reduced.join() === `${dims.length - 1}`);
  const outer = dims.slice(0, -1).map((dim) => values.integer(runTable.size([dim], 1, hasRowResults ? [] : dims)));
  const loops = outer.reduceRight<Bytes>((body, size, i) => {
    const counts = operandAt(values.counters, i);
    const turn = concat([body, local.set(counts, i32.add(local.get(counts), i32.const(1)))]);
    const all = { code: [], from: i32.const(0), to: local.get(size) };
    const { code, from, to } = i === 0 ? shareOf(local.get(size), 1, features, locals) : all;
    return concat([code, local.set(counts, from), repeatWhile(i32.lt(local.get(counts), to), turn)]);
  }, row);
  const body = concat([...values.fixed, ...before, loops, ...after]);
  const work = { parameters: locals.parameters, results: [], locals: locals.types, body };
  return { work, finish: together?.source() };
}

/** A root whose elements are those of rows: computed between the loops over elements. */
function rowRoot(values: Values, graph: LoopContext["graph"], root: Root, isNeeded: boolean, memory: MemoryOf): void {
  if (root.reduced.length > 0) {
    values.row.push(memory(root)(values.of(root.of, root.loops), undefined));
  } else if (isNeeded) {
    const value = values.of(root.of, root.loops);
    const pointer = values.pointer(tensorName(root.node), nodeAt(graph, root.node).shape, root.loops);
    values.row.push(v128.storeLane(0, local.get(pointer), value));
  }
}

/** The loops along the axes of a reduction's result. */
function keptLoops(graph: LoopContext["graph"], root: Root): Loops {
  const node = nodeAt(graph, root.node);
  const { axes, keepdims } = node.attrs as { readonly axes: readonly number[]; readonly keepdims: boolean };
  return root.loops.flatMap((loop, axis) => (axes.includes(axis) ? (keepdims ? [undefined] : []) : [loop]));
}

/** Adds a value to a reduction that is in memory; without `inner`, the value of a row. */
type MemoryOf = (root: Root) => (value: Bytes, inner: Inner | undefined) => Bytes;

interface Around {
  readonly before: Bytes[];
  readonly after: Bytes[];
  readonly counter: number;
  /** Where there are shares: what brings them together, after the loops of all. */
  readonly together: Together | undefined;
}

/** Reductions over outer loops are accumulated in memory, which is prepared before the loops. */
function memoryOf(graph: LoopContext["graph"], values: Values, runTable: RunTable, around: Around): MemoryOf {
  const known = new Map<Root, ReturnType<MemoryOf>>();
  return (root) => {
    const found = known.get(root);
    if (found !== undefined) return found;
    const node = nodeAt(graph, root.node);
    const accumulator = memoryAccumulator(node);
    const shape: Shape = node.shape;
    const result = tensorName(root.node);
    const isWide = accumulator.bytes === 8;
    const isApart = isWide || around.together !== undefined;
    const name = isApart ? runTable.reserve(shape, accumulator.bytes) : result;
    const pointer = values.pointer(name, shape, keptLoops(graph, root), accumulator.bytes);
    const base = local.get(values.integer(runTable.address(name)));
    const size = local.get(values.integer(runTable.size(shape, accumulator.bytes)));
    around.before.push(accumulator.start(base, size, around.counter));
    if (around.together !== undefined) around.together.add(result, name, shape, accumulator);
    else if (isWide) {
      const to = local.get(values.integer(runTable.address(result)));
      around.after.push(roundSums(to, base, local.get(values.integer(runTable.size(shape))), around.counter));
    }
    const step: ReturnType<MemoryOf> = (value, inner) => {
      if (inner === undefined) return accumulator.step(local.get(pointer), value, 1);
      const own = i32.add(local.get(values.at), i32.const(16 * inner.copy));
      const at = isWide ? i32.shl(own, i32.const(1)) : own;
      return accumulator.step(i32.add(local.get(pointer), at), value, inner.width);
    };
    known.set(root, step);
    return step;
  };
}

interface Bodies {
  /** Several vectors. */
  readonly wide: Bytes;
  readonly vector: Bytes;
  readonly single: Bytes;
  /** Between blocks, and at the end. */
  readonly flush: Bytes;
}

interface Ends {
  /** Where it begins, in bytes. */
  readonly start: Bytes;
  /** The length of a row, and what whole vectors and whole turns have of it, in bytes. */
  readonly extent: number;
  readonly vectors: number;
  readonly pairs: number;
  /** A local for the end of a block. */
  readonly stop: number;
}

/** Several vectors at a time, then one, then single elements. */
function elementLoop({ wide, vector, single, flush }: Bodies, counter: number, ends: Ends): Bytes {
  const at = local.get(counter);
  const turn = (body: Bytes, bytes: number): Bytes => concat([body, local.set(counter, i32.add(at, i32.const(bytes)))]);
  const until = (end: number, body: Bytes): Bytes => repeatWhile(i32.lt(at, local.get(end)), body);
  const reset = local.set(counter, ends.start);
  const rest = concat([until(ends.vectors, turn(vector, 16)), until(ends.extent, turn(single, 4)), flush]);
  if (flush.length === 0) return concat([reset, until(ends.pairs, turn(wide, 16 * copies)), rest]);
  const stop = local.get(ends.stop);
  const block = concat([
    local.set(ends.stop, i32.add(at, i32.const(4 * blockElements))),
    local.set(ends.stop, smaller(stop, local.get(ends.pairs))),
    until(ends.stop, turn(wide, 16 * copies)),
    when(i32.lt(at, local.get(ends.pairs)), flush),
  ]);
  return concat([reset, until(ends.pairs, block), rest]);
}
