// What is run in every runtime: golden cases on each backend. Imports nothing that is not the same everywhere.
import { runConformance } from "@losses/conformance";

/** @param {object} [options] */
const js = async (options) => (await import("@losses/js")).createBackend(options);
/** @param {string} device */
const tfjs = async (device) => (await import("@losses/tfjs")).createBackend({ device });
/** @param {string} device */
async function tfjsOnGraphics(device) {
  const backend = await tfjs(device);
  // Small tensors too are computed on the device, as large ones are.
  (await import("@tensorflow/tfjs-core")).env().set(`${device.toUpperCase()}_CPU_FORWARD`, false);
  return backend;
}

/** @param {object} options */
const onnxruntime = async (options) => (await import("@losses/onnxruntime")).createBackend(options);

/** @type {Readonly<Record<string, () => Promise<any>>>} */
const openers = {
  js: () => js(),
  "js:wasm": () => js({ engine: "wasm" }),
  "js:scalar": () => js({ engine: "scalar" }),
  "tfjs:cpu": () => tfjs("cpu"),
  "tfjs:wasm": () => tfjs("wasm"),
  "tfjs:webgl": () => tfjsOnGraphics("webgl"),
  "tfjs:webgpu": () => tfjsOnGraphics("webgpu"),
  "onnxruntime:cpu": () => onnxruntime({ runtime: "node", device: "cpu" }),
  "onnxruntime-web:wasm": () => onnxruntime({ runtime: "web", device: "wasm" }),
  "onnxruntime-web:webgpu": async () =>
    onnxruntime({ runtime: "web", device: "webgpu", ort: await import("onnxruntime-web/webgpu") }),
};

/**
 * @param {{ backends: readonly string[], atMost?: number, fixtures: readonly any[], knownFailures: readonly any[] }} settings
 *   `atMost`: so many cases of each loss, default all
 * @returns {Promise<import("../runtimes.mjs").Outcome[]>}
 */
export async function runSuite({ backends, ...options }) {
  const candidates = backends.map((id) => {
    const create = openers[id];
    if (create === undefined)
      throw new Error(`anywhere: the backend must be one of ${Object.keys(openers).join(", ")}, got ${id}`);
    return { id, create };
  });
  // All in one run: what the error analysis says of a case is worked out once.
  const report = await runConformance(candidates, options);
  return backends.map((id) => {
    const missing = report.unavailable.find(({ backend }) => backend === id);
    const ran = report.backends.find((backend) => backend.id === id);
    const rows = report.rows.filter(({ backend }) => backend === id);
    return {
      backend: id,
      cases: rows.filter(({ part }) => part !== "gradient").reduce((sum, { cases }) => sum + cases, 0),
      dtypes: ran?.dtypes ?? [],
      failures: rows.flatMap(({ dtype, part, failures }) =>
        failures
          .filter(({ known }) => known === undefined)
          .map((failure) => `${failure.case} ${dtype} ${part}: ${failure.problems[0]}`),
      ),
      ...(missing === undefined ? {} : { reason: missing.reason }),
      ...(ran === undefined ? {} : { device: ran.device }),
    };
  });
}
