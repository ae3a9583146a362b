import { graphInputs, nodeAt, type Dim, type Graph, type Shape } from "@losses/core";
import { bodiesOf, type Body } from "./bodies.js";
import { cutsOf, extentOf, partition, type Partition } from "./partition.js";

/** One way to compute a graph in strips. */
export interface StripPlan {
  /** The size of the axis that is cut, and the symbol of a strip's. */
  readonly dim: Dim;
  readonly symbol: string;
  /** The matrices that are never in memory as a whole. */
  readonly matrices: readonly Shape[];
  readonly before: readonly (Body | undefined)[];
  readonly passes: readonly Body[];
  /** What is in memory between them. */
  readonly kept: readonly KeptTensor[];
  readonly inputs: readonly InMemory[];
}

export interface InMemory {
  readonly node: number;
  readonly shape: Shape;
}

export interface KeptTensor extends InMemory {
  /** What it is before the first strip, where strips add to it. */
  readonly start: number | undefined;
  readonly isInteger: boolean;
}

/** The shapes of all matrices that a plan for the graph could cut, each once. */
export function matricesOf(graph: Graph): readonly Shape[] {
  if (cutsOf(graph).length === 0) return [];
  const shapes = graph.nodes.map(({ shape }) => shape).filter((shape) => extentOf(shape) > 1);
  return [...new Map(shapes.map((shape) => [shape.join(), shape])).values()];
}

/** Every way to compute a graph in strips, one for each axis that can be cut. */
export function stripPlansOf(graph: Graph): readonly StripPlan[] {
  return cutsOf(graph).flatMap((dim): readonly StripPlan[] => {
    const found = partition(graph, dim);
    const bodies = found && bodiesOf(graph, found);
    if (found === undefined || bodies === undefined) return [];
    const { before, passes, symbol } = bodies;
    const matrices = found.parts.flatMap((part, id) =>
      part.kind === "strip" && part.isWide ? [nodeAt(graph, id).shape] : [],
    );
    const kept = [...bodies.kept].map((node) => keptTensor(graph, found, node));
    const inputs = graphInputs(graph).map(({ id, shape }) => ({ node: id, shape }));
    return [{ dim, symbol, matrices, before, passes, kept, inputs }];
  });
}

function keptTensor(graph: Graph, { parts }: Partition, id: number): KeptTensor {
  const { shape, op, dtype } = nodeAt(graph, id);
  const isInteger = dtype !== "float32";
  const start = parts[id]?.kind === "gathered" ? neutral(op, isInteger) : undefined;
  return { node: id, shape, start, isInteger };
}

/** What changes no sum, or no extreme. */
function neutral(op: string, isInteger: boolean): number {
  if (op === "reduceMax") return isInteger ? -(2 ** 31) : -Infinity;
  if (op === "reduceMin") return isInteger ? 2 ** 31 - 1 : Infinity;
  return 0;
}
