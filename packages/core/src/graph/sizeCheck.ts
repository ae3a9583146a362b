import { ShapeError } from "../errors.js";
import { evaluateDim } from "../tensor/dimArithmetic.js";
import type { Dim, DimSizes } from "../tensor/dims.js";
import { nodeAt, type Graph } from "./graph.js";
import { integerExtremesCheck } from "./integerExtremes.js";

/**
 * What checks that a graph has a value for the sizes of a run, since symbols say nothing of which is larger; `undefined` if every
 * size will do. It throws `ShapeError`.
 */
export function sizeCheck(graph: Graph): ((sizes: DimSizes) => void) | undefined {
  const limits = sizeLimits(graph);
  const extremes = integerExtremesCheck(graph);
  if (limits.length === 0 && extremes === undefined) return undefined;
  return (sizes) => {
    checkLimits(graph.name, limits, sizes);
    extremes?.(sizes);
  };
}

/** So many positions, `start`, `start + step`, …, that must lie inside an axis. */
export interface SizeLimit {
  readonly op: "slice" | "pad";
  readonly start: Dim;
  readonly step: number;
  readonly count: Dim;
  readonly size: Dim;
}

/** What the sizes of a run must keep to: the positions of every slice and pad, those in the bodies of recursions too. */
export function sizeLimits(graph: Graph): readonly SizeLimit[] {
  return graph.nodes.flatMap((node): readonly SizeLimit[] => {
    if (node.op === "scan") return sizeLimits(node.attrs.body);
    if (node.op !== "slice" && node.op !== "pad") return [];
    const { axis, start, step, size } = node.attrs;
    const own = nodeAt(graph, node.inputs[0]).shape[axis] ?? 0;
    const [count, room] = node.op === "slice" ? [size, own] : [own, size];
    return [{ op: node.op, start, step, count, size: room }];
  });
}

function checkLimits(name: string, limits: readonly SizeLimit[], sizes: DimSizes): void {
  for (const { op, start, step, count, size } of limits) {
    const [first = 0, elements = 0, room = 0] = [start, count, size].map((dim) => evaluateDim(dim, sizes));
    const last = first + step * (elements - 1);
    const isInside = elements === 0 || (elements > 0 && Math.min(first, last) >= 0 && Math.max(first, last) < room);
    if (isInside) continue;
    const which = [...new Set([count, start, size].filter((dim) => typeof dim === "string"))].join(", ");
    throw new ShapeError(
      `${name}: ${op} must stay inside its axis of ${room}, got ${elements} positions from ${first} in steps of ${step}${which === "" ? "" : ` (${which})`}. Use larger inputs.`,
    );
  }
}
