export { fuzzBackend, fuzzContestant, type FuzzBackendOptions, type FuzzTestOptions } from "./vitest/fuzzBackend.js";
export { testBackend, type TestBackendOptions } from "./vitest/testBackend.js";
