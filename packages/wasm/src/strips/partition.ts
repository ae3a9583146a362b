import { nodeAt, operandAt, type Dim, type Graph, type Node, type NodeOf, type Shape } from "@losses/core";
import { spaceOf } from "../loops/loops.js";
import { fateOf, type Fate } from "./axes.js";

// A product of two lists of vectors is as large as both lists multiplied. Where nothing but reductions and further products is made of it, it
// need not be in memory as a whole: strips of it, along one axis, are made again in each pass that needs them.

/** How a node takes part. */
export type Part =
  /** Computed before the pass of this number, once. */
  | { readonly kind: "whole"; readonly stage: number }
  /** Computed strip by strip in each pass that needs it, from this pass on. */
  | { readonly kind: "strip"; readonly pass: number; readonly axis: number; readonly isWide: boolean }
  /** Gathered from all strips in this pass. */
  | { readonly kind: "gathered"; readonly pass: number; readonly online: Online | undefined };

/** t = Σ exp(x − m), whose m = max x is gathered in the same pass: t is scaled whenever m grows. */
export interface Online {
  readonly max: number;
  readonly of: number;
}

export interface Partition {
  /** The size of the axis that is cut. */
  readonly dim: Dim;
  readonly parts: readonly Part[];
  /** For each node, the operands that it takes as strips. */
  readonly strips: readonly ReadonlySet<number>[];
  readonly passes: number;
}

/** The axes that products can be cut along. */
export function cutsOf(graph: Graph): readonly Dim[] {
  const products = graph.nodes.filter((node) => node.op === "matmul" && node.shape.length === 2);
  return [...new Set(products.flatMap(({ shape }) => shape))].filter((dim) => typeof dim === "string");
}

export function partOf({ parts }: Partition, id: number): Part {
  const part = parts[id];
  if (part === undefined) throw new RangeError(`there is no node %${id}`);
  return part;
}

/** The stage from which a node is in memory as a whole. */
export function stageOf(part: Part): number {
  return part.kind === "whole" ? part.stage : part.pass + 1;
}

/** True if strips along an axis lie one after the other in memory. */
export function isLeading(shape: Shape, axis: number): boolean {
  return shape.slice(0, axis).every((dim) => dim === 1);
}

/** Decides for every node whether it is cut along `dim`; `undefined` if that can't be. */
export function partition(graph: Graph, dim: Dim): Partition | undefined {
  const parts: Part[] = [];
  const strips: ReadonlySet<number>[] = [];
  for (const node of graph.nodes) {
    const taken = takenStrips(graph, node, parts);
    if (taken === undefined) return undefined;
    const part = makePart(graph, node, dim, taken, parts);
    if (part === undefined) return undefined;
    parts.push(part);
    strips.push(new Set(taken.keys()));
  }
  const isKept = (id: number): boolean => {
    const part = parts[id];
    return part !== undefined && (part.kind !== "strip" || canBeWhole(graph, id, part));
  };
  if (!graph.outputs.every(({ node }) => isKept(node))) return undefined;
  const passes = Math.max(0, ...parts.map((part) => (part.kind === "whole" ? part.stage : part.pass + 1)));
  return parts.some((part) => part.kind === "strip" && part.isWide) ? { dim, parts, strips, passes } : undefined;
}

/** The operands that a node takes as strips, and where their axis goes: all to the same. */
function takenStrips(graph: Graph, node: Node, parts: readonly Part[]): ReadonlyMap<number, Fate> | undefined {
  const fates = new Map<number, Fate | undefined>();
  const wide = new Set<number>();
  node.inputs.forEach((id, index) => {
    const part = parts[id];
    if (part?.kind !== "strip") return;
    fates.set(index, fateOf(graph, node, index, part.axis));
    if (!canBeWhole(graph, id, part)) wide.add(index);
  });
  const [first] = fates.keys();
  if (first === undefined) return new Map();
  // What is made of vectors along different axes is not bound to one of them, and waits for all but one anyway.
  if (wide.size === 0 && new Set(fates.values()).size > 1) return new Map();
  const [leader = first] = wide;
  const fate = fates.get(leader);
  if (fate === undefined) return wide.has(leader) ? undefined : new Map();
  const agreeing = [...fates].filter(([, own]) => own === fate).map(([index]) => [index, fate] as const);
  const taken = new Map<number, Fate>(agreeing);
  return [...wide].every((index) => taken.has(index)) ? taken : undefined;
}

/** Strips of a vector, or of one for each row, can be kept in memory; those of a matrix of pairs are what this is about. */
function canBeWhole(graph: Graph, id: number, { axis, isWide }: Part & { kind: "strip" }): boolean {
  return !isWide && isLeading(nodeAt(graph, id).shape, axis);
}

function makePart(
  graph: Graph,
  node: Node,
  dim: Dim,
  taken: ReadonlyMap<number, Fate>,
  parts: readonly Part[],
): Part | undefined {
  const operands = node.inputs.flatMap((id) => parts[id] ?? []);
  const pass = Math.max(
    0,
    ...operands.map((part, index) => (part.kind === "strip" && taken.has(index) ? part.pass : stageOf(part))),
  );
  const [fate] = taken.values();
  if (fate === undefined) {
    const axis = node.op === "matmul" && node.shape.length === 2 ? node.shape.indexOf(dim) : -1;
    return axis < 0 ? { kind: "whole", stage: pass } : { kind: "strip", pass, axis, isWide: true };
  }
  if (fate !== "reduced") {
    if (node.shape[fate] !== dim) return undefined;
    return { kind: "strip", pass, axis: fate, isWide: isWide(graph, node, taken, parts) };
  }
  const online = onlineOf(graph, node, parts);
  if (online !== undefined) {
    const of = parts[online.of];
    return of?.kind === "strip" ? { kind: "gathered", pass: of.pass, online } : undefined;
  }
  return canGather(node) ? { kind: "gathered", pass, online: undefined } : undefined;
}

function canGather({ op, dtype }: Node): boolean {
  return op === "matmul" || op === "reduceSum" || ((op === "reduceMax" || op === "reduceMin") && dtype !== "bool");
}

/** How many axes there are along which a tensor extends. */
export function extentOf(shape: Shape): number {
  return spaceOf(shape).length;
}

/** Two vectors make a matrix. */
export function isOfVectors(graph: Graph, { shape, inputs }: Node): boolean {
  return inputs.every((id) => extentOf(nodeAt(graph, id).shape) < extentOf(shape));
}

function isWide(graph: Graph, node: Node, taken: ReadonlyMap<number, Fate>, parts: readonly Part[]): boolean {
  if (node.op === "matmul" || extentOf(node.shape) < 2) return false;
  const fromWide = [...taken.keys()].some((index) => {
    const part = parts[operandAt<number>(node.inputs, index)];
    return part?.kind === "strip" && part.isWide;
  });
  return fromWide || isOfVectors(graph, node);
}

/** The sum that a softmax along the cut axis divides by. */
function onlineOf(graph: Graph, node: Node, parts: readonly Part[]): Online | undefined {
  if (node.op !== "reduceSum") return undefined;
  const power = nodeAt(graph, node.inputs[0]);
  if (power.op !== "exp") return undefined;
  const shifted = nodeAt(graph, power.inputs[0]);
  if (shifted.op !== "sub") return undefined;
  const [of, id] = shifted.inputs;
  const max: Node = nodeAt(graph, id);
  const [own, gathered] = [parts[of], parts[id]];
  const isSame = max.op === "reduceMax" && max.inputs[0] === of && haveSameAxes(node, max);
  const isInPass = own?.kind === "strip" && gathered?.kind === "gathered" && own.pass === gathered.pass;
  const isResult = graph.outputs.some((output) => output.node === id || output.node === node.id);
  return isSame && isInPass && !isResult ? { max: id, of } : undefined;
}

function haveSameAxes(a: NodeOf<"reduceSum">, b: NodeOf<"reduceMax">): boolean {
  return a.attrs.axes.join() === b.attrs.axes.join() && a.attrs.keepdims && b.attrs.keepdims;
}
