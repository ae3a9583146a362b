import type { Backend, CompiledLoss, FloatDType, LossSpec, ShapedArray } from "@losses/core";

/** What the demo asks of a backend, whatever its tensors are. */
export interface LossEngine {
  readonly id: string;
  /** The loss, and the gradients of its sum with respect to the inputs in `wrt`. */
  evaluate(spec: LossSpec, inputs: LossInputs, wrt: readonly string[]): Promise<Evaluation>;
  dispose(): Promise<void>;
}

export type LossInputs = Readonly<Record<string, ShapedArray>>;

export interface Evaluation {
  readonly value: number;
  readonly gradients: Readonly<Record<string, Numbers>>;
}

export type Numbers = Float32Array | Float64Array;

/** Every backend that the demo knows, by the name it is chosen with. */
export const backendNames = ["js:wasm", "js:scalar", "tfjs:cpu", "tfjs:wasm", "onnxruntime:cpu"] as const;
export type BackendName = (typeof backendNames)[number] | "js";

export function isBackendName(name: string): name is BackendName {
  return name === "js" || backendNames.some((known) => known === name);
}

type Opener = (dtype: FloatDType) => Promise<LossEngine>;

// Imported when asked for: a runtime that does not load here must not keep the others from running.
const openers: { readonly [K in BackendName]: Opener } = {
  js: async (dtype) => adapt(await (await import("@losses/js")).createBackend(), dtype),
  "js:wasm": async (dtype) => adapt(await (await import("@losses/js")).createBackend({ engine: "wasm" }), dtype),
  "js:scalar": async (dtype) => adapt(await (await import("@losses/js")).createBackend({ engine: "scalar" }), dtype),
  "tfjs:cpu": async (dtype) => openTfjs("cpu", dtype),
  "tfjs:wasm": async (dtype) => openTfjs("wasm", dtype),
  "onnxruntime:cpu": async (dtype) =>
    adapt(await (await import("@losses/onnxruntime")).createBackend({ device: "cpu" }), dtype),
};

async function openTfjs(device: "cpu" | "wasm", dtype: FloatDType): Promise<LossEngine> {
  const { env } = await import("@tensorflow/tfjs-core");
  // Otherwise TensorFlow.js writes an advertisement for its native package between our lines.
  env().set("PROD", true);
  return adapt(await (await import("@losses/tfjs")).createBackend({ device }), dtype);
}

/** @throws BackendUnavailableError where it does not work; or what its import throws. */
export function openBackend(name: BackendName, dtype: FloatDType = "float32"): Promise<LossEngine> {
  return openers[name](dtype);
}

/** Backends of every tensor kind look the same behind this. */
function adapt<T>(backend: Backend<T>, dtype: FloatDType): LossEngine {
  const compiled = new Map<LossSpec, Promise<CompiledLoss<T>>>();
  const compile = (spec: LossSpec): Promise<CompiledLoss<T>> => {
    const known = compiled.get(spec) ?? backend.compile(spec, { dtype });
    compiled.set(spec, known);
    return known;
  };
  const take = async (tensor: T): Promise<Numbers> => {
    const { data } = await backend.read(tensor);
    // A result may live in memory that the backend uses again.
    const copy = data instanceof Float64Array ? data.slice() : Float32Array.from(data);
    backend.release(tensor);
    return copy;
  };
  return {
    id: backend.id,
    async evaluate(spec, inputs, wrt) {
      const loss = await compile(spec);
      const { value, grads } = await loss.valueAndGrad(inputs, { wrt });
      const gradients: Record<string, Numbers> = {};
      for (const [name, gradient] of Object.entries(grads)) {
        if (gradient !== undefined) gradients[name] = await take(gradient);
      }
      return { value: (await take(value))[0] ?? Number.NaN, gradients };
    },
    dispose: () => backend.dispose(),
  };
}
