import type { Graph } from "../graph/graph.js";
import type { Dim, DimSizes, Shape } from "../tensor/dims.js";
import type { DType, FloatDType } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";

/** What integers are held against: a size, or another input's element at the same place. */
export type IndexLimit = Dim | { readonly input: string };

/** Integers from `from` (default 0) on, less than `below` and at most `atMost`, or equal to `except`. */
export interface IndexRange {
  readonly from?: number;
  readonly below?: IndexLimit;
  readonly atMost?: IndexLimit;
  readonly except?: number;
  /** What they add up to. */
  readonly sum?: Dim;
}

/** Numbers from `from` to `to`, both among them, or NaN. */
export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

/** What an input of a graph holds, where that is checked before a run. */
export interface HeldNumbers {
  readonly indices?: IndexRange;
  readonly numbers?: NumberRange;
}

/** Ops without attributes. */
export type NoAttributes = Readonly<Record<never, never>>;

/** Axes (normalised, ascending) that a reduction removes, or keeps as size 1. */
export interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepdims: boolean;
}

/** One axis (normalised), removed or kept as size 1. */
export interface ExtremeAttributes {
  readonly axis: number;
  readonly keepdims: boolean;
}

/** Positions `start`, `start + step`, … along an axis. */
export interface Positions {
  readonly axis: number;
  readonly start: Dim;
  /** Not 0; negative steps go backwards. */
  readonly step: number;
  /** How many there are (`slice`), or how long the axis is that they lie in (`pad`). */
  readonly size: Dim;
}

export interface ScanAttributes {
  /**
   * One step. Its inputs, in order: the carries, this step's part of each sequence, and what is the same in every step. Its
   * outputs: the next carries, then what is collected of every step. Symbols mean what they mean around it.
   */
  readonly body: Graph;
  readonly carries: number;
  readonly sequences: number;
  /** How many steps there are: the first axis of each sequence, and of what is collected. */
  readonly length: Dim;
  /** From the last element of the sequences to the first. */
  readonly reverse: boolean;
  /** Which of the body's outputs this is: a carry after the last step, or what all steps collected. */
  readonly output: number;
}

export type SourceOp = "input" | "constant" | "iota" | "dimSize";

/** Element-wise ops of one operand, without attributes. */
export type UnaryOp =
  | "neg"
  | "abs"
  | "sign"
  | "floor"
  | "exp"
  | "expm1"
  | "log"
  | "log1p"
  | "sqrt"
  | "tanh"
  | "atan"
  | "erf"
  | "relu"
  | "sigmoid"
  | "softplus"
  | "not";

/** Element-wise ops of two operands that broadcast. */
export type BinaryOp =
  "add" | "sub" | "mul" | "div" | "pow" | "maximum" | "minimum" | "equal" | "less" | "lessOrEqual" | "and" | "or";

/** Ops that compute each element of the result from the same element of the (broadcast) operands. */
export type ElementwiseOp = UnaryOp | BinaryOp | "where" | "clampMin" | "clampMax" | "cast" | "identity";

export type ReduceOp = "reduceSum" | "reduceMax" | "reduceMin" | "reduceLogSumExp";

/** The closed set of primitive ops, with the attributes of each. A backend implements exactly these. */
export type OpAttributes = {
  /** A named tensor fed at run time. */
  readonly input: HeldNumbers & { readonly name: string; readonly shape: Shape; readonly dtype: DType };
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
  readonly argMax: ExtremeAttributes;
  readonly argMin: ExtremeAttributes;
  readonly argsort: { readonly axis: number; readonly descending: boolean };
  readonly cumsum: { readonly axis: number; readonly exclusive: boolean; readonly reverse: boolean };
  readonly gather: { readonly axis: number };
  readonly scatterAdd: { readonly axis: number; readonly size: Dim };
  readonly matmul: NoAttributes;
  readonly transpose: { readonly perm: readonly number[] };
  readonly unsqueeze: { readonly axes: readonly number[] };
  readonly squeeze: { readonly axes: readonly number[] };
  readonly expand: { readonly shape: Shape };
  readonly reshape: { readonly shape: Shape };
  readonly concat: { readonly axis: number };
  readonly slice: Positions;
  readonly pad: Positions;
  readonly scan: ScanAttributes;
  /** Passes its operand through: where the tracer attaches a gradient of its own. */
  readonly identity: NoAttributes;
} & { readonly [K in UnaryOp | BinaryOp]: NoAttributes } & { readonly [K in ReduceOp]: ReduceAttributes };

export type OpName = keyof OpAttributes;

/** Something for each operand of an op. */
export type Operands<T, K extends OpName> = K extends SourceOp
  ? readonly []
  : K extends BinaryOp | "matmul" | "gather" | "scatterAdd"
    ? readonly [T, T]
    : K extends "where"
      ? readonly [T, T, T]
      : K extends "concat" | "scan"
        ? readonly T[]
        : readonly [T];

/** Shape and dtype of a value in the graph. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** What a derivative rule is given: the operands, the result and the gradient that arrives at the result. */
export interface VjpContext<K extends OpName> {
  readonly inputs: Operands<Tensor, K>;
  readonly output: Tensor;
  readonly gradient: Tensor;
  readonly attrs: OpAttributes[K];
}

/**
 * The vector-Jacobian product: one gradient per operand, `undefined` where none flows.
 * A gradient may have the broadcast shape; it is summed back to the operand's shape in one place, outside.
 */
export type Vjp<K extends OpName> = (context: VjpContext<K>) => Operands<Tensor | undefined, K>;

/** The numbers of a tensor, row-major; bools are 0 where they are false. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly data: Float64Array | Float32Array | Int32Array | Uint8Array;
}

/** The same in float64; bools are 0 and 1. */
export interface Values extends Numbers {
  readonly data: Float64Array;
}

/** What an op is evaluated on. */
export interface EvaluateContext<K extends OpName> {
  readonly inputs: Operands<Numbers, K>;
  readonly attrs: OpAttributes[K];
  /** The shape of the result. */
  readonly shape: readonly number[];
  readonly sizes: DimSizes;
  /** The tensors that are fed, by name. */
  readonly feeds: Readonly<Record<string, Numbers>>;
  /** Evaluates a graph inside this one; its results in order. */
  readonly run: (graph: Graph, feeds: Readonly<Record<string, Numbers>>) => readonly Values[];
}

/** Whether a result is never below 0, in any arithmetic, given the same of its operands and which nodes they are. */
export type SignRule<K extends OpName> = (
  operands: Operands<boolean, K>,
  attrs: OpAttributes[K],
  nodes: Operands<number, K>,
) => boolean;

interface AnyOp<K extends OpName> {
  /** Number of operands; `"any"`: one or more. */
  readonly arity: number | "any";
  /** Shape and dtype rule; throws `ShapeError` or `DTypeError`. */
  readonly infer: (inputs: Operands<TensorType, K>, attrs: OpAttributes[K]) => TensorType;
  /** Derivative rule; `"none"` where the result has no useful derivative. */
  readonly vjp: Vjp<K> | "none";
  /**
   * Error budget in units in the last place for one element (a reduction's own length comes on top);
   * 0 where the result is exact, 0.5 where IEEE 754 demands correct rounding.
   */
  readonly ulp: number;
  readonly isNonNegative: SignRule<K>;
}

/** Everything that is known of an op, in one place. What it computes stands in its comment, its meaning on numbers in a function. */
export type OpDefinition<K extends OpName> = AnyOp<K> &
  ([K] extends [ElementwiseOp]
    ? {
        /** One element of the result, in float64. */
        readonly at: (operands: Operands<number, K>, attrs: OpAttributes[K]) => number;
        /** How one operand's growth moves the result, where that is always the same way. */
        readonly monotone?: "up" | "down";
        /** True where an element costs as much as many loads and stores. */
        readonly isExpensive?: true;
      }
    : {
        /** The result, in float64. It may be an operand's own array. */
        readonly evaluate: (context: EvaluateContext<K>) => Float64Array;
      });

export type OpTable = { readonly [K in OpName]: OpDefinition<K> };
