export { createBackend, type OnnxRuntimeOptions } from "./createBackend.js";
export { type Device } from "./devices.js";
export { type OrtModule, type OrtSession, type OrtTensor, type RuntimeName } from "./runtime.js";
export { describePlacement, placement, type PlacedNode, type Placement } from "./placement.js";
