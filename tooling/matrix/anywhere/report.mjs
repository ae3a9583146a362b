// Runs the suite in every runtime, from the packed packages, and makes the table of what runs where.
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { installApp, packAll } from "../../packs.mjs";
import { readJson, root } from "../../repository.mjs";
import { here } from "../tools.mjs";
import { runtimes } from "./runtimes.mjs";

/** @typedef {import("./runtimes.mjs").Outcome} Outcome */
/** @typedef {{ name: string, version: string, golden: number, outcomes: readonly Outcome[] }} Row of one runtime; so many golden cases ran */
/**
 * @typedef {object} Report
 * @property {{ all: number, losses: number }} golden how many golden cases there are, and of how many losses
 * @property {Readonly<Record<string, string>>} machine
 * @property {Readonly<Record<string, string>>} versions of the engines
 * @property {readonly Row[]} rows
 * @property {readonly string[]} absent runtimes that are not installed
 */

const tfjs = "4.22.0";
const engines = {
  "@tensorflow/tfjs-core": tfjs,
  "@tensorflow/tfjs-backend-cpu": tfjs,
  "@tensorflow/tfjs-backend-wasm": tfjs,
  "@tensorflow/tfjs-backend-webgl": tfjs,
  "@tensorflow/tfjs-backend-webgpu": tfjs,
  "onnxruntime-web": "1.30.0",
};

/**
 * @param {{ atMost: number | undefined, only?: readonly string[], onRow?: (row: Row, soFar: Report) => void }} options `atMost`: so many cases of each
 *   loss, undefined: all
 * @returns {Promise<Report>}
 */
export async function runAnywhere({ atMost, only, onRow = () => undefined }) {
  const folder = mkdtempSync(join(tmpdir(), "losses-anywhere-"));
  const app = join(folder, "app");
  const counts = countGolden();
  const native = join(root, "packages", "onnxruntime", "node_modules", "onnxruntime-node");
  /** @type {Row[]} */
  const rows = [];
  /** @type {string[]} */
  const absent = [];
  /** @type {() => Report} */
  const report = () => ({
    golden: { all: counts.reduce((sum, count) => sum + count, 0), losses: counts.length },
    machine: {
      platform: process.platform,
      arch: process.arch,
      processors: `${availableParallelism()} (${cpus()[0]?.model.trim() ?? "unknown"})`,
      graphics: "SwiftShader", // the flags of pages.mjs ask for it
    },
    versions: { ...engines, "onnxruntime-node": readJson(join(native, "package.json")).version },
    rows,
    absent,
  });
  try {
    const ours = ["core", "js", "tfjs", "onnxruntime", "conformance"].map((name) => `@losses/${name}`);
    installApp(app, packAll(join(folder, "tarballs")), { ours, others: engines });
    const engine = join(app, "node_modules", "onnxruntime-node");
    if (!existsSync(engine)) symlinkSync(native, engine, "junction");
    for (const file of ["suite.mjs", "hosted.mjs", "page.mjs", "worker.mjs"])
      cpSync(join(here, "anywhere", "app", file), join(app, file));
    for (const { name, backends, version, run, sample = Infinity } of runtimes) {
      if (only !== undefined && !only.includes(name)) continue;
      const found = version();
      if (found === undefined) {
        absent.push(name);
        continue;
      }
      const taken = atMost === undefined ? undefined : Math.min(atMost, sample);
      const golden = counts.reduce((sum, count) => sum + Math.min(count, taken ?? Infinity), 0);
      /** @type {readonly Outcome[]} */
      let outcomes;
      try {
        outcomes = await run({ app, atMost: taken });
      } catch (cause) {
        // The others still run; that no case did here is a problem of the report.
        outcomes = backends.map((backend) => ({ backend, cases: 0, dtypes: [], failures: [], reason: String(cause) }));
      }
      const row = { name, version: found, golden, outcomes };
      rows.push(row);
      onRow(row, report());
    }
    return report();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {Report | undefined} old
 * @param {Report} fresh
 * @returns {Report} the fresh rows, and the old ones of other runtimes that there still are
 */
export function mergeReports(old, fresh) {
  const rows = runtimes.flatMap(({ name }) => {
    const row = [...fresh.rows, ...(old?.rows ?? [])].find((one) => one.name === name);
    return row === undefined || problemsOf(row).length > 0 ? [] : [row];
  });
  return { ...fresh, rows };
}

/** @returns {number[]} the golden cases of each loss */
function countGolden() {
  const folder = join(root, "packages", "conformance", "fixtures");
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => /** @type {unknown[]} */ (readJson(join(folder, file))).length);
}

/**
 * @param {Row} row
 * @returns {string[]} what is not as it must be: failing cases, a backend that does not work where it must, or the other way round
 */
export function problemsOf({ name, outcomes }) {
  const lacks = runtimes.find((runtime) => runtime.name === name)?.lacks ?? [];
  return outcomes.flatMap(({ backend, cases, failures, reason }) => {
    if (lacks.includes(backend))
      return reason === undefined ? [`${name}, ${backend}: works, but is listed as lacking`] : [];
    if (cases === 0) return [`${name}, ${backend}: ${reason ?? "no case ran"}`];
    return failures.map((failure) => `${name}, ${backend}: ${failure}`);
  });
}

/**
 * @param {Report} report
 * @returns {string} a table in Markdown
 */
export function tableOf({ golden, rows }) {
  const backends = [...new Set(rows.flatMap(({ outcomes }) => outcomes.map(({ backend }) => backend)))];
  const cells = rows.map((row) => [
    `${row.name} (${row.version})`,
    row.golden.toLocaleString("en"),
    ...backends.map((backend) => cellOf(row.outcomes.find((one) => one.backend === backend))),
  ]);
  const lines = [["runtime", "golden cases", ...backends.map((backend) => `\`${backend}\``)], ...cells];
  const widths = lines[0]?.map((_, i) => Math.max(3, ...lines.map((line) => line[i]?.length ?? 0))) ?? [];
  const [head = "", ...body] = lines.map(
    (line) => `| ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`,
  );
  return [
    `Golden cases: so many of ${golden.all.toLocaleString("en")}, spread evenly over each of ${golden.losses} losses. ✓: so many values, gradients`,
    `with them, and errors for bad input were right, in all dtypes of the backend. Not here: it says why not, as it must. –: not tried.`,
    "",
    head,
    `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`,
    ...body,
  ].join("\n");
}

/** @param {Outcome | undefined} outcome */
function cellOf(outcome) {
  if (outcome === undefined) return "–";
  const { cases, failures } = outcome;
  if (cases === 0) return "not here";
  return failures.length === 0 ? `✓ ${cases.toLocaleString("en")}` : `${failures.length} of ${cases} fail`;
}
