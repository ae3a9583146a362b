export { createBackend, type TfjsOptions } from "./createBackend.js";
export type { TfjsDevice } from "./devices.js";
export type { Tf, TfTensor } from "./tf.js";
export { toLayersLoss, type ToLayersLossOptions } from "./toLayersLoss.js";
export { toTfjs, type TensorFeeds, type TfjsLoss, type ToTfjsOptions } from "./toTfjs.js";
