import type { Graph } from "./graph/graph.js";
import type { LossSpec } from "./loss/define.js";
import type { ForInputs, GradInput, Grads, InputName, LossInputs, PerInput } from "./loss/inputTypes.js";
import type { DimSizes } from "./tensor/dims.js";
import type { DType, FloatDType, InputDType } from "./tensor/dtype.js";

/** A value that is there now or later. */
export type MaybePromise<T> = T | Promise<T>;

/** Element storage of a tensor in JavaScript memory: bool as bytes, float16 as its bit patterns. */
export type HostData = Float32Array | Float64Array | Int32Array | Uint8Array | Uint16Array;

/** A tensor in JavaScript memory, row-major, in the storage of its dtype. */
export interface HostTensor {
  readonly data: HostData;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** Numbers nested as deep as the tensor has axes, the innermost lists possibly typed arrays; a bare number is a scalar. */
export type NestedArray = number | readonly (NestedArray | AnyTypedArray | bigint | boolean)[];

/** Typed arrays that are taken as they are. */
export type AnyTypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/**
 * A flat array with its shape; `dtype` only where the array's class does not say it (`"bool"` in a Uint8Array). Where the elements
 * do not lie one after the other, `stride` or `strides` with `offset` (ndarray), or `fortranOrder` (.npy readers), say how.
 */
export interface ShapedArray {
  readonly data: AnyTypedArray | readonly number[];
  readonly shape: readonly number[];
  readonly dtype?: InputDType;
  readonly stride?: ArrayLike<number>;
  readonly strides?: ArrayLike<number>;
  readonly offset?: number;
  readonly fortranOrder?: boolean;
}

/** A tensor of ONNX Runtime or transformers.js, with its data on the host. */
export interface DimsTensor {
  readonly data: unknown;
  readonly dims: readonly number[];
  readonly type: string;
}

/** Every form in which plain data is accepted: nested arrays, a typed array (one axis), or a flat array with a shape. */
export type PlainTensor = NestedArray | AnyTypedArray | ShapedArray | DimsTensor;

/**
 * The part of a backend that its author writes: tensors of its own kind, and graphs made executable.
 * `defineBackend` adds everything else: validation, binding, tracing, differentiation, caching.
 */
export interface Engine<T> {
  /** `js:scalar`, `tfjs:wasm`, `onnxruntime:cpu` … */
  readonly id: string;
  readonly device: string;
  /**
   * Floating dtypes that it computes in, the default first. With float16 inputs and results are float16, and what lies between is
   * computed in float32.
   */
  readonly dtypes: readonly [FloatDType, ...FloatDType[]];
  /**
   * Says that its executables can write results into tensors that they are handed, and when that would overwrite what they
   * still read: true if two tensors have memory in common. Left out: results are always new tensors.
   */
  readonly sharesMemory?: (a: T, b: T) => boolean;
  /** True for a tensor of this engine's own kind. */
  isTensor(value: unknown): value is T;
  /** Shape and dtype of an own tensor, without reading its data. */
  describe(tensor: T): { readonly shape: readonly number[]; readonly dtype: InputDType };
  /** Own tensor as the dtype that a graph input wants; the same tensor where nothing has to change. */
  convert(tensor: T, dtype: DType): MaybePromise<T>;
  /** An own tensor with these contents. May keep the array without copying. */
  upload(tensor: HostTensor): T;
  /** The contents of an own tensor. */
  download(tensor: T): MaybePromise<HostTensor>;
  /** Frees a tensor that the engine made (`upload`, `convert`, or a result). */
  release(tensor: T): void;
  /** Makes a graph executable. Called once per graph. */
  compile(graph: Graph): MaybePromise<Executable<T>>;
  dispose(): MaybePromise<void>;
}

/** What runs a loss, or part of it. */
export interface EngineUse {
  /** `js:wasm`, `js:scalar` … */
  readonly engine: string;
  /** Why it is not the fastest engine that the backend has; left out where it is. */
  readonly reason?: string;
}

/** A compiled graph. Serves every size of its symbols; concurrent runs do not disturb each other. */
export interface Executable<T> {
  /** What ran it last, where its engine has several ways to do so. */
  readonly use?: EngineUse | undefined;
  /**
   * Tensors for the graph's inputs by name, and the sizes of its symbols; results in the order of `graph.outputs`.
   * Where `out` has a tensor, of the right shape and dtype, the result is written there, and is that tensor. Only engines
   * that have `sharesMemory` are handed any. `isLater`: whether the caller takes a promise; an engine that could answer with one, and
   * at once, answers with one if it is true, and else at once.
   */
  run(
    feeds: Readonly<Record<string, T>>,
    sizes: DimSizes,
    out?: readonly (T | undefined)[],
    isLater?: boolean,
  ): MaybePromise<readonly T[]>;
  dispose(): MaybePromise<void>;
}

/** What a compiled loss is fed: plain data or the backend's own tensors, by input name. */
export type Feeds<T, I> = PerInput<I, T | PlainTensor>;

/** The value of a loss and its gradients by input name. */
export interface ValueAndGrad<T, I, W extends InputName<I> = GradInput<I>> {
  /** The loss. */
  readonly value: T;
  /** The gradient of the sum of the loss, by input. */
  readonly grads: Grads<T, I, W>;
  /** The parts of the loss by name, where they were asked for; empty where it has none. */
  readonly parts?: { readonly [name: string]: T };
}

/** The part of an `AbortSignal` that is used. */
export interface CancelSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** How one call is run. */
export interface RunOptions {
  /**
   * Ends the call early: it rejects with the signal's reason. What a device has begun is finished there, and its results
   * are freed. A backend that computes on the thread that calls it (js, tfjs on cpu and wasm) looks at the signal before and after a
   * call only: nothing can be told to a busy thread. To stop within a large evaluation give it in batches (`evaluateBatches`), which
   * looks between them; or run it in a worker (`createBackend({ worker: true })` of @losses/onnxruntime), which leaves the thread free.
   */
  readonly signal?: CancelSignal;
}

export interface ValueOptions<T> extends RunOptions {
  /** A tensor of the backend, of the right shape and dtype, that the loss is written into instead of a new one. */
  readonly out?: T;
}

export interface GradOptions<T, I, W extends InputName<I> = GradInput<I>> extends RunOptions {
  /** Inputs to differentiate with respect to; default: every differentiable input that was given. */
  readonly wrt?: readonly W[];
  /** Gives the parts of the loss, too: the terms of a weighted sum by their names, without their weights. Default false. */
  readonly parts?: boolean;
  /**
   * Tensors of the backend, of the right shapes and dtypes, that results are written into instead of new ones: no memory is
   * taken. They must not be inputs of the same call. After a call that fails their contents are undefined.
   */
  readonly out?: { readonly value?: T; readonly grads?: { readonly [K in W]?: ForInputs<I, T>[K] } };
}

/** Shape and dtype of an input to come; the dtype may be left out where the loss says it. */
export interface InputType {
  readonly shape: readonly number[];
  readonly dtype?: InputDType;
}

/** The inputs to come, by name. */
export type InputTypes<I> = PerInput<I, InputType>;

export interface CompileOptions {
  /** The dtype to compute in; default: the first that the backend offers. */
  readonly dtype?: FloatDType;
}

/** A loss made ready for one backend. Graphs are compiled on first use and kept, one for every batch size. */
export interface CompiledLoss<T, I extends LossInputs = LossInputs> {
  /** The loss with its options. */
  readonly spec: LossSpec<I>;
  /** The loss. */
  value(feeds: Feeds<T, I>, options?: ValueOptions<T>): Promise<T>;
  /** The loss and the gradient of its sum with respect to its inputs. */
  valueAndGrad<W extends GradInput<I> = GradInput<I>>(
    feeds: Feeds<T, I>,
    options?: GradOptions<T, I, W>,
  ): Promise<ValueAndGrad<T, I, W>>;
  /**
   * Pays beforehand what a first call costs: compiles the loss and its gradients (`wrt: []`: the loss alone) for inputs of
   * these shapes and runs it once over zeros. Later calls with other sizes use the same graph.
   */
  warm(inputs: InputTypes<I>, options?: WarmOptions<GradInput<I>>): Promise<void>;
  /**
   * What has run this loss so far. A backend may have several engines: one that does not take a graph, as js's compiled one takes none in
   * float64, leaves it to the next, and here is the reason. Empty before the first call.
   */
  uses(): readonly EngineUse[];
}

export interface WarmOptions<N extends string> extends RunOptions {
  /** The gradients to warm up for; default: all. */
  readonly wrt?: readonly N[];
}

/** A compiled loss of a backend that can also answer at once. */
export interface SyncCompiledLoss<T, I extends LossInputs = LossInputs> extends CompiledLoss<T, I> {
  /** The loss, at once. */
  valueSync(feeds: Feeds<T, I>, options?: ValueOptions<T>): T;
  /** The loss and the gradient of its sum with respect to its inputs, at once. */
  valueAndGradSync<W extends GradInput<I> = GradInput<I>>(
    feeds: Feeds<T, I>,
    options?: GradOptions<T, I, W>,
  ): ValueAndGrad<T, I, W>;
}

/** What users hold: one engine on one device, with every loss. */
export interface Backend<T> {
  /** What it is called: `js:wasm`. */
  readonly id: string;
  /** What computes: `cpu`, `webgpu`. */
  readonly device: string;
  /** The dtypes that it computes in, the default first. */
  readonly dtypes: readonly FloatDType[];
  /** Makes a loss ready to be run: `compile(crossEntropy())`. Once for each loss and its options; batches of every size are taken. */
  compile<I extends LossInputs>(spec: LossSpec<I>, options?: CompileOptions): Promise<CompiledLoss<T, I>>;
  /** A tensor in the backend's own memory: the fast path for inputs that are used again. */
  tensor(data: PlainTensor, options?: { readonly dtype?: DType }): T;
  /** The contents of one of the backend's tensors. */
  read(tensor: T): Promise<HostTensor>;
  /** Frees a result or a tensor made by `tensor`; where the runtime collects garbage itself, does nothing. */
  release(tensor: T): void;
  /** Frees every compiled graph. Using the backend afterwards is an error. */
  dispose(): Promise<void>;
}

/** A backend whose losses also answer synchronously, as inside a synchronous training step. */
export interface SyncBackend<T> extends Backend<T> {
  /** Makes a loss ready to be run: `compile(crossEntropy())`. Once for each loss and its options; batches of every size are taken. */
  compile<I extends LossInputs>(spec: LossSpec<I>, options?: CompileOptions): Promise<SyncCompiledLoss<T, I>>;
  /** The same, at once. */
  compileSync<I extends LossInputs>(spec: LossSpec<I>, options?: CompileOptions): SyncCompiledLoss<T, I>;
  /** The contents of one of the backend's tensors, at once. */
  readSync(tensor: T): HostTensor;
}
