export { createBackend, createBackendSync, type JsBackendOptions, type JsDevice } from "./backend.js";
export type { JsTensor } from "./tensor.js";
