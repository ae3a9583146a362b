import { interpretNode, isFloat, LossesError, operandNode, type AnyLoss, type Graph, type Node } from "@losses/core";
import { at } from "../analysis/bounded.js";
import { broadcastOffsets, linesAlong } from "../analysis/strides.js";
import type { Case } from "../cases/caseFormat.js";
import { traceCase } from "./oracle.js";

type Values = ReturnType<typeof interpretNode>;

/** More elements than this are no kink that someone made by hand. */
const most = 256;

/**
 * Whether a case lies exactly where the derivative of its loss jumps or has no value: an absolute value of 0, a number at its bound, two that
 * are compared and equal, an extreme that is attained twice. `undefined`: there is no such place in its graph. What is inside
 * of recursions is not looked at.
 */
export function isOnKink(
  single: Case,
  losses: readonly AnyLoss[],
  graphs: Map<string, Graph> = new Map(),
): boolean | undefined {
  const elements = single.inputs.flatMap(({ data }) => data);
  if (elements.length > most || elements.some(Number.isNaN)) return undefined;
  try {
    const { graph, feeds, sizes } = traceCase(single, "float64", losses, graphs, false);
    const kinks = graph.nodes.map((node) => kinkOf(node, graph));
    if (kinks.every((kink) => kink === undefined)) return undefined;
    const fed: Record<string, Values> = {};
    for (const [name, { shape, data }] of Object.entries(feeds)) fed[name] = { shape, data: Float64Array.from(data) };
    const values: Values[] = [];
    return graph.nodes.some((node, i) => {
      const operands = node.inputs.map((id) => values[id] ?? nothing);
      const value = interpretNode(node, operands, fed, sizes);
      values.push(value);
      return kinks[i]?.(operands, value.shape) === true;
    });
  } catch (error) {
    // A case that its loss refuses is named where it is run.
    if (error instanceof LossesError) return undefined;
    throw error;
  }
}

const nothing: Values = { shape: [0], data: new Float64Array() };

/** What tells whether operands are at the kink of a node, told the shape of its value; `undefined` if it has none. */
function kinkOf(
  node: Node,
  graph: Graph,
): ((operands: readonly Values[], shape: readonly number[]) => boolean) | undefined {
  if (node.inputs.length === 0 || !isFloat(operandNode(graph, node, 0).dtype)) return undefined;
  switch (node.op) {
    case "abs":
    case "sign":
    case "relu":
    case "sqrt":
      return ([x = nothing]) => x.data.includes(0);
    case "clampMin":
    case "clampMax":
      return ([x = nothing]) => x.data.includes(node.attrs.bound);
    case "maximum":
    case "minimum":
    case "equal":
    case "less":
    case "lessOrEqual":
      return ([x = nothing, y = nothing], shape) => {
        const [xs, ys] = [broadcastOffsets(x.shape, shape), broadcastOffsets(y.shape, shape)];
        return xs.some((place, i) => x.data[place] === y.data[at(ys, i)]);
      };
    case "reduceMax":
    case "reduceMin":
      return ([x = nothing]) => isTied(x, node.attrs.axes, node.op === "reduceMax" ? Math.max : Math.min);
    default:
      return undefined;
  }
}

/** Whether the extreme of some line is attained twice. */
function isTied({ shape, data }: Values, axes: readonly number[], extreme: (...numbers: number[]) => number): boolean {
  const { starts, steps } = linesAlong(shape, axes);
  return starts.some((start) => {
    const line = Array.from(steps, (step) => data[start + step] ?? Number.NaN);
    const best = extreme(...line);
    return line.filter((one) => one === best).length > 1;
  });
}
