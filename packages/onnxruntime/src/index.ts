export { createBackend, type OnnxRuntimeOptions } from "./createBackend.js";
export { type Device } from "./devices.js";
export { type OrtModule, type OrtTensor, type RuntimeName } from "./runtime.js";
export { placement, type PlacedNode, type Placement } from "./placement.js";
