/** An engine of TensorFlow.js, by the name under which it registers itself; tfjs-node does as `tensorflow`. */
export type TfjsDevice = "cpu" | "wasm" | "webgl" | "webgpu" | "tensorflow";

/** Where an engine comes from. */
export interface DeviceSource {
  readonly package: string;
  /** What to do if the package is installed and does not work. */
  readonly cure?: string;
}

/** The package behind each engine. */
export const deviceSources: { readonly [K in TfjsDevice]: DeviceSource } = {
  cpu: { package: "@tensorflow/tfjs-backend-cpu" },
  wasm: { package: "@tensorflow/tfjs-backend-wasm" },
  webgl: { package: "@tensorflow/tfjs-backend-webgl" },
  webgpu: { package: "@tensorflow/tfjs-backend-webgpu" },
  tensorflow: {
    package: "@tensorflow/tfjs-node",
    cure: "Its install script fetches a native library: let your package manager run it, or run npm rebuild @tensorflow/tfjs-node. Version 4.22 needs Node 22 or older.",
  },
};

export function isTfjsDevice(name: string): name is TfjsDevice {
  return Object.hasOwn(deviceSources, name);
}
