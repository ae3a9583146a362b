import { nodeAt, type DType, type Node, type NodeOf } from "@losses/core";
import type { EmitContext } from "../context.js";
import { usersOf } from "./columns.js";
import { isFiniteNumber } from "../signs.js";

/** The root of the smallest positive number: a norm is that, or 0. */
const smallestNorm: { readonly [K in DType]?: number } = {
  float32: 2 ** -74.5,
  float64: 2 ** -537,
};

/**
 * `where(d = 0, 0, g / d)`, or `g / where(d = 0, 1, d)` in it, without choices, where it multiplies nothing but v, d = √Σv² and g is a
 * number: `g / d` with a positive number for 0, since v is 0 where d is. (Or so small that its squares are; then the product is small
 * instead of 0.) `undefined` for other choices. `inputs`: the operands as written.
 */
export function emitQuotientByNorm(
  node: NodeOf<"where">,
  [, , written = ""]: readonly string[],
  context: EmitContext,
): string | undefined {
  const { graph, writer } = context;
  const [condition, zero, quotient] = node.inputs.map((id) => nodeAt(graph, id));
  const least = smallestNorm[node.dtype];
  if (least === undefined || condition?.op !== "equal" || quotient?.op !== "div") return undefined;
  const [norm, against] = condition.inputs;
  const below = quotient.inputs[1];
  const isGuarded = isNonZero(below, node.inputs[0], norm, context);
  if ((below !== norm && !isGuarded) || !isZero(zero) || !isZero(nodeAt(graph, against))) return undefined;
  const vector = vectorOf(norm, context);
  // Of an infinite or unknown g the product with 0 would be NaN.
  if (!isFiniteNumber(quotient.inputs[0], context)) return undefined;
  if (vector === undefined || !multipliesOnly(node.id, vector, context)) return undefined;
  const [numerator, under = ""] = writer.operandsOf("Div", written) ?? [];
  const divisor = isGuarded ? writer.operandsOf("Where", under)?.[2] : under;
  if (numerator === undefined || divisor === undefined) return undefined;
  return writer.node("Div", [numerator, writer.node("Max", [divisor, writer.scalar(least, node.dtype)])]);
}

/** Whether a node is `where(condition, 1, norm)`. */
function isNonZero(id: number, condition: number, norm: number, { graph }: EmitContext): boolean {
  const node = nodeAt(graph, id);
  if (node.op !== "where" || node.inputs[0] !== condition || node.inputs[2] !== norm) return false;
  const instead = nodeAt(graph, node.inputs[1]);
  return instead.op === "constant" && instead.attrs.value === 1;
}

/** The v of √Σv². */
function vectorOf(norm: number, { graph }: EmitContext): number | undefined {
  const root = nodeAt(graph, norm);
  const sum = root.op === "sqrt" ? nodeAt(graph, root.inputs[0]) : undefined;
  const square = sum?.op === "reduceSum" ? nodeAt(graph, sum.inputs[0]) : undefined;
  return square?.op === "mul" && square.inputs[0] === square.inputs[1] ? square.inputs[0] : undefined;
}

function multipliesOnly(id: number, factor: number, { graph }: EmitContext): boolean {
  const users = usersOf(id, graph);
  return (
    graph.outputs.every((output) => output.node !== id) &&
    users.every((user) => user.op === "mul" && user.inputs.includes(factor))
  );
}

function isZero(node: Node | undefined): boolean {
  return node?.op === "constant" && node.attrs.value === 0;
}
