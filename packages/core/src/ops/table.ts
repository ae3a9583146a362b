import { binaryOps } from "./binary.js";
import { indexingOps } from "./indexing.js";
import { movementOps } from "./movement.js";
import { productOps } from "./product.js";
import { recurrenceOps } from "./recurrence.js";
import { reductionOps } from "./reduction.js";
import { sources } from "./sources.js";
import { unaryOps } from "./unary.js";
import type { ElementwiseOp, OpDefinition, OpName, OpTable } from "./types.js";

/** Every primitive op: what a graph is made of and what a backend implements. */
export const opTable: OpTable = {
  ...sources,
  ...unaryOps,
  ...binaryOps,
  ...reductionOps,
  ...indexingOps,
  ...movementOps,
  ...productOps,
  ...recurrenceOps,
};

/** All op names, in a stable order. */
export const opNames: readonly OpName[] = Object.keys(opTable) as OpName[];

/** The definition of an op whose name is only known at run time. */
export function opDefinition(op: OpName): OpDefinition<OpName> {
  // The table pairs each name with its own definition, which a look-up by a union of names cannot express.
  return opTable[op] as unknown as OpDefinition<OpName>;
}

/** True for ops that compute each element of the result from the same element of the (broadcast) operands. */
export function isElementwise(op: OpName): op is ElementwiseOp {
  return typeof op === "string" && Object.hasOwn(opTable, op) && "at" in opTable[op];
}

/** True for element-wise ops of which an element costs as much as many loads and stores. */
export function isExpensive(op: OpName): boolean {
  return isElementwise(op) && opTable[op].isExpensive === true;
}

/** An element-wise op on numbers. */
export function evaluateScalar(op: ElementwiseOp, operands: readonly number[], attrs: unknown): number {
  const { at } = opDefinition(op) as unknown as {
    readonly at: (operands: readonly number[], attrs: unknown) => number;
  };
  return at(operands, attrs);
}
