export { exportLoss, type ExportLossOptions } from "./exportLoss.js";
export { attachLoss, type AttachLossOptions } from "./attachLoss.js";
export { exportGraph, exportSizedGraph, type SizedModel } from "./exportGraph.js";
export { irVersion, opset, type ExportGraphOptions } from "./buildModel.js";
export { lossGraph, type LossGraph, type LossGraphOptions } from "./lossGraph.js";
export type { ChosenInput, ExportInput } from "./inputShapes.js";
export type { Provider, SumPlan } from "./emit/context.js";
export type { SizeInput } from "./emit/sizes.js";
export { planForSize } from "./emit/sums.js";
