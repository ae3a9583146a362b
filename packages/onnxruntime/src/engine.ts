import type { Engine } from "@losses/core";
import type { Device } from "./devices.js";
import { makeExecutable } from "./executable.js";
import type { OrtTensor } from "./runtime.js";
import type { SessionSetup } from "./sessions.js";
import { convertTensor, describeTensor, downloadTensor, haveSameMemory, isOrtTensor, makeTensor } from "./tensors.js";

/** ONNX Runtime on one device as an engine of @losses. */
export function makeEngine(
  setup: SessionSetup,
  device: Device,
  dispose: () => Promise<void> = async () => undefined,
): Engine<OrtTensor> {
  const { ort, id } = setup;
  return {
    id,
    device,
    dtypes: setup.dtypes,
    sharesMemory: haveSameMemory,
    isTensor: isOrtTensor,
    describe: (tensor) => describeTensor(id, tensor),
    convert: (tensor, dtype) => convertTensor(setup, tensor, dtype),
    // A run reads it only after the call has returned, and by then the array may hold something else.
    upload: (tensor) => makeTensor(ort, { ...tensor, data: tensor.data.slice() }),
    download: (tensor) => downloadTensor(setup, tensor),
    release: (tensor) => tensor.dispose(),
    compile: (graph) => makeExecutable(setup, graph),
    dispose,
  };
}
