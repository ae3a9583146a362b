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
  bindDim,
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
export {
  addDims,
  divideDim,
  evaluateDim,
  exactQuotient,
  multiplyDims,
  solveDim,
  substituteDim,
  subtractDims,
  symbolsOf,
  termsOf,
  type DimTerm,
} from "./tensor/dimArithmetic.js";
export type { Operand, Tensor } from "./tensor/tensor.js";
export type * from "./ops/types.js";
export { erf } from "./ops/erf.js";
export { power } from "./ops/power.js";
export { isElementwise, isExpensive, opNames, opTable } from "./ops/table.js";
export { scanSteps } from "./ops/recurrence.js";
export {
  countUses,
  graphInputs,
  graphSymbols,
  interpret,
  interpretNode,
  liveNodes,
  movedTo,
  nodeAt,
  nonNegativeNodes,
  operandAt,
  operandNode,
  outsideOf,
  printGraph,
  recursionsOf,
  simplify,
  sizeCheck,
  sizeLimits,
  sourceOf,
  trustGraph,
} from "./graph/checked.js";
export type { Graph, GraphOutput, Node, NodeOf } from "./graph/graph.js";
export type { Recursion } from "./graph/recursions.js";
export type { SizeLimit } from "./graph/sizeCheck.js";
export { verify } from "./graph/verify.js";
export { concat, stack } from "./graph/concat.js";
export { customGradient } from "./graph/tracedTensor.js";
export { gradient } from "./graph/gradient.js";
export { scan, type NamedTensors, type ScanConfig, type ScanResult, type ScanStep } from "./graph/scan.js";
export {
  finite,
  flag,
  fraction,
  integer,
  nonNegative,
  noReduction,
  normOrder,
  oneOf,
  optionsFromJSON,
  optionsToJSON,
  orNone,
  positive,
  reduction,
  resolveOptions,
  type ClassAxis,
  type EmptyPolicy,
  type OptionDeclaration,
  type OptionDeclarations,
  type Reduction,
  type ReductionOption,
  type BatchReduction,
} from "./loss/options.js";
export { formatTokens, type AxisPattern, type DimToken, type ShapePattern } from "./loss/shapePattern.js";
export {
  dotSimilarity,
  lpDistance,
  snrDistance,
  type DotSimilarity,
  type LpDistance,
  type MetricDistance,
  type SnrDistance,
} from "./math/metricDistance.js";
export {
  batchEasyHardMiner,
  batchHardMiner,
  multiSimilarityMiner,
  pairMarginMiner,
  tripletMarginMiner,
  type BatchEasyHardMiner,
  type BatchHardMiner,
  type Hardness,
  type Miner,
  type MinerDistance,
  type MultiSimilarityMiner,
  type PairMarginMiner,
  type TripletMarginMiner,
} from "./math/miners.js";
export {
  classWeightedReducer,
  perAnchorReducer,
  thresholdReducer,
  type BatchReducer,
  type ClassWeightedReducer,
  type PerAnchorReducer,
  type ThresholdReducer,
} from "./math/batchReducer.js";
export type { BatchOptions } from "./math/overPairs.js";
export { elementName, inputOf, listsOf } from "./loss/lists.js";
export {
  byOption,
  byPresence,
  either,
  float,
  isFormTaken,
  labels,
  list,
  mask,
  number,
  parameter,
  sampleInputs,
  type Bound,
  type FloatRange,
  type FormCondition,
  type IndexBounds,
  type InputDeclaration,
  type InputForm,
  type InputKind,
} from "./loss/inputs.js";
export * from "./loss/define.js";
export type * from "./loss/inputTypes.js";
export { allInputs, definitionFor } from "./loss/definition.js";
export { checkSpec } from "./loss/checkSpec.js";
export { nothingToAverage } from "./loss/reduce.js";
export type { LossPart, LossValue, NamedPart, WeightedValues } from "./loss/reduce.js";
export { bindInputs, elementDeclaration, type Binding, type BoundInput, type GivenInput } from "./loss/bind.js";
export { combineTerms, lossTerms, type LossTerm, type TermFactors } from "./loss/terms.js";
export { perSample } from "./loss/perSample.js";
export { gradientOutput, partOutput, traceLoss, type TraceRequest } from "./loss/traceLoss.js";
export type { ComposedTerm, SumInputs } from "./loss/composed.js";
export {
  uncertaintyWeighting,
  type TaskKind,
  type UncertainTerm,
  type UncertaintyInputs,
} from "./loss/uncertaintyWeighting.js";
export { weightedSum, type WeightedTerm } from "./loss/weightedSum.js";
export { checkLosses, findLoss, specFromJSON, type SpecJSON } from "./loss/registry.js";
export { defineBackend, defineSyncBackend } from "./run/defineBackend.js";
export { checkBackend } from "./run/checkBackend.js";
export {
  openBackend,
  readLoaders,
  type BackendLoader,
  type OpenedBackend,
  type RefusedBackend,
} from "./run/openBackend.js";
export { evaluateBatches, type EvaluateBatchesOptions, type EvaluationProgress } from "./run/evaluateBatches.js";
export { fromHalfBits, halfBits } from "./tensor/half.js";
export { viewsOverlap } from "./tensor/views.js";
export * from "./losses/index.js";
