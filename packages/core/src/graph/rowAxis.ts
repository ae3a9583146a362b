import type { ElementwiseOp } from "../ops/types.js";
import { symbolsOf } from "../tensor/dimArithmetic.js";
import type { Dim } from "../tensor/dims.js";
import { nodeAt, type Graph, type Node, type NodeOf } from "./graph.js";

/**
 * Where a value keeps the samples: the axis along which element i belongs to sample i alone; `"shared"` where it is the same
 * for all samples; `"mixed"` where samples meet.
 */
export type RowAxis = number | "shared" | "mixed";

/** The row axis of each node, for samples along the first axis of those inputs whose first size is `samples`. */
export function rowAxes(graph: Graph, samples: string): readonly RowAxis[] {
  const axes: RowAxis[] = [];
  for (const node of graph.nodes) axes.push(rowAxis(graph, node, axes, samples));
  return axes;
}

function rowAxis(graph: Graph, node: Node, axes: readonly RowAxis[], samples: string): RowAxis {
  const operands = node.inputs.map((id) => axes[id] ?? "mixed");
  if (operands.includes("mixed")) return "mixed";
  const [first = "shared", second = "shared"] = operands;
  switch (node.op) {
    case "input":
      return only(node.shape, samples, [0]);
    case "constant":
      return "shared";
    case "iota":
      return node.attrs.size === samples ? "mixed" : "shared";
    case "dimSize":
      return node.attrs.dims.some((dim) => symbolsOf(dim).includes(samples)) ? "mixed" : "shared";
    // What moves rows, or goes from one to the next, is not followed: batches of it may not give what the whole gives.
    case "reshape":
      // Row by row: what leaves the first axis alone leaves its rows.
      if (first === 0 && node.shape[0] === samples) return only(node.shape, samples, [0]);
      return first === "shared" && !dependsOn(node.shape, samples) ? "shared" : "mixed";
    case "scan":
      return operands.every((axis) => axis === "shared") && !dependsOn(node.shape, samples) ? "shared" : "mixed";
    case "slice":
    case "pad":
    case "cumsum":
    case "argsort":
      return first === node.attrs.axis ? "mixed" : first;
    case "argMax":
    case "argMin": {
      const { axis, keepdims } = node.attrs;
      if (first === axis) return "mixed";
      return typeof first === "number" && !keepdims && axis < first ? first - 1 : first;
    }
    case "reduceSum":
    case "reduceMax":
    case "reduceMin":
    case "reduceLogSumExp": {
      const { axes: reduced, keepdims } = node.attrs;
      if (typeof first !== "number") return first;
      if (reduced.includes(first)) return "mixed";
      return keepdims ? first : first - reduced.filter((axis) => axis < first).length;
    }
    case "softmax":
    case "logSoftmax":
      return first === node.attrs.axis ? "mixed" : first;
    case "gather":
      // What all samples share is read at the position that each has.
      if (first === "shared") return only(node.shape, samples, typeof second === "number" ? [second] : []);
      return alongOthers(node, operands, samples);
    case "scatterAdd":
      // What is the same for all samples is put to places that samples have.
      if (operands.every((axis) => axis === "shared") && dependsOn(node.shape, samples)) return "mixed";
      return alongOthers(node, operands, samples);
    case "concat":
      return alongOthers(node, operands, samples);
    case "matmul":
      if (node.shape.length > 2) return "mixed";
      if (first === "shared" && second === "shared") return "shared";
      if (first === 0 && second === "shared") return 0;
      return first === "shared" && second === 1 ? 1 : "mixed";
    case "transpose":
      return typeof first === "number" ? node.attrs.perm.indexOf(first) : first;
    case "unsqueeze": {
      if (typeof first !== "number") return first;
      const kept = node.shape.flatMap((_, axis) => (node.attrs.axes.includes(axis) ? [] : [axis]));
      return kept[first] ?? "mixed";
    }
    case "squeeze":
      return typeof first === "number" ? first - node.attrs.axes.filter((axis) => axis < first).length : first;
    default: {
      // Element by element, operands aligned at the last axis.
      node.op satisfies ElementwiseOp | "expand";
      const found = new Set<number>();
      node.inputs.forEach((id, i) => {
        const axis = operands[i];
        if (typeof axis === "number") found.add(axis + node.shape.length - nodeAt(graph, id).shape.length);
      });
      return only(node.shape, samples, [...found]);
    }
  }
}

/** The row axis of what keeps the samples apart along all axes but its own. */
function alongOthers(
  { attrs: { axis }, shape }: NodeOf<"gather" | "scatterAdd" | "concat">,
  operands: readonly RowAxis[],
  samples: string,
): RowAxis {
  const named = operands.filter((operand) => typeof operand === "number");
  return named.includes(axis) ? "mixed" : only(shape, samples, named);
}

function dependsOn(shape: readonly Dim[], samples: string): boolean {
  return shape.some((dim) => symbolsOf(dim).includes(samples));
}

/** The one axis of this size, where it is among those named or none is named. */
function only(shape: readonly Dim[], samples: string, named: readonly number[]): RowAxis {
  const sized = shape.flatMap((dim, axis) => (dim === samples ? [axis] : []));
  const [axis] = sized;
  if (axis === undefined) return "shared";
  return sized.length === 1 && named.every((other) => other === axis) ? axis : "mixed";
}
