import { deviceSources, type TfjsDevice } from "./devices.js";

/**
 * Imports the package of an engine, which registers the engine with TensorFlow.js.
 *
 * The specifiers are literal so that bundlers see them, but for the native one. Parcel takes importEngine.parcel.ts instead.
 */
export async function importEngine(device: TfjsDevice): Promise<unknown> {
  try {
    switch (device) {
      case "cpu":
        return await import("@tensorflow/tfjs-backend-cpu");
      case "wasm":
        return await import("@tensorflow/tfjs-backend-wasm");
      case "webgl":
        return await import("@tensorflow/tfjs-backend-webgl");
      case "webgpu":
        return await import("@tensorflow/tfjs-backend-webgpu");
      case "tensorflow":
        return await import(/* @vite-ignore */ /* webpackIgnore: true */ deviceSources.tensorflow.package);
    }
    // oxlint-disable-next-line no-useless-catch -- The block is for bundlers: what is imported in one need not be installed.
  } catch (cause) {
    throw cause;
  }
}
