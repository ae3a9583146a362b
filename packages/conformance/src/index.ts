export {
  decodeNumber,
  encodeNumber,
  encodeTensor,
  type Case,
  type CaseError,
  type CaseInput,
  type CaseResult,
  type CaseTensor,
  type CaseValue,
  type Expected,
  type Fixture,
  type JSONNumber,
  type JSONTensor,
} from "./cases/caseFormat.js";
export { parseCases, readCase, type ParsedCase } from "./cases/parseCases.js";
export { fixturesFolder, loadFixtures, readFixtures } from "./cases/loadFixtures.js";
export { caseRunner, runCase, type RunCase, type RunOptions } from "./cases/runCase.js";
export type { Feed } from "./analysis/analyze.js";
export type { Bounded, Ranges } from "./analysis/bounded.js";
export { createReferenceBackend } from "./analysis/reference.js";
export { analyze, boundCase, checkCase, compareTensor, createOracle, printReport, tolerances } from "./checked.js";
export { checkGradients, type CheckGradientsOptions, type GradientReport } from "./checkGradients.js";
export {
  chooseBackend,
  type BackendChoice,
  type ChooseBackendOptions,
  type MeasuredBackend,
} from "./choose/chooseBackend.js";
export { groupByInput, drawInputs, type SampleInput, type SampleOptions, type SampleShapes } from "./choose/sample.js";
export type { Oracle, OutputBounds, Verdict } from "./suite/oracle.js";
export type { Comparison, Discrepancy, Unclaimed } from "./suite/compare.js";
export type { Part, PartResult } from "./suite/checkCase.js";
export type { UnclaimedShare } from "./suite/claims.js";
export { missingFixtures, requireFixtures } from "./suite/checkFixtures.js";
export { loadKnownFailures, type KnownFailure } from "./suite/knownFailures.js";
export type { Report, ReportFailure, ReportRow, Unavailable } from "./suite/report.js";
export {
  runConformance,
  testedDTypes,
  type Candidate,
  type ConformanceOptions,
  type Progress,
} from "./suite/runConformance.js";
export { covers, selectBackends, type Selection } from "./suite/select.js";
export { fuzz, summaryOf, trialOf, type FuzzOptions, type FuzzReport } from "./fuzz/fuzz.js";
export { backendContestant, type BackendContestantOptions, type Contestant } from "./fuzz/contestants.js";
export { gradient, simplified } from "./fuzz/graphContestants.js";
export { differences, prepareRun, programSpec } from "./fuzz/checked.js";
export type { Operand, Param, Program, ProgramInput, Step } from "./fuzz/program.js";
export type { FuzzFeed, Run, Style } from "./fuzz/runs.js";
export type { ShrinkLimits, Trial } from "./fuzz/shrink.js";
export type { Failure, Figures, Item, Results, TypedFeed } from "./fuzz/truth.js";
