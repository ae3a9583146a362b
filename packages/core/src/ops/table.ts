import { binaryOps } from "./binary.js";
import { movementOps } from "./movement.js";
import { reductionOps } from "./reduction.js";
import { sources } from "./sources.js";
import { unaryOps } from "./unary.js";
import type { BinaryOp, OpDefinition, OpName, OpTable, UnaryOp } from "./types.js";

/** Every primitive op: what a graph is made of and what a backend implements. */
export const opTable: OpTable = { ...sources, ...unaryOps, ...binaryOps, ...reductionOps, ...movementOps };

/** All op names, in a stable order. */
export const opNames: readonly OpName[] = Object.keys(opTable) as OpName[];

/** The definition of an op whose name is only known at run time. */
export function opDefinition(op: OpName): OpDefinition<never> {
  return opTable[op];
}

const elementwiseOps: {
  readonly [K in UnaryOp | BinaryOp | "where" | "clampMin" | "clampMax" | "cast" | "identity"]: true;
} = {
  neg: true,
  abs: true,
  sign: true,
  exp: true,
  log: true,
  sqrt: true,
  relu: true,
  sigmoid: true,
  softplus: true,
  not: true,
  add: true,
  sub: true,
  mul: true,
  div: true,
  pow: true,
  maximum: true,
  minimum: true,
  equal: true,
  less: true,
  lessOrEqual: true,
  and: true,
  or: true,
  where: true,
  clampMin: true,
  clampMax: true,
  cast: true,
  identity: true,
};

export type ElementwiseOp = keyof typeof elementwiseOps;

/** True for ops that compute each element of the result from the same element of the (broadcast) operands. */
export function isElementwise(op: OpName): op is ElementwiseOp {
  return typeof op === "string" && Object.hasOwn(elementwiseOps, op);
}
