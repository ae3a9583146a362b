import { sizeOf, UnsupportedOpError, type HostData } from "@losses/core";
import type { KernelBackend, NamedAttrMap, TensorInfo } from "@tensorflow/tfjs-core";
import type { Tf, TfTensor } from "../tf.js";
import { dataOf, guarded, newData } from "../wasmHeap.js";

/** The dtypes of TensorFlow.js that graphs use. */
export type TfDType = "float32" | "int32" | "bool";

/** What kernels take and give: an engine's data with its shape, without a tensor around it. */
export type Value = TensorInfo;

/** What steps compute with: the kernels of one engine, called without TensorFlow.js's bookkeeping around each call. */
export interface Runtime {
  readonly device: string;
  /** Runs one kernel and returns its result. */
  readonly kernel: (name: string, inputs: KernelInputs, attrs?: KernelAttributes) => Value;
  /** Runs one kernel and returns all its results. */
  readonly results: (name: string, inputs: KernelInputs, attrs?: KernelAttributes) => readonly Value[];
  readonly make: (data: HostData, shape: readonly number[], dtype: TfDType) => Value;
  /** A second value over the same memory, in a shape of as many elements. */
  readonly alias: (x: Value, shape: readonly number[]) => Value;
  /** A scalar that stays on the engine: made once, never freed. */
  readonly constant: (value: number, dtype: TfDType) => Value;
  /** The elements of a value of an engine in memory; where they are, so that they may be gone as soon as something is made. */
  readonly data: (x: Value) => Data;
  /** Frees what the work makes, except its result. */
  readonly only: (work: () => Value) => Value;
  readonly free: (x: Value) => void;
  /** A tensor of TensorFlow.js, which owns the value from now on. */
  readonly tensor: (x: Value) => TfTensor;
}

/** The elements of a value: float32, int32 or bool. */
export type Data = Float32Array | Int32Array | Uint8Array;

/** By name, or in a list where there may be any number. */
type KernelInputs = Readonly<Record<string, Value>> | readonly Value[];

type KernelAttributes = Readonly<
  Record<string, number | boolean | string | readonly number[] | readonly (readonly number[])[]>
>;

function isList(inputs: KernelInputs): inputs is readonly Value[] {
  return Array.isArray(inputs);
}

/** Kernels of tfjs-node that are written in operations of TensorFlow.js, which take nothing but tensors. */
const takesTensors: ReadonlySet<string> = new Set(["Pow", "ClipByValue"]);

/** Scalars by engine, then by dtype and number. Losses have few, and the same ones. */
const constants = new WeakMap<KernelBackend, Map<string, Value>>();

/** The contents of what is kept, by data. */
const contents = new WeakMap<object, Data>();

/** The engine must be the current one whenever the runtime is used. */
export function createRuntime(tf: Tf, device: string): Runtime {
  const engine = tf.engine();
  let made: Value[] = [];
  const note = (x: Value): Value => {
    made.push(x);
    return x;
  };
  // Some kernels of the cpu engine give tensors instead of bare values.
  const free = (x: Value): void => {
    const backend = tf.backend();
    if (x instanceof tf.Tensor) x.dispose();
    // TensorFlow.js counts the data of such a tensor until it is told that its last alias has gone.
    else if (backend.disposeData(x.dataId)) engine.removeDataId(x.dataId, backend);
  };
  const results: Runtime["results"] = (name, inputs, attrs) => {
    const kernel = tf.getKernel(name, device);
    if (kernel === undefined || kernel === null) {
      throw new UnsupportedOpError(`tfjs:${device}: the engine must have the kernel ${name}, got none.`);
    }
    const backend = guarded(tf.backend());
    const named = device === "tensorflow" && takesTensors.has(name) ? asTensors(inputs) : inputs;
    // A list is an object with the numbers as names to TensorFlow.js's types, and must be a list to its kernels.
    const given = (isList(named) ? [...named] : { ...named }) as Record<string, Value>;
    const run = (): Value | readonly Value[] =>
      kernel.kernelFunc({ inputs: given, attrs: (attrs ?? {}) as unknown as NamedAttrMap, backend });
    const made = device === "webgl" && name === "TopK" ? withFlags(tf, staysOnDevice, run) : run();
    return ("dataId" in made ? [made] : made).map(note);
  };
  const kernel: Runtime["kernel"] = (name, inputs, attrs) => firstResult(name, results(name, inputs, attrs));
  // Of that engine, Reshape answers with a tensor.
  const asTensors = (inputs: KernelInputs): Record<string, Value> =>
    Object.fromEntries(
      Object.entries(inputs).map(([key, x]) => [
        key,
        x instanceof tf.Tensor ? x : kernel("Reshape", { x }, { shape: x.shape }),
      ]),
    );
  return {
    device,
    kernel,
    results,
    make: (data, shape, dtype) => note(newData(tf.backend(), shape, dtype, data)),
    alias: (x, shape) => {
      // On these, the kernel Reshape does no more than this. (Identity copies on wasm.)
      if (device !== "wasm" && device !== "cpu") return kernel("Reshape", { x }, { shape });
      tf.backend().incRef(x.dataId);
      return note({ dataId: x.dataId, shape: [...shape], dtype: x.dtype });
    },
    constant: (value, dtype) => {
      const backend = tf.backend();
      const known = constants.get(backend) ?? new Map<string, Value>();
      constants.set(backend, known);
      const key = `${dtype} ${Object.is(value, -0) ? "-0" : value}`;
      const found = known.get(key);
      if (found !== undefined) return found;
      const data = scalarData(value, dtype);
      const fresh: Value = newData(backend, [], dtype, data);
      known.set(key, fresh);
      contents.set(fresh.dataId, data);
      return fresh;
    },
    data: (x) => dataOf(tf.backend(), x),
    only: (work) => {
      const outer = made;
      made = [];
      try {
        const result = work();
        for (const x of made) if (x !== result) free(x);
        return result;
      } catch (error) {
        made.forEach(free);
        throw error;
      } finally {
        made = outer;
      }
    },
    free,
    tensor: (x) => {
      if (x instanceof tf.Tensor) return x;
      const backend = tf.backend();
      const kept = contents.get(x.dataId);
      if (kept === undefined) return engine.makeTensorFromTensorInfo(x, backend);
      // Tensors own their data: what is kept is copied.
      const { dataId } = newData(backend, x.shape, x.dtype as TfDType, kept.slice());
      free(x);
      return engine.makeTensorFromTensorInfo({ ...x, dataId }, backend);
    },
  };
}

/** How the webgl engine is kept from reading what it has computed in order to sort it in JavaScript. */
const staysOnDevice = {
  TOPK_LAST_DIM_CPU_HANDOFF_SIZE_THRESHOLD: 0,
  TOPK_K_CPU_HANDOFF_THRESHOLD: Number.MAX_SAFE_INTEGER,
};

/** Runs work with flags of TensorFlow.js set, and sets them back. */
function withFlags<A>(tf: Tf, flags: Readonly<Record<string, number>>, work: () => A): A {
  const env = tf.env();
  const before = Object.keys(flags).map((flag) => [flag, env.getNumber(flag)] as const);
  try {
    for (const [flag, value] of Object.entries(flags)) env.set(flag, value);
    return work();
  } finally {
    for (const [flag, value] of before) env.set(flag, value);
  }
}

function firstResult(name: string, [result]: readonly Value[]): Value {
  if (result === undefined) throw new RangeError(`the kernel ${name} gave no result`);
  return result;
}

/** A value with every element the same. */
export function fill(rt: Runtime, shape: readonly number[], value: number, dtype: TfDType): Value {
  return rt.kernel("Fill", {}, { shape, value, dtype });
}

/** A number of a loss or of an op, not of the data: it is kept. */
export function scalar(rt: Runtime, value: number, dtype: TfDType): Value {
  return rt.constant(value, dtype);
}

function scalarData(value: number, dtype: TfDType): Data {
  return dtype === "float32" ? Float32Array.of(value) : dtype === "int32" ? Int32Array.of(value) : Uint8Array.of(value);
}

/** The same elements in another shape; x itself if it has that shape already. */
export function reshape(rt: Runtime, x: Value, shape: readonly number[]): Value {
  return sameSizes(x.shape, shape) ? x : alias(rt, x, shape);
}

export function alias(rt: Runtime, x: Value, shape: readonly number[] = x.shape): Value {
  return rt.alias(x, shape);
}

export function sameSizes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

export function elements(x: Value): number {
  return sizeOf(x.shape);
}
