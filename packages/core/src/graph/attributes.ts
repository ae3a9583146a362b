import { isListOf, isPlainObject } from "../arguments.js";
import type { OpAttributes, OpName } from "../ops/types.js";
import { isSize, type Shape } from "../tensor/dims.js";
import { isFloat, isInputDType } from "../tensor/dtype.js";

type Attributes = Readonly<Record<string, unknown>>;

/** Says whether attributes are those that an op has, for operands of which the first has this rank. */
type Check = (attrs: Attributes, rank: number) => boolean;

export function isDType(value: unknown): boolean {
  return isInputDType(value) && value !== "int64";
}

export function isShape(value: unknown): value is Shape {
  return isListOf(value, isDim);
}

function isDim(value: unknown): boolean {
  return isSize(value) || (typeof value === "string" && value !== "");
}

function isAxis(value: unknown, rank: number): value is number {
  return isSize(value) && value < rank;
}

/** Axes in order, none twice. */
function areAxes(value: unknown, rank: number): boolean {
  let last = -1;
  return isListOf(value, (axis) => isAxis(axis, rank) && axis > last && ((last = axis), true));
}

const reduce: Check = ({ axes, keepdims }, rank) => areAxes(axes, rank) && typeof keepdims === "boolean";
const clamp: Check = ({ bound }) => typeof bound === "number";
const extreme: Check = ({ axis, keepdims }, rank) => isAxis(axis, rank) && typeof keepdims === "boolean";
const positions: Check = ({ axis, start, step, size }, rank) =>
  isAxis(axis, rank) && isDim(start) && Number.isSafeInteger(step) && step !== 0 && isDim(size);
const normalize: Check = ({ axis }, rank) => isAxis(axis, rank);

type Attributed = { [K in OpName]: keyof OpAttributes[K] extends never ? never : K }[OpName];

const checks: { readonly [K in Attributed]: Check } = {
  input: ({ name, shape, dtype }) => typeof name === "string" && isShape(shape) && isDType(dtype),
  constant: ({ value, dtype }) => typeof value === "number" && isDType(dtype),
  iota: ({ size }) => isDim(size),
  dimSize: ({ dims, dtype }) => isShape(dims) && isDType(dtype) && isFloat(dtype as "float32"),
  clampMin: clamp,
  clampMax: clamp,
  cast: ({ to }) => isDType(to),
  reduceSum: reduce,
  reduceMax: reduce,
  reduceMin: reduce,
  reduceLogSumExp: reduce,
  softmax: normalize,
  logSoftmax: normalize,
  transpose: ({ perm }, rank) => isListOf(perm, (axis) => isAxis(axis, rank)),
  unsqueeze: ({ axes }, rank) => Array.isArray(axes) && areAxes(axes, rank + axes.length),
  squeeze: ({ axes }, rank) => areAxes(axes, rank),
  expand: ({ shape }) => isShape(shape),
  reshape: ({ shape }) => isShape(shape),
  argMax: extreme,
  argMin: extreme,
  argsort: ({ axis, descending }, rank) => isAxis(axis, rank) && typeof descending === "boolean",
  cumsum: ({ axis, exclusive, reverse }, rank) =>
    isAxis(axis, rank) && typeof exclusive === "boolean" && typeof reverse === "boolean",
  gather: normalize,
  scatterAdd: ({ axis, size }, rank) => isAxis(axis, rank) && isDim(size),
  concat: normalize,
  slice: positions,
  pad: positions,
  scan: ({ body, carries, sequences, length, reverse, output }) =>
    isPlainObject(body) && [carries, sequences, output].every(isSize) && isDim(length) && typeof reverse === "boolean",
};

/** True for the attributes of an op whose first operand has this rank. */
export function hasAttributes(op: OpName, attrs: unknown, rank: number): boolean {
  return isPlainObject(attrs) && (!Object.hasOwn(checks, op) || checks[op as Attributed](attrs, rank));
}
