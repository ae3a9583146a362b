import {
  DTypeError,
  InputError,
  isObject,
  UnsupportedOpError,
  type DimSizes,
  type DType,
  type Engine,
  type EngineUse,
  type Executable,
  type Graph,
  type HostData,
  type HostTensor,
  type MaybePromise,
} from "@losses/core";
import { onEngine } from "./engineSwitch.js";
import { copyInto, injected, obstacleTo, type RunInjected } from "./injected.js";
import { castTensor } from "./kernels/elementwise.js";
import { lower } from "./kernels/lower.js";
import type { KernelCalls } from "./kernels/kernelCalls.js";
import { runKernelCalls } from "./kernels/run.js";
import { createRuntime, type TfDType } from "./kernels/runtime.js";
import type { Tf, TfTensor } from "./tf.js";

/**
 * An initialised TensorFlow.js engine as an engine of losses: forward kernels only, every tensor accounted for.
 * `reads`: whether contents may come later, where the device cannot give them at once, or are refused there.
 * `code`: whether graphs may become WebAssembly in the wasm engine's memory, which is many times faster than its kernels.
 */
export function createEngine(
  tf: Tf,
  device: string,
  reads: "now" | "later" = "now",
  code: "own" | "kernels" = "own",
): Engine<TfTensor> {
  const id = `tfjs:${device}`;
  const isWanted = code === "own" && device === "wasm";
  const obstacle = isWanted ? obstacleTo(tf) : undefined;
  const isInjected = isWanted && obstacle === undefined;
  const runtime = createRuntime(tf, device);
  return {
    id,
    device,
    dtypes: ["float32"],
    ...(isInjected ? { sharesMemory: (a: TfTensor, b: TfTensor) => a.dataId === b.dataId } : {}),
    // instanceof looks at properties, and data of a host tensor is looked at once.
    isTensor: (value): value is TfTensor => isObject(value) && "dataId" in value && value instanceof tf.Tensor,
    describe: (tensor) => ({ shape: tensor.shape, dtype: dtypeOf(id, tensor) }),
    convert: (tensor, dtype) =>
      tensor.dtype === dtype
        ? tensor
        : onEngine(tf, device, () =>
            runtime.tensor(runtime.only(() => castTensor(runtime, tensor, ownDType(id, dtype)))),
          ),
    upload: ({ data, shape, dtype }) =>
      onEngine(tf, device, () => runtime.tensor(runtime.only(() => runtime.make(data, shape, ownDType(id, dtype))))),
    download: (tensor) => onEngine(tf, device, () => download(tf, id, reads, tensor)),
    release: (tensor) => tensor.dispose(),
    compile: (graph: Graph): Executable<TfTensor> => {
      const byProgram: RunInjected = isInjected
        ? injected(tf, graph)
        : () => ({ results: undefined, reason: obstacle });
      let use: EngineUse | undefined;
      let calls: KernelCalls | undefined;
      const byKernels = (feeds: Readonly<Record<string, TfTensor>>, sizes: DimSizes): TfTensor[] => {
        calls ??= lower(graph, device);
        return runKernelCalls(runtime, calls, feeds, sizes);
      };
      return {
        get use() {
          return use;
        },
        run: (feeds, sizes, out = []) =>
          onEngine(tf, device, () => {
            const { results, reason } = byProgram(feeds, sizes, out);
            if (use?.reason !== reason) use = reason === undefined ? undefined : { engine: `${id} kernels`, reason };
            return results ?? copyInto(tf, byKernels(feeds, sizes), out);
          }),
        dispose: () => undefined,
      };
    },
    dispose: () => undefined,
  };
}

function dtypeOf(id: string, tensor: TfTensor): TfDType {
  if (tensor.isDisposed) {
    throw new InputError(`${id}: tensors must be alive, got one that was disposed.`, "INVALID_INPUT");
  }
  const { dtype } = tensor;
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype;
  throw new DTypeError(`${id}: tensors must be float32, int32 or bool, got ${dtype}.`);
}

function ownDType(id: string, dtype: DType): TfDType {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype;
  throw new DTypeError(`${id}: tensors are float32, int32 or bool, got ${dtype}.`);
}

/** What webgpu tensors held when they could still be read at once. Tensors never change. */
const remembered = new WeakMap<object, HostData>();

/** True if webgpu holds a tensor in JavaScript too, as far as that can be seen: before its first use, and once it was read. */
function isOnHost(tf: Tf, tensor: TfTensor): boolean {
  const engine: object = tf.backend();
  if (!("tensorMap" in engine)) return false;
  const data = (engine.tensorMap as { get?: (id: object) => { values?: unknown } | undefined }).get?.(tensor.dataId);
  return data?.values !== undefined && data.values !== null;
}

function download(tf: Tf, id: string, reads: "now" | "later", tensor: TfTensor): MaybePromise<HostTensor> {
  const dtype = dtypeOf(id, tensor);
  const { shape } = tensor;
  if (id !== "tfjs:webgpu") return hostTensor(tensor.dataSync<TfDType>(), shape, dtype);
  const known = remembered.get(tensor.dataId);
  if (known !== undefined) return hostTensor(known, shape, dtype);
  // webgpu reads from the device at once only by way of a canvas, which not every device gets right.
  if (isOnHost(tf, tensor)) {
    const data = tensor.dataSync<TfDType>().slice();
    remembered.set(tensor.dataId, data);
    return hostTensor(data, shape, dtype);
  }
  if (reads === "later") return tensor.data<TfDType>().then((data) => hostTensor(data, shape, dtype));
  throw new UnsupportedOpError(
    `${id}: reading what the device has computed must be awaited, got a synchronous call. Use value() or valueAndGrad(); class indices can be checked once await tensor.data() has read them.`,
  );
}

// Some engines answer a cast with the array that was cast.
function hostTensor(data: HostData, shape: readonly number[], dtype: TfDType): HostTensor {
  if (dtype === "float32") return { data: data instanceof Float32Array ? data : Float32Array.from(data), shape, dtype };
  if (dtype === "int32") return { data: data instanceof Int32Array ? data : Int32Array.from(data), shape, dtype };
  return { data: data instanceof Uint8Array ? data : Uint8Array.from(data), shape, dtype };
}
