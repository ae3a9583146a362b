// What is run in every runtime: the golden cases on each backend. Imports nothing that is not the same everywhere.
import { runConformance } from "@losses/conformance";

/** @type {Readonly<Record<string, () => Promise<any>>>} */
const openers = {
  js: async () => (await import("@losses/js")).createBackend(),
  "js:wasm": async () => (await import("@losses/js")).createBackend({ engine: "wasm" }),
  "js:scalar": async () => (await import("@losses/js")).createBackend({ engine: "scalar" }),
  "tfjs:cpu": async () => (await import("@losses/tfjs")).createBackend({ device: "cpu" }),
  "tfjs:wasm": async () => (await import("@losses/tfjs")).createBackend({ device: "wasm" }),
  "onnxruntime:cpu": async () =>
    (await import("@losses/onnxruntime")).createBackend({ runtime: "node", device: "cpu" }),
};

/**
 * @param {readonly string[]} backends
 * @param {{ fixtures: readonly any[], knownFailures: readonly any[], every: number }} options `every`: one case of so many
 * @returns {Promise<import("../runtimes.mjs").Outcome[]>}
 */
export async function runSuite(backends, { fixtures, knownFailures, every }) {
  const outcomes = [];
  for (const id of backends) {
    const create = openers[id];
    if (create === undefined)
      throw new Error(`anywhere: the backend must be one of ${Object.keys(openers).join(", ")}, got ${id}`);
    const report = await runConformance([{ id, create }], {
      fixtures: fixtures.filter((_, i) => i % every === 0),
      knownFailures,
    });
    const [missing] = report.unavailable;
    const [ran] = report.backends;
    const valueRows = report.rows.filter(({ part }) => part !== "gradient");
    outcomes.push({
      backend: id,
      cases: valueRows.reduce((sum, { cases }) => sum + cases, 0),
      dtypes: ran?.dtypes ?? [],
      failures: report.rows.flatMap(({ dtype, part, failures }) =>
        failures
          .filter(({ known }) => known === undefined)
          .map((failure) => `${failure.case} ${dtype} ${part}: ${failure.problems[0]}`),
      ),
      ...(missing === undefined ? {} : { reason: missing.reason }),
      ...(ran === undefined ? {} : { device: ran.device }),
    });
  }
  return outcomes;
}
