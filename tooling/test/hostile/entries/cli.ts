import type { Entries } from "../entries.js";
import { anything } from "../walk.js";

export const entries: Entries = {
  backendIds: "data",
  backendLoaders: "data",
  UsageError: "error",
  engineVersions: { args: () => [] },
  namedBackends: { args: () => ["js"] },
  openBackend: { args: () => ["js:scalar"] },
  // It answers with the exit status, whatever it is given.
  main: { args: () => [["list", "--json"]], takes: { nothing: anything, "0": anything, "0.*": anything } },
};
