import { nodeModule } from "../node.js";

/**
 * The versions that a report depends on: this package, core and Node; none where there is no file to read them from. A browser knows
 * none: give them to `runConformance`.
 */
export function packageVersions(): Readonly<Record<string, string>> {
  if (globalThis.process?.getBuiltinModule === undefined || globalThis.process.versions?.node === undefined) return {};
  const here = nodeModule("node:module", "a report").createRequire(import.meta.url);
  return {
    "@losses/conformance": versionOf(here("../../package.json")),
    "@losses/core": versionOf(here("@losses/core/package.json")),
    node: process.versions.node,
  };
}

function versionOf(manifest: { readonly version?: unknown }): string {
  return typeof manifest.version === "string" ? manifest.version : "unknown";
}
