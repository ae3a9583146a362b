export { createBackend, createBackendSync, type JsBackendOptions, type JsEngineName } from "./backend.js";
export type { JsTensor } from "./tensor.js";
