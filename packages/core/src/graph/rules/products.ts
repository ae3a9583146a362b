import { sameShape } from "../../tensor/dims.js";
import type { GraphBuilder } from "../builder.js";
import type { NodeOf } from "../graph.js";

/** A product as a tensor of its shape and a smaller factor. */
export interface Scaled {
  readonly whole: number;
  readonly factor: number;
}

/** A product of which one operand alone has the shape. */
export function partsOf(b: GraphBuilder, product: NodeOf<"mul">): Scaled | undefined {
  const [x, y] = product.inputs;
  const isWhole = (id: number): boolean => sameShape(b.type(id).shape, product.shape);
  if (isWhole(x) === isWhole(y)) return undefined;
  return isWhole(x) ? { whole: x, factor: y } : { whole: y, factor: x };
}

/** The larger operand first, so that equal products are one node. */
export function multiply(b: GraphBuilder, whole: number, part: number): number {
  return b.find("mul", [part, whole], {}) ?? b.add("mul", [whole, part], {});
}

export function negated(b: GraphBuilder, id: number): number | undefined {
  const node = b.node(id);
  return node.op === "neg" ? node.inputs[0] : undefined;
}

export function negative(b: GraphBuilder, id: number): number {
  return negated(b, id) ?? b.add("neg", [id], {});
}
