export * from "./errors.js";
export {
  checkArgument,
  isListOf,
  isObject,
  isPlainObject,
  isTexts,
  listRule,
  printValue,
  readable,
  readOptions,
  readParts,
  recordRule,
  type Rule,
  type Rules,
} from "./arguments.js";
export * from "./backend.js";
export {
  inputDTypes,
  isFloat,
  isInputDType,
  isInteger,
  unitRoundoff,
  type DType,
  type FloatDType,
  type InputDType,
} from "./tensor/dtype.js";
export {
  bindShape,
  formatShape,
  isSize,
  readShape,
  sameShape,
  sizeOf,
  type Dim,
  type DimSizes,
  type Shape,
} from "./tensor/dims.js";
export type { Operand, Tensor } from "./tensor/tensor.js";
export type * from "./ops/types.js";
export { power } from "./ops/power.js";
export { isElementwise, opNames, opTable, type ElementwiseOp } from "./ops/table.js";
export {
  countUses,
  firstExtremeOf,
  graphInputs,
  graphSymbols,
  liveNodes,
  nodeAt,
  pickOf,
  printGraph,
  replaceOf,
  simplify,
} from "./graph/checked.js";
export type { Graph, GraphOutput, Node, NodeOf } from "./graph/graph.js";
export type { FirstExtreme, OneHot, OneHotPick, OneHotReplace } from "./graph/oneHot.js";
export { verify } from "./graph/verify.js";
export { customGradient } from "./graph/trace.js";
export {
  finite,
  flag,
  fraction,
  integer,
  nonNegative,
  normOrder,
  oneOf,
  optionsFromJSON,
  optionsToJSON,
  positive,
  reduction,
  resolveOptions,
  type OptionDeclaration,
  type OptionDeclarations,
  type Reduction,
} from "./loss/options.js";
export {
  either,
  float,
  formatTokens,
  labels,
  number,
  type DimToken,
  type InputDeclaration,
  type InputForm,
  type InputKind,
  type LossTensors,
} from "./loss/inputs.js";
export * from "./loss/define.js";
export { allInputs } from "./loss/definition.js";
export { checkSpec } from "./loss/checkSpec.js";
export type { LossPart, LossValue, WeightedValues } from "./loss/reduce.js";
export { bindInputs, type Binding, type BoundInput, type GivenInput } from "./loss/bind.js";
export { combineTerms, lossTerms, type LossTerm, type TermFactors } from "./loss/terms.js";
export { gradientOutput, traceLoss, type TraceRequest } from "./loss/traceLoss.js";
export { weightedSum, type WeightedTerm } from "./loss/weightedSum.js";
export { checkLosses, findLoss, specFromJSON, type SpecJSON } from "./loss/registry.js";
export { defineBackend, defineSyncBackend } from "./run/defineBackend.js";
export { checkBackend } from "./run/checkBackend.js";
export { evaluateBatches, type EvaluateBatchesOptions, type EvaluationProgress } from "./run/evaluateBatches.js";
export { fromHalfBits, halfBits } from "./tensor/half.js";
export { viewsOverlap } from "./tensor/views.js";
export * from "./losses/index.js";
