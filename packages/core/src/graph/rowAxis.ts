import type { ElementwiseOp } from "../ops/table.js";
import type { Dim } from "../tensor/dims.js";
import { nodeAt, type Graph, type Node } from "./graph.js";

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
      return node.attrs.dims.includes(samples) ? "mixed" : "shared";
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
    case "matmul":
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

/** The one axis of this size, where it is among those named or none is named. */
function only(shape: readonly Dim[], samples: string, named: readonly number[]): RowAxis {
  const sized = shape.flatMap((dim, axis) => (dim === samples ? [axis] : []));
  const [axis] = sized;
  if (axis === undefined) return "shared";
  return sized.length === 1 && named.every((other) => other === axis) ? axis : "mixed";
}
