import { isListOf, printValue } from "../arguments.js";
import { DTypeError, LossesError, ShapeError } from "../errors.js";
import type { BinaryOp, IndexRange, OpAttributes, OpName, ReduceOp, UnaryOp } from "../ops/types.js";
import { mostAxes, normalizeAxes, normalizeAxis, sameShape, type Shape } from "../tensor/dims.js";
import { isFloat, type DType } from "../tensor/dtype.js";
import type { Operand, Tensor } from "../tensor/tensor.js";
import { GraphBuilder } from "./builder.js";

/** What flows to the inputs of a stated gradient when `gradient` arrives at `value`, the result that it is stated for. */
export type Backward = (gradient: Tensor, value: Tensor) => readonly (Tensor | undefined)[];

/** A gradient stated by hand. */
export interface GradientRule {
  readonly inputs: readonly number[];
  readonly backward: Backward;
}

type Axes = number | readonly number[];

/** Records what a loss does with its tensors; holds the stated gradients that a finished graph no longer needs. */
export class Tracer {
  readonly builder: GraphBuilder = new GraphBuilder();
  readonly rules: Map<number, GradientRule> = new Map();

  input(name: string, shape: Shape, dtype: DType, indices?: IndexRange): Tensor {
    return this.tensor(this.builder.input(name, shape, dtype, indices));
  }

  constant(value: number, dtype: DType): Tensor {
    return this.tensor(this.builder.constant(value, dtype));
  }

  tensor(id: number): TracedTensor {
    return new TracedTensor(this, id);
  }

  /** The node behind a tensor of this trace. */
  idOf(tensor: Tensor): number {
    if (!TracedTensor.isOne(tensor) || tensor.tracer !== this) {
      throw new LossesError(
        "INVALID_DEFINITION",
        "trace: tensors must come from the loss being traced, got one from elsewhere. Do not keep tensors between calls.",
      );
    }
    return tensor.id;
  }
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
    throw invalidGradient(`value must be a tensor of the loss being traced, got ${printValue(value)}.`);
  }
  const { tracer } = value;
  const own: number[] = [];
  if (!isListOf(inputs, (input) => TracedTensor.isOne(input) && own.push(tracer.idOf(input)) > 0)) {
    throw invalidGradient(`inputs must be a list of tensors of the loss being traced, got ${printValue(inputs)}.`);
  }
  if (typeof backward !== "function") {
    throw invalidGradient(`backward must be a function, got ${printValue(backward)}.`);
  }
  const id = tracer.builder.add("identity", [value.id], {});
  const checked: Backward = (gradient, result) => {
    const flows: (Tensor | undefined)[] = [];
    const given: unknown = backward(gradient, result);
    const isFlow = (flow: unknown): boolean =>
      (flow === undefined || TracedTensor.isOne(flow)) && flows.push(flow) <= own.length;
    if (isListOf(given, isFlow)) return flows;
    throw invalidGradient(
      `backward must give a tensor, or undefined, for each of ${own.length} inputs, got ${printValue(given)}.`,
    );
  };
  tracer.rules.set(id, { inputs: own, backward: checked });
  return tracer.tensor(id);
}

function invalidGradient(what: string): LossesError {
  return new LossesError("INVALID_DEFINITION", `customGradient: ${what}`);
}

/** True for a tensor of a loss that is being traced. */
export function isTraced(value: unknown): value is Tensor {
  return value instanceof TracedTensor;
}

class TracedTensor implements Tensor {
  readonly tracer: Tracer;
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;

  constructor(tracer: Tracer, id: number) {
    const { shape, dtype } = tracer.builder.type(id);
    this.tracer = tracer;
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
  exp(): Tensor {
    return this.#unary("exp");
  }
  log(): Tensor {
    return this.#unary("log");
  }
  sqrt(): Tensor {
    return this.#unary("sqrt");
  }
  square(): Tensor {
    return this.mul(this);
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
    return this.#apply("clampMin", [this.id], { bound: bounded("clampMin", bound) });
  }
  clampMax(bound: number): Tensor {
    return this.#apply("clampMax", [this.id], { bound: bounded("clampMax", bound) });
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
    return this.#apply("less", [this.#operand(other), this.id], {});
  }
  greaterOrEqual(other: Operand): Tensor {
    return this.#apply("lessOrEqual", [this.#operand(other), this.id], {});
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
    const [first] = [whenTrue, whenFalse].flatMap((value) =>
      typeof value === "number" ? [] : [this.tracer.idOf(value)],
    );
    const dtype = first === undefined ? "float32" : this.tracer.tensor(first).dtype;
    const side = (value: Operand): number =>
      typeof value === "number" ? this.tracer.builder.constant(value, dtype) : this.tracer.idOf(value);
    return this.#apply("where", [this.id, side(whenTrue), side(whenFalse)], {});
  }
  cast(dtype: DType): Tensor {
    return dtype === this.dtype ? this : this.#apply("cast", [this.id], { to: dtype });
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
    return this.#reduce("reduceLogSumExp", normalizeAxis(axis, this.rank, "logSumExp"), keepdims);
  }
  softmax(axis: number): Tensor {
    return this.#apply("softmax", [this.id], { axis: normalizeAxis(axis, this.rank, "softmax") });
  }
  logSoftmax(axis: number): Tensor {
    return this.#apply("logSoftmax", [this.id], { axis: normalizeAxis(axis, this.rank, "logSoftmax") });
  }

  matmul(other: Tensor): Tensor {
    return this.#apply("matmul", [this.id, this.tracer.idOf(other)], {});
  }
  transpose(permutation?: readonly number[]): Tensor {
    const perm = permutation === undefined ? this.shape.map((_, i) => this.rank - 1 - i) : permutation;
    return this.#apply("transpose", [this.id], {
      perm: axesOf(perm, "transpose").map((axis) => normalizeAxis(axis, this.rank, "transpose")),
    });
  }
  unsqueeze(axes: Axes): Tensor {
    const list = axesOf(axes, "unsqueeze");
    return this.#apply("unsqueeze", [this.id], { axes: normalizeAxes(list, this.rank + list.length, "unsqueeze") });
  }
  squeeze(axes: Axes): Tensor {
    return this.#apply("squeeze", [this.id], { axes: normalizeAxes(axesOf(axes, "squeeze"), this.rank, "squeeze") });
  }
  expand(shape: Shape): Tensor {
    return sameShape(shape, this.shape) ? this : this.#apply("expand", [this.id], { shape });
  }

  count(axes?: Axes): Tensor {
    const dims = this.#axes(axes, "count").flatMap((axis) => this.shape[axis] ?? []);
    const dtype = isFloat(this.dtype) ? this.dtype : "float32";
    return this.#apply("dimSize", [], { dims, dtype });
  }
  iota(axis: number): Tensor {
    const at = normalizeAxis(axis, this.rank, "iota");
    const line = this.#apply("iota", [], { size: this.shape[at] ?? 1 });
    const trailing = this.rank - 1 - at;
    return trailing === 0 ? line : line.unsqueeze(Array.from({ length: trailing }, (_, i) => i + 1));
  }
  detach(): Tensor {
    return customGradient(this, [], () => []);
  }

  #apply<K extends OpName>(op: K, inputs: readonly number[], attrs: OpAttributes[K]): TracedTensor {
    return this.tracer.tensor(this.tracer.builder.add(op, inputs, attrs));
  }

  #unary(op: UnaryOp): Tensor {
    return this.#apply(op, [this.id], {});
  }

  #operand(other: Operand): number {
    if (typeof other !== "number") return this.tracer.idOf(other);
    if (this.dtype === "bool")
      throw new DTypeError(`trace: a bool tensor must meet a bool tensor, got the number ${other}.`);
    return this.tracer.builder.constant(other, this.dtype);
  }

  #binary(op: BinaryOp, other: Operand): Tensor {
    return this.#apply(op, [this.id, this.#operand(other)], {});
  }

  #axes(axes: Axes | undefined, op: string): readonly number[] {
    const list = axes === undefined ? this.shape.map((_, i) => i) : axesOf(axes, op);
    return normalizeAxes(list, this.rank, op);
  }

  #reduce(op: ReduceOp, axes: Axes | undefined, keepdims: boolean): Tensor {
    const list = this.#axes(axes, op);
    return list.length === 0 ? this : this.#apply(op, [this.id], { axes: list, keepdims });
  }

  #firstExtreme(op: "reduceMax" | "reduceMin", axis: number, keepdims: boolean): Tensor {
    if (typeof keepdims !== "boolean") {
      throw new LossesError(
        "INVALID_DEFINITION",
        `${op}: keepdims must be true or false, got ${printValue(keepdims)}.`,
      );
    }
    const at = normalizeAxis(axis, this.rank, op);
    const extreme = customGradient(this.#reduce(op, at, true), [this], (gradient, value) => {
      const position = this.iota(at);
      const hits = this.equal(value);
      const first = hits.where(position, 2 ** 31 - 1).amin(at, true);
      return [position.equal(first).and(hits).where(gradient, 0)];
    });
    return keepdims ? extreme : extreme.squeeze(at);
  }
}

function bounded(op: string, bound: number): number {
  if (typeof bound === "number") return bound;
  throw new LossesError("INVALID_DEFINITION", `${op}: the bound must be a number, got ${printValue(bound)}.`);
}

/** The axes of a list, each read once, or the one that is given. */
function axesOf(axes: Axes, op: string): readonly number[] {
  const own: number[] = [];
  const isAxis = (axis: unknown): boolean => typeof axis === "number" && own.push(axis) <= mostAxes;
  if (isListOf(typeof axes === "number" ? [axes] : axes, isAxis)) return own;
  throw new ShapeError(`${op}: axes must be a list of integers, got ${printValue(axes)}.`);
}
