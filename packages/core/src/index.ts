export * from "./errors.js";
export * from "./backend.js";
export { isFloat, isInteger, unitRoundoff, type DType, type FloatDType, type InputDType } from "./tensor/dtype.js";
export { bindShape, formatShape, sizeOf, type Dim, type DimSizes, type Shape } from "./tensor/dims.js";
export type { Operand, Tensor } from "./tensor/tensor.js";
export type * from "./ops/types.js";
export { power } from "./ops/power.js";
export { isElementwise, opNames, opTable, type ElementwiseOp } from "./ops/table.js";
export {
  countUses,
  graphInputs,
  graphSymbols,
  liveNodes,
  nodeAt,
  type Graph,
  type GraphOutput,
  type Node,
  type NodeOf,
} from "./graph/graph.js";
export {
  firstExtremeOf,
  pickOf,
  replaceOf,
  type FirstExtreme,
  type OneHot,
  type OneHotPick,
  type OneHotReplace,
} from "./graph/oneHot.js";
export { printGraph } from "./graph/print.js";
export { simplify } from "./graph/simplify.js";
export { verify } from "./graph/verify.js";
export { customGradient } from "./graph/trace.js";
export * from "./loss/options.js";
export * from "./loss/inputs.js";
export * from "./loss/define.js";
export type { LossValue } from "./loss/reduce.js";
export { bindInputs, type Binding, type BoundInput, type GivenInput } from "./loss/bind.js";
export { gradientOutput, traceLoss, type TraceRequest } from "./loss/traceLoss.js";
export { weightedSum, type WeightedTerm } from "./loss/weightedSum.js";
export { findLoss, specFromJSON } from "./loss/registry.js";
export { defineBackend, defineSyncBackend } from "./run/defineBackend.js";
export { evaluateBatches, type EvaluateBatchesOptions, type EvaluationProgress } from "./run/evaluateBatches.js";
export { fromHalfBits, halfBits } from "./tensor/half.js";
export { viewsOverlap } from "./tensor/views.js";
export * from "./losses/index.js";
