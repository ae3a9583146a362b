import { evaluateScalar, isElementwise } from "../../ops/table.js";
import { multiplyDims } from "../../tensor/dimArithmetic.js";
import type { Dim } from "../../tensor/dims.js";
import type { FloatDType } from "../../tensor/dtype.js";
import type { GraphBuilder } from "../builder.js";
import { opNames } from "../../ops/table.js";
import { rule, type Rule } from "./rule.js";

/** The number behind a constant, also when it was stretched. */
export function numberOf(b: GraphBuilder, id: number): number | undefined {
  const node = b.node(id);
  if (node.op === "constant") return node.attrs.value;
  return node.op === "expand" ? numberOf(b, node.inputs[0]) : undefined;
}

/** The product of dimensions: a constant where all are known. */
export function sizeNode(b: GraphBuilder, dims: readonly Dim[], dtype: FloatDType): number {
  const product = multiplyDims(...dims);
  if (typeof product === "number") return b.constant(product, dtype);
  return b.add("dimSize", [], {
    dims: dims.filter((dim) => dim !== 1).sort((p, q) => (String(p) < String(q) ? -1 : 1)),
    dtype,
  });
}

export const constants: readonly Rule[] = [
  rule("numbers are computed", opNames.filter(isElementwise), ({ b, node, inputs }) => {
    if (node.shape.length > 0) return undefined;
    const values: number[] = [];
    for (const id of inputs) {
      const operand = b.node(id);
      if (operand.op !== "constant") return undefined;
      values.push(operand.attrs.value);
    }
    const value = evaluateScalar(node.op, values, node.attrs);
    // An int32 wraps where it is computed, which is not this place.
    return node.dtype !== "int32" || value === (value | 0) ? b.constant(value, node.dtype) : undefined;
  }),
  rule("known sizes are numbers", ["dimSize"], ({ b, node }) => sizeNode(b, node.attrs.dims, node.attrs.dtype)),
];
