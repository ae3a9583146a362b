import { UnsupportedOpError, type HostData } from "@losses/core";
import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { Tf, TfTensor } from "../tf.js";

/** The dtypes of TensorFlow.js that graphs use. */
export type TfDType = "float32" | "int32" | "bool";

/** What steps compute with: the kernels of one engine. */
export interface Runtime {
  readonly device: string;
  /** Runs one kernel and returns its result. */
  readonly kernel: (name: string, inputs: Readonly<Record<string, TfTensor>>, attrs?: KernelAttributes) => TfTensor;
  readonly make: (data: HostData, shape: readonly number[], dtype: TfDType) => TfTensor;
}

export type KernelAttributes = Readonly<Record<string, number | boolean | string | readonly number[]>>;

export function createRuntime(tf: Tf, device: string): Runtime {
  const engine = tf.engine();
  return {
    device,
    kernel: (name, inputs, attrs) => {
      try {
        return engine.runKernel<TfTensor>(name, { ...inputs }, attrs as NamedAttrMap | undefined);
      } catch (cause) {
        if (tf.getKernel(name, device) !== undefined) throw cause;
        throw new UnsupportedOpError(`tfjs:${device}: the engine must have the kernel ${name}, got none.`, { cause });
      }
    },
    make: (data, shape, dtype) => engine.makeTensor(data as Float32Array, [...shape], dtype),
  };
}

/** A tensor with every element `value`. */
export function fill(rt: Runtime, shape: readonly number[], value: number, dtype: TfDType): TfTensor {
  return rt.kernel("Fill", {}, { shape, value, dtype });
}

export function scalar(rt: Runtime, value: number, dtype: TfDType): TfTensor {
  const data =
    dtype === "float32" ? Float32Array.of(value) : dtype === "int32" ? Int32Array.of(value) : Uint8Array.of(value);
  return rt.make(data, [], dtype);
}

/** The same elements in another shape; x itself if it has that shape already. */
export function reshape(rt: Runtime, x: TfTensor, shape: readonly number[]): TfTensor {
  return sameSizes(x.shape, shape) ? x : alias(rt, x, shape);
}

/** A second tensor over the same memory. (Identity copies on wasm.) */
export function alias(rt: Runtime, x: TfTensor, shape: readonly number[] = x.shape): TfTensor {
  return rt.kernel("Reshape", { x }, { shape });
}

export function sameSizes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}
