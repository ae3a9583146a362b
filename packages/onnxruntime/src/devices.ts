import type { RuntimeName } from "./runtime.js";

/** Where ONNX Runtime can compute. `wasm` is onnxruntime-web's processor, `cpu` onnxruntime-node's. */
export type Device = "cpu" | "wasm" | "webgpu" | "cuda" | "dml" | "coreml";

/** What is known of a device of one runtime. */
export interface DeviceFacts {
  /** The name of ONNX Runtime's execution provider. */
  readonly provider: string;
  /** The provider of the same runtime that computes on the processor. */
  readonly host: "cpu" | "wasm";
  /** True if a node that the provider cannot run would land on the processor unnoticed. */
  readonly fallsBack: boolean;
  /** True if the process ends when two threads use it at the same time. */
  readonly oneThread?: boolean;
  /** True if results can stay in its memory. */
  readonly buffers?: boolean;
  /** True if the runtime must not be asked for anything while it computes. */
  readonly oneAtATime?: boolean;
  /** What to do when it does not work. */
  readonly cure: string;
  /** What to do when a loss has ops that it lacks. Default: `placement()` names them. */
  readonly opsCure?: string;
}

const webgpuOnNode =
  "WebGPU needs a GPU driver: on Linux a Vulkan loader (libvulkan1) and the driver's Vulkan library; " +
  "a software device such as SwiftShader also works (VK_ICD_FILENAMES names it).";

const webgpuBuild = "pass the WebGPU build: createBackend({ ort: await import('onnxruntime-web/webgpu') }).";

/** The devices of each runtime, the default first. */
export const deviceTable: { readonly [R in RuntimeName]: { readonly [D in Device]?: DeviceFacts } } = {
  node: {
    cpu: {
      provider: "cpu",
      host: "cpu",
      fallsBack: false,
      cure: "Check that onnxruntime-node supports this platform.",
    },
    webgpu: { provider: "webgpu", host: "cpu", fallsBack: true, oneThread: true, cure: webgpuOnNode },
    cuda: {
      provider: "cuda",
      host: "cpu",
      fallsBack: true,
      cure:
        "CUDA needs Linux on x64, an NVIDIA driver, CUDA 12 with cuDNN 9, and ONNX Runtime's CUDA provider libraries " +
        "(libonnxruntime_providers_shared.so and libonnxruntime_providers_cuda.so), which npm does not carry: let the install " +
        "script of onnxruntime-node fetch them (npm rebuild onnxruntime-node; with pnpm allow its build), or copy them from the Python " +
        "package onnxruntime-gpu of the same version beside libonnxruntime.so.1 in onnxruntime-node/bin.",
    },
    dml: {
      provider: "dml",
      host: "cpu",
      fallsBack: true,
      cure: "DirectML exists on Windows only. Elsewhere use webgpu.",
    },
    coreml: {
      provider: "coreml",
      host: "cpu",
      fallsBack: true,
      cure: "Core ML exists on macOS only. Elsewhere use webgpu.",
    },
  },
  web: {
    wasm: {
      provider: "wasm",
      host: "wasm",
      fallsBack: false,
      cure: "Check that the .wasm files of onnxruntime-web are served (env.wasm.wasmPaths).",
    },
    webgpu: {
      provider: "webgpu",
      host: "wasm",
      fallsBack: true,
      oneAtATime: true,
      buffers: true,
      cure: `Check that navigator.gpu exists and ${webgpuBuild}`,
      // The default build opens, and has few of the ops.
      opsCure: `If you have not, ${webgpuBuild}`,
    },
  },
};

/** The names of a runtime's devices. */
export function deviceNames(runtime: RuntimeName): readonly string[] {
  return Object.keys(deviceTable[runtime]);
}
