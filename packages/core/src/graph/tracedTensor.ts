import { isListOf, printValue } from "../arguments.js";
import { DTypeError, LossesError, ShapeError } from "../errors.js";
import type { BinaryOp, OpAttributes, OpName, Operands, ReduceOp, UnaryOp } from "../ops/types.js";
import { multiplyDims, normalizeDim, subtractDims } from "../tensor/dimArithmetic.js";
import { normalizeAxes, normalizeAxis, sameShape, type Dim, type Shape } from "../tensor/dims.js";
import { isFloat, type DType } from "../tensor/dtype.js";
import type { Operand, Tensor } from "../tensor/tensor.js";
import type { GraphBuilder } from "./builder.js";
import type { Backward, GradientRule } from "./gradientRule.js";
import {
  axesOf,
  bounded,
  cumsumOptions,
  dimsOf,
  sortOptions,
  type Axes,
  type CumsumOptions,
  type SortOptions,
} from "./tensorArguments.js";

/** What traced tensors record themselves in. */
export interface Trace {
  readonly builder: GraphBuilder;
  readonly rules: Map<number, GradientRule>;
  /** The node of a tensor of this trace, or of one around it. */
  idOf(tensor: Tensor): number;
  tensor(id: number): TracedTensor;
  /** True if tensors of the other trace can be used in this one. */
  isInside(other: Trace): boolean;
}

/** A tensor that is a node of a graph in the making. */
export class TracedTensor implements Tensor {
  readonly trace: Trace;
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;

  constructor(trace: Trace, id: number) {
    const { shape, dtype } = trace.builder.type(id);
    this.trace = trace;
    this.id = id;
    this.shape = shape;
    this.dtype = dtype;
  }

  /** Tells one without asking the value anything: a proxy may refuse. */
  static isOne(value: unknown): value is TracedTensor {
    return typeof value === "object" && value !== null && #apply in value;
  }

  get rank(): number {
    return this.shape.length;
  }

  [Symbol.toPrimitive](): never {
    throw invalid(
      "tensor: must be combined by its methods, got an operator of JavaScript (+, -, <, ?: …), which sees no numbers. Write a.sub(1), a.greater(0).where(x, y).",
    );
  }

  add(other: Operand): Tensor {
    return this.#binary("add", other);
  }
  sub(other: Operand): Tensor {
    return this.#binary("sub", other);
  }
  mul(other: Operand): Tensor {
    return this.#binary("mul", other);
  }
  div(other: Operand): Tensor {
    return this.#binary("div", other);
  }
  pow(exponent: Operand): Tensor {
    return this.#binary("pow", exponent);
  }
  maximum(other: Operand): Tensor {
    return this.#binary("maximum", other);
  }
  minimum(other: Operand): Tensor {
    return this.#binary("minimum", other);
  }

  neg(): Tensor {
    return this.#unary("neg");
  }
  abs(): Tensor {
    return this.#unary("abs");
  }
  sign(): Tensor {
    return this.#unary("sign");
  }
  floor(): Tensor {
    return this.#unary("floor");
  }
  exp(): Tensor {
    return this.#unary("exp");
  }
  expm1(): Tensor {
    return this.#unary("expm1");
  }
  log(): Tensor {
    return this.#unary("log");
  }
  log1p(): Tensor {
    return this.#unary("log1p");
  }
  sqrt(): Tensor {
    return this.#unary("sqrt");
  }
  square(): Tensor {
    return this.mul(this);
  }
  tanh(): Tensor {
    return this.#unary("tanh");
  }
  atan(): Tensor {
    return this.#unary("atan");
  }
  erf(): Tensor {
    return this.#unary("erf");
  }
  relu(): Tensor {
    return this.#unary("relu");
  }
  sigmoid(): Tensor {
    return this.#unary("sigmoid");
  }
  softplus(): Tensor {
    return this.#unary("softplus");
  }
  logSigmoid(): Tensor {
    // log σ(x) = -log(1 + e⁻ˣ)
    return this.neg().softplus().neg();
  }
  clampMin(bound: number): Tensor {
    return this.#apply("clampMin", [this], { bound: bounded("clampMin", bound) });
  }
  clampMax(bound: number): Tensor {
    return this.#apply("clampMax", [this], { bound: bounded("clampMax", bound) });
  }

  equal(other: Operand): Tensor {
    return this.#binary("equal", other);
  }
  less(other: Operand): Tensor {
    return this.#binary("less", other);
  }
  lessOrEqual(other: Operand): Tensor {
    return this.#binary("lessOrEqual", other);
  }
  greater(other: Operand): Tensor {
    return this.#apply("less", [this.#tensor(other, "less"), this], {});
  }
  greaterOrEqual(other: Operand): Tensor {
    return this.#apply("lessOrEqual", [this.#tensor(other, "lessOrEqual"), this], {});
  }
  and(other: Tensor): Tensor {
    return this.#binary("and", other);
  }
  or(other: Tensor): Tensor {
    return this.#binary("or", other);
  }
  not(): Tensor {
    return this.#unary("not");
  }
  where(whenTrue: Operand, whenFalse: Operand): Tensor {
    const [first] = [whenTrue, whenFalse].filter((value) => TracedTensor.isOne(value));
    const dtype = first?.dtype ?? "float32";
    const side = (value: Operand): Tensor => (typeof value === "number" ? this.#constant(value, dtype) : value);
    return this.#apply("where", [this, side(whenTrue), side(whenFalse)], {});
  }
  cast(dtype: DType): Tensor {
    return dtype === this.dtype ? this : this.#apply("cast", [this], { to: dtype });
  }

  sum(axes?: Axes, keepdims = false): Tensor {
    return this.#reduce("reduceSum", axes, keepdims);
  }
  mean(axes?: Axes, keepdims = false): Tensor {
    return this.sum(axes, keepdims).div(this.count(axes));
  }
  max(axis: number, keepdims = false): Tensor {
    return this.#firstExtreme("reduceMax", axis, keepdims);
  }
  min(axis: number, keepdims = false): Tensor {
    return this.#firstExtreme("reduceMin", axis, keepdims);
  }
  amax(axes?: Axes, keepdims = false): Tensor {
    return this.#reduce("reduceMax", axes, keepdims);
  }
  amin(axes?: Axes, keepdims = false): Tensor {
    return this.#reduce("reduceMin", axes, keepdims);
  }
  logSumExp(axis: number, keepdims = false): Tensor {
    return this.#reduce("reduceLogSumExp", this.#axis(axis, "logSumExp"), keepdims);
  }
  softmax(axis: number): Tensor {
    return this.#apply("softmax", [this], { axis: this.#axis(axis, "softmax") });
  }
  logSoftmax(axis: number): Tensor {
    return this.#apply("logSoftmax", [this], { axis: this.#axis(axis, "logSoftmax") });
  }
  cumsum(axis: number, options?: CumsumOptions): Tensor {
    return this.#apply("cumsum", [this], { axis: this.#axis(axis, "cumsum"), ...cumsumOptions(options) });
  }

  argmax(axis: number, keepdims = false): Tensor {
    return this.#apply("argMax", [this], { axis: this.#axis(axis, "argmax"), keepdims });
  }
  argmin(axis: number, keepdims = false): Tensor {
    return this.#apply("argMin", [this], { axis: this.#axis(axis, "argmin"), keepdims });
  }
  argsort(axis: number, options?: SortOptions): Tensor {
    return this.#apply("argsort", [this], { axis: this.#axis(axis, "argsort"), ...sortOptions(options) });
  }
  sort(axis: number, options?: SortOptions): Tensor {
    return this.gather(axis, this.argsort(axis, options));
  }
  gather(axis: number, index: Tensor): Tensor {
    return this.#apply("gather", [this, index], { axis: this.#axis(axis, "gather") });
  }
  take(axis: number, index: Tensor): Tensor {
    const at = this.#axis(axis, "take");
    const others = Array.from({ length: this.rank }, (_, i) => i).filter((i) => i !== at);
    return this.gather(at, TracedTensor.isOne(index) ? index.unsqueeze(others) : index);
  }
  scatterAdd(axis: number, index: Tensor, size: Dim): Tensor {
    return this.#apply("scatterAdd", [this, index], { axis: this.#axis(axis, "scatterAdd"), size: normalizeDim(size) });
  }

  matmul(other: Tensor): Tensor {
    return this.#apply("matmul", [this, other], {});
  }
  transpose(permutation?: readonly number[]): Tensor {
    const perm =
      permutation === undefined ? this.shape.map((_, i) => this.rank - 1 - i) : axesOf(permutation, "transpose");
    return this.#apply("transpose", [this], { perm: perm.map((axis) => this.#axis(axis, "transpose")) });
  }
  unsqueeze(axes: Axes): Tensor {
    const list = axesOf(axes, "unsqueeze");
    return this.#apply("unsqueeze", [this], { axes: normalizeAxes(list, this.rank + list.length, "unsqueeze") });
  }
  squeeze(axes: Axes): Tensor {
    return this.#apply("squeeze", [this], { axes: normalizeAxes(axesOf(axes, "squeeze"), this.rank, "squeeze") });
  }
  expand(shape: Shape): Tensor {
    const own = dimsOf(shape, "expand");
    return sameShape(own, this.shape) ? this : this.#apply("expand", [this], { shape: own });
  }
  reshape(shape: Shape): Tensor {
    const own = dimsOf(shape, "reshape");
    return sameShape(own, this.shape) ? this : this.#apply("reshape", [this], { shape: own });
  }
  flatten(first = 0, last = -1): Tensor {
    if (this.rank === 0) return this.unsqueeze(0);
    const [from, to] = [this.#axis(first, "flatten"), this.#axis(last, "flatten")];
    if (from > to) throw new ShapeError(`flatten: the first axis must not be after the last, got ${from} and ${to}.`);
    const merged = multiplyDims(...this.shape.slice(from, to + 1));
    return this.reshape([...this.shape.slice(0, from), merged, ...this.shape.slice(to + 1)]);
  }
  slice(axis: number, start: Dim, size: Dim, step = 1): Tensor {
    return this.#positions("slice", axis, start, size, step);
  }
  pad(axis: number, start: Dim, size: Dim, step = 1): Tensor {
    return this.#positions("pad", axis, start, size, step);
  }
  flip(axis: number): Tensor {
    const size = this.shape[this.#axis(axis, "flip")] ?? 1;
    return this.slice(axis, subtractDims(size, 1), size, -1);
  }

  count(axes?: Axes): Tensor {
    const dims = this.#axes(axes, "count").flatMap((axis) => this.shape[axis] ?? []);
    const dtype = isFloat(this.dtype) ? this.dtype : "float32";
    return this.#apply("dimSize", [], { dims, dtype });
  }
  iota(axis: number): Tensor {
    const at = this.#axis(axis, "iota");
    const line = this.#apply("iota", [], { size: this.shape[at] ?? 1 });
    const trailing = this.rank - 1 - at;
    return trailing === 0 ? line : line.unsqueeze(Array.from({ length: trailing }, (_, i) => i + 1));
  }
  detach(): Tensor {
    return customGradient(this, [], () => []);
  }

  #apply<K extends OpName>(op: K, operands: readonly Tensor[], attrs: OpAttributes[K]): TracedTensor {
    const trace = innermostOf([this, ...operands]);
    const ids = operands.map((operand) => trace.idOf(operand));
    return trace.tensor(trace.builder.add(op, ids as readonly number[] as Operands<number, K>, attrs));
  }

  #positions(op: "slice" | "pad", axis: number, start: Dim, size: Dim, step: number): Tensor {
    const at = this.#axis(axis, op);
    return this.#apply(op, [this], { axis: at, start: normalizeDim(start), step, size: normalizeDim(size) });
  }

  #unary(op: UnaryOp): Tensor {
    return this.#apply(op, [this], {});
  }

  #binary(op: BinaryOp, other: Operand): Tensor {
    return this.#apply(op, [this, this.#tensor(other, op)], {});
  }

  #tensor(other: Operand, op: OpName): Tensor {
    if (typeof other !== "number") return other;
    if (this.dtype === "bool") {
      throw new DTypeError(`${op}: a bool tensor must meet a bool tensor, got the number ${other}. Cast it first.`);
    }
    return this.#constant(other, this.dtype);
  }

  #constant(value: number, dtype: DType): Tensor {
    return this.trace.tensor(this.trace.builder.constant(value, dtype));
  }

  #axis(axis: number, op: string): number {
    return normalizeAxis(axis, this.rank, op);
  }

  #axes(axes: Axes | undefined, op: string): readonly number[] {
    const list = axes === undefined ? this.shape.map((_, i) => i) : axesOf(axes, op);
    return normalizeAxes(list, this.rank, op);
  }

  #reduce(op: ReduceOp, axes: Axes | undefined, keepdims: boolean): Tensor {
    const list = this.#axes(axes, op);
    return list.length === 0 ? this : this.#apply(op, [this], { axes: list, keepdims });
  }

  /** The extreme, whose whole gradient goes to where it is first. */
  #firstExtreme(op: "reduceMax" | "reduceMin", axis: number, keepdims: boolean): Tensor {
    const at = this.#axis(axis, op);
    const size = this.shape[at] ?? 1;
    return customGradient(this.#reduce(op, at, keepdims), [this], (gradient) => {
      const first = op === "reduceMax" ? this.argmax(at, true) : this.argmin(at, true);
      return [(keepdims ? gradient : gradient.unsqueeze(at)).scatterAdd(at, first, size)];
    });
  }
}

/** The innermost of the traces that operands belong to. */
export function innermostOf(tensors: readonly Tensor[]): Trace {
  const traces = tensors.flatMap((tensor) => (TracedTensor.isOne(tensor) ? [tensor.trace] : []));
  return traces.reduce((inner, trace) => (trace.isInside(inner) ? trace : inner));
}

/**
 * A value whose gradient is stated rather than derived: the result equals `value`, and when `g` arrives at it,
 * `backward(g, result)` says what flows to each of `inputs` (nothing where `undefined`).
 *
 * What `backward` returns is differentiated for second derivatives, so it must be made of `inputs`, `g` and the result that it is
 * handed, never of a detached copy of them.
 */
export function customGradient(value: Tensor, inputs: readonly Tensor[], backward: Backward): Tensor {
  if (!TracedTensor.isOne(value)) {
    throw invalid(`customGradient: value must be a tensor of the loss being traced, got ${printValue(value)}.`);
  }
  if (typeof backward !== "function") {
    throw invalid(`customGradient: the gradient must be a function, got ${printValue(backward)}.`);
  }
  const operands = readTensors("customGradient", inputs);
  const trace = innermostOf([value, ...operands]);
  const id = trace.builder.add("identity", [trace.idOf(value)], {});
  const checked: Backward = (gradient, result) => {
    const flows: (Tensor | undefined)[] = [];
    const given: unknown = backward(gradient, result);
    const isFlow = (flow: unknown): boolean =>
      (flow === undefined || TracedTensor.isOne(flow)) && flows.push(flow) <= operands.length;
    const isList = isListOf(given, isFlow);
    if (isList && flows.length === operands.length) return flows;
    const got = isList ? `a list of ${flows.length}` : printValue(given);
    throw invalid(
      `customGradient: backward must give a tensor, or undefined, for each of ${operands.length} inputs, got ${got}.`,
    );
  };
  trace.rules.set(id, { inputs: operands.map((input) => trace.idOf(input)), backward: checked });
  return trace.tensor(id);
}

function invalid(message: string): LossesError {
  return new LossesError("INVALID_DEFINITION", message);
}

/** Tensors as they were given, each read once. */
export function readTensors(where: string, given: readonly Tensor[]): readonly TracedTensor[] {
  const tensors: TracedTensor[] = [];
  if (isListOf(given, (tensor) => TracedTensor.isOne(tensor) && tensors.push(tensor) > 0)) return tensors;
  throw invalid(`${where}: operands must be a list of tensors of the loss being traced, got ${printValue(given)}.`);
}

/** True for a tensor of a loss that is being traced. */
export function isTraced(value: unknown): value is Tensor {
  return TracedTensor.isOne(value);
}
