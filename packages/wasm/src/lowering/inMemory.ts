import {
  isElementwise,
  liveNodes,
  nodeAt,
  operandAt,
  recursionsOf,
  type Dim,
  type Graph,
  type Node,
  type Recursion,
} from "@losses/core";
import { isInOrder, naturalLoops, operandLoops, spaceOf, type Loops } from "../loops/loops.js";
import { contiguous, isWhole, memoryOf } from "./memory.js";

// Few tensors are in memory: what comes in, results, products and other ops of whole tensors, their operands, and reductions. All others
// are computed where they are needed, in registers, once for each loop that needs them.

/** An op of whole tensors in memory; several results where they are those of one recursion. */
export interface Whole {
  readonly nodes: readonly number[];
  /** The nodes in whose memory the operands are. */
  readonly operands: readonly number[];
  readonly recursion: Recursion | undefined;
}

/** A matrix product of tensors in memory. */
export interface Product {
  readonly node: number;
  readonly left: Matrix;
  readonly right: Matrix;
}

export interface Matrix {
  /** Whose shape it has, and in whose memory it is. */
  readonly node: number;
  readonly memory: number;
  readonly isTransposed: boolean;
}

/** What loops compute: an element-wise result, or a reduction over some of the loops. */
export interface Root {
  readonly node: number;
  /** The node whose elements are stored or reduced. */
  readonly of: number;
  /** The sizes of the loops around it. */
  readonly space: readonly Dim[];
  /** The loops along the axes of `of`. */
  readonly loops: Loops;
  /** The loops that are reduced; none for an element-wise result. */
  readonly reduced: readonly number[];
  readonly reads: readonly Read[];
}

/** A tensor in memory as it is read inside loops. */
export interface Read {
  /** In whose memory it is. */
  readonly node: number;
  readonly loops: Loops;
  /** True if the axes are not those of the tensor in memory. */
  readonly isReshaped: boolean;
}

export interface Contents {
  readonly roots: readonly Root[];
  readonly products: readonly Product[];
  readonly wholes: readonly Whole[];
  /** The nodes that are in memory. */
  readonly inMemory: ReadonlySet<number>;
}

export function isReduction(node: Node): boolean {
  return node.op === "reduceSum" || node.op === "reduceMax" || node.op === "reduceMin";
}

/** Decides what is in memory and what has to be computed for it. */
export function contentsOf(graph: Graph): Contents {
  const live = liveNodes(graph);
  const products = productsOf(graph, live);
  const wholes = wholesOf(graph, live);
  const made = new Set([...products.map(({ node }) => node), ...wholes.flatMap(({ nodes }) => nodes)]);
  const inMemory = new Set<number>(made);
  for (const node of graph.nodes) {
    if (!live.has(node.id)) continue;
    if (node.op === "input" || isReduction(node)) inMemory.add(node.id);
    if (node.op === "reshape") inMemory.add(node.id).add(memoryOf(graph, node.id));
  }
  for (const { node } of graph.outputs) inMemory.add(node);
  for (const { left, right } of products) inMemory.add(left.memory).add(right.memory);
  for (const { operands } of wholes) for (const operand of operands) inMemory.add(operand);
  const isRoot = (id: number): boolean => {
    const { op } = nodeAt(graph, id);
    return live.has(id) && !made.has(id) && op !== "input" && op !== "reshape";
  };
  for (;;) {
    const before = inMemory.size;
    const roots = [...inMemory]
      .sort((a, b) => a - b)
      .filter(isRoot)
      .map((id) => rootOf(graph, inMemory, id));
    if (inMemory.size === before) return { roots, products, wholes, inMemory };
  }
}

/** What is computed of whole tensors; the results of one recursion together. */
function wholesOf(graph: Graph, live: ReadonlySet<number>): readonly Whole[] {
  const inMemory = (inputs: readonly number[]): readonly number[] => inputs.map((id) => contiguous(graph, id));
  const single = graph.nodes.filter((node) => isWhole(node) && node.op !== "scan" && live.has(node.id));
  return [
    ...single.map(({ id, inputs }): Whole => ({ nodes: [id], operands: inMemory(inputs), recursion: undefined })),
    ...recursionsOf(graph).map((recursion): Whole => {
      const nodes = recursion.results.map(({ node }) => node);
      return { nodes, operands: inMemory(recursion.inputs), recursion };
    }),
  ];
}

/** Matrix products, with the transposes around them undone: (A·B)ᵀ = Bᵀ·Aᵀ. */
function productsOf(graph: Graph, live: ReadonlySet<number>): readonly Product[] {
  const products = graph.nodes.filter((node) => node.op === "matmul").filter(({ id }) => live.has(id));
  const swapped = new Map<number, number>();
  for (const { id } of products) {
    const swap = onlySwapOf(graph, live, id);
    if (swap !== undefined) swapped.set(id, swap);
  }
  const made = new Set(swapped.values());
  const matrix = (id: number, isTransposed: boolean): Matrix => {
    const node = nodeAt(graph, id);
    // A transpose that is computed as a product is a matrix of its own.
    if (!isSwap(node) || made.has(id)) return { node: id, memory: contiguous(graph, id), isTransposed };
    return matrix(operandAt<number>(node.inputs, 0), !isTransposed);
  };
  return products.map(({ id, inputs: [a, b] }): Product => {
    const swap = swapped.get(id);
    if (swap === undefined) return { node: id, left: matrix(a, false), right: matrix(b, false) };
    return { node: swap, left: matrix(b, true), right: matrix(a, true) };
  });
}

/** The transpose that is all that is needed of a node. */
function onlySwapOf(graph: Graph, live: ReadonlySet<number>, id: number): number | undefined {
  if (graph.outputs.some(({ node }) => node === id)) return undefined;
  const [user, another] = graph.nodes.filter((node) => live.has(node.id) && node.inputs.some((input) => input === id));
  return user !== undefined && another === undefined && isSwap(user) ? user.id : undefined;
}

function isSwap(node: Node): boolean {
  if (node.op !== "transpose") return false;
  const { perm } = node.attrs;
  const rank = perm.length;
  const wanted = [...perm.keys()].map((axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
  return rank >= 2 && perm.join() === wanted.join();
}

/** What is computed for one tensor in memory. Adds to `inMemory` what must not be computed again for every row. */
function rootOf(graph: Graph, inMemory: Set<number>, id: number): Root {
  const node = nodeAt(graph, id);
  const isReduced = isReduction(node);
  const of = isReduced ? operandAt<number>(node.inputs, 0) : id;
  const { shape } = nodeAt(graph, of);
  const [space, loops] = [spaceOf(shape), naturalLoops(shape)];
  const axes = "axes" in node.attrs && isReduced ? node.attrs.axes : [];
  const reads = new Map<string, Read>();
  const seen = new Set<string>();
  const visit = (at: number, along: Loops, isRoot: boolean): void => {
    const key = `${at}:${along.join()}`;
    if (seen.has(key)) return;
    seen.add(key);
    const own = nodeAt(graph, at);
    const used = new Set(along.filter((loop) => loop !== undefined));
    if (
      !isRoot &&
      !inMemory.has(at) &&
      isElementwise(own.op) &&
      used.has(space.length - 1) &&
      used.size < space.length
    ) {
      inMemory.add(at);
    }
    if (inMemory.has(at) && !isRoot) {
      const memory = memoryOf(graph, at);
      reads.set(key, { node: memory, loops: along, isReshaped: memory !== at });
      return;
    }
    own.inputs.forEach((input, i) => visit(input, operandLoops(graph, own, i, along), false));
  };
  visit(of, loops, !isReduced);
  return { node: id, of, space, loops, reduced: axes.flatMap((axis) => loops[axis] ?? []), reads: [...reads.values()] };
}

/** True if a root's tensor can be read by another inside the same loops, over `space`, before it is in memory. */
export function isAtHand(space: readonly Dim[], source: Root, read: Read): boolean {
  if (read.isReshaped || !isInOrder(read.loops)) return false;
  if (source.reduced.length === 0) return true;
  const last = space.length - 1;
  return source.space.length === space.length && source.reduced.length === 1 && source.reduced[0] === last;
}
