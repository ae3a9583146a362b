import type { Dim, Shape } from "../tensor/dims.js";
import type { DType, FloatDType } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";

/** Integers in `[0, below)`, or equal to `except`. */
export interface IndexRange {
  readonly below: Dim;
  readonly except?: number;
}

/** Ops without attributes. */
export type NoAttributes = Readonly<Record<never, never>>;

/** Axes (normalised, ascending) that a reduction removes, or keeps as size 1. */
export interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepdims: boolean;
}

/** Element-wise ops of one operand. */
export type UnaryOp = "neg" | "abs" | "sign" | "exp" | "log" | "sqrt" | "relu" | "sigmoid" | "softplus" | "not";

/** Element-wise ops of two operands that broadcast. */
export type BinaryOp =
  "add" | "sub" | "mul" | "div" | "pow" | "maximum" | "minimum" | "equal" | "less" | "lessOrEqual" | "and" | "or";

export type ReduceOp = "reduceSum" | "reduceMax" | "reduceMin" | "reduceLogSumExp";

/** The closed set of primitive ops, with the attributes of each. A backend implements exactly these. */
export type OpAttributes = {
  /** A named tensor fed at run time. */
  readonly input: {
    readonly name: string;
    readonly shape: Shape;
    readonly dtype: DType;
    /** What its integers are, where they are checked before a run. */
    readonly indices?: IndexRange;
  };
  /** A scalar known when the graph is built. */
  readonly constant: { readonly value: number; readonly dtype: DType };
  /** `0, 1, …, size-1` as int32. */
  readonly iota: { readonly size: Dim };
  /** The product of dimensions, as a scalar. */
  readonly dimSize: { readonly dims: readonly Dim[]; readonly dtype: FloatDType };
  readonly clampMin: { readonly bound: number };
  readonly clampMax: { readonly bound: number };
  readonly cast: { readonly to: DType };
  readonly where: NoAttributes;
  readonly softmax: { readonly axis: number };
  readonly logSoftmax: { readonly axis: number };
  readonly matmul: NoAttributes;
  readonly transpose: { readonly perm: readonly number[] };
  readonly unsqueeze: { readonly axes: readonly number[] };
  readonly squeeze: { readonly axes: readonly number[] };
  readonly expand: { readonly shape: Shape };
  /** Passes its operand through: where the tracer attaches a gradient of its own. */
  readonly identity: NoAttributes;
} & { readonly [K in UnaryOp | BinaryOp]: NoAttributes } & { readonly [K in ReduceOp]: ReduceAttributes };

export type OpName = keyof OpAttributes;

/** Shape and dtype of a value in the graph. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** What a derivative rule is given: the operands, the result and the gradient that arrives at the result. */
export interface VjpContext<A> {
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly gradient: Tensor;
  readonly attrs: A;
}

/**
 * The vector-Jacobian product: one gradient per operand, `undefined` where none flows.
 * A gradient may have the broadcast shape; it is summed back to the operand's shape in one place, outside.
 */
export type Vjp<A> = (context: VjpContext<A>) => readonly (Tensor | undefined)[];

/** Everything that is known of an op, in one place. */
export interface OpDefinition<A> {
  /** Number of operands. */
  readonly arity: number;
  /** One sentence: what the op computes. */
  readonly doc: string;
  /** Shape and dtype rule; throws `ShapeError` or `DTypeError`. */
  readonly infer: (inputs: readonly TensorType[], attrs: A) => TensorType;
  /** Derivative rule; `"none"` where the result has no useful derivative. */
  readonly vjp: Vjp<A> | "none";
  /**
   * Error budget in units in the last place for one element (a reduction's own length comes on top);
   * 0 where the result is exact, 0.5 where IEEE 754 demands correct rounding.
   */
  readonly ulp: number;
}

export type OpTable = { readonly [K in OpName]: OpDefinition<OpAttributes[K]> };
