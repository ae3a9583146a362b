// Runs the suite in every runtime, from the packed packages, and makes the table of what runs where.
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installApp, packAll } from "../../packs.mjs";
import { root } from "../../repository.mjs";
import { here } from "../tools.mjs";
import { runtimes } from "./runtimes.mjs";

/** @typedef {import("./runtimes.mjs").Outcome} Outcome */
/** @typedef {{ name: string, version: string, outcomes: readonly Outcome[] }} Row of one runtime */
/** @typedef {{ cases: string, rows: readonly Row[], absent: readonly string[] }} Report */

const engines = {
  "@tensorflow/tfjs-core": "4.22.0",
  "@tensorflow/tfjs-backend-cpu": "4.22.0",
  "@tensorflow/tfjs-backend-wasm": "4.22.0",
};

/**
 * @param {{ every: number, only?: readonly string[], onRow?: (row: Row) => void }} options `every`: one case of so many
 * @returns {Promise<Report>}
 */
export async function runAnywhere({ every, only, onRow = () => undefined }) {
  const folder = mkdtempSync(join(tmpdir(), "losses-anywhere-"));
  const app = join(folder, "app");
  try {
    const ours = ["core", "js", "tfjs", "onnxruntime", "conformance"].map((name) => `@losses/${name}`);
    installApp(app, packAll(join(folder, "tarballs")), { ours, others: engines });
    const engine = join(app, "node_modules", "onnxruntime-node");
    if (!existsSync(engine))
      symlinkSync(join(root, "packages", "onnxruntime", "node_modules", "onnxruntime-node"), engine, "junction");
    for (const file of ["suite.mjs", "hosted.mjs", "page.mjs", "worker.mjs"])
      cpSync(join(here, "anywhere", "app", file), join(app, file));
    /** @type {Row[]} */
    const rows = [];
    const absent = [];
    for (const { name, version, run } of runtimes) {
      if (only !== undefined && !only.includes(name)) continue;
      const found = version();
      if (found === undefined) {
        absent.push(name);
        continue;
      }
      const row = { name, version: found, outcomes: await run({ app, every }) };
      rows.push(row);
      onRow(row);
    }
    return { cases: every === 1 ? "all" : `one in ${every}`, rows, absent };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
export function tableOf({ cases, rows }) {
  const backends = [...new Set(rows.flatMap(({ outcomes }) => outcomes.map(({ backend }) => backend)))];
  const head = [
    `| runtime | ${backends.map((backend) => `\`${backend}\``).join(" | ")} |`,
    `| --- |${backends.map(() => " --- |").join("")}`,
  ];
  const body = rows.map(({ name, version, outcomes }) => {
    const cells = backends.map((backend) => {
      const outcome = outcomes.find((one) => one.backend === backend);
      if (outcome === undefined) return "–";
      if (outcome.cases === 0) return "not here";
      return outcome.failures.length === 0
        ? `${outcome.cases} ✓`
        : `${outcome.failures.length} of ${outcome.cases} fail`;
    });
    return `| ${name} (${version}) | ${cells.join(" | ")} |`;
  });
  return [
    ...head,
    ...body,
    "",
    `Checked values over all dtypes (golden cases: ${cases}); –: not tried there; "not here": refused with the reason, as it must be.`,
  ].join("\n");
}
