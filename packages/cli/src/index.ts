export { backendIds, backendLoaders, engineVersions, namedBackends, openBackend } from "./backends.js";
export { UsageError } from "./failure.js";
export { main } from "./program.js";
