import { BackendUnavailableError, type Backend } from "@losses/core";

/** A backend whose tensors nobody looks into. */
export type AnyBackend = Backend<unknown>;

const open = new Map<string, Promise<AnyBackend>>();

/** Opens a backend by its id and keeps it; its engine is fetched when it is first asked for. `assets`: where engines' files are. */
export function openBackend(id: string, assets: string): Promise<AnyBackend> {
  const known = open.get(id);
  if (known !== undefined) return known;
  const opened = create(id, assets);
  open.set(id, opened);
  opened.catch(() => open.delete(id));
  return opened;
}

async function create(id: string, assets: string): Promise<AnyBackend> {
  const [engine = "", device = ""] = id.split(":");
  switch (engine) {
    case "js": {
      const { createBackend } = await import("@losses/js");
      return (await createBackend(device === "wasm" || device === "scalar" ? { engine: device } : {})) as AnyBackend;
    }
    case "tfjs": {
      const engineName = tfjsEngines.find((name) => name === device);
      if (engineName === undefined) throw unknown(id);
      const tf = await import("@tensorflow/tfjs-core");
      await registerEngine(engineName, assets);
      const { createBackend } = await import("@losses/tfjs");
      return (await createBackend({ device: engineName, tf })) as AnyBackend;
    }
    case "onnxruntime-web": {
      const ort = device === "webgpu" ? await import("onnxruntime-web/webgpu") : await import("onnxruntime-web/wasm");
      ort.env.wasm.wasmPaths = `${assets}ort/`;
      ort.env.wasm.numThreads = 1;
      const { createBackend } = await import("@losses/onnxruntime");
      return (await createBackend({
        runtime: "web",
        device: device === "webgpu" ? "webgpu" : "wasm",
        ort,
      })) as AnyBackend;
    }
    default:
      throw unknown(id);
  }
}

const tfjsEngines = ["cpu", "wasm", "webgl", "webgpu"] as const;

function unknown(id: string): BackendUnavailableError {
  return new BackendUnavailableError(`playground: backend must be one of those offered, got ${id}.`);
}

async function registerEngine(device: (typeof tfjsEngines)[number], assets: string): Promise<void> {
  switch (device) {
    case "cpu":
      await import("@tensorflow/tfjs-backend-cpu");
      return;
    case "wasm": {
      const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
      setWasmPaths(`${assets}tfjs/`);
      return;
    }
    case "webgl":
      await import("@tensorflow/tfjs-backend-webgl");
      return;
    case "webgpu":
      await import("@tensorflow/tfjs-backend-webgpu");
      return;
  }
}
