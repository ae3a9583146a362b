// Holds the backends that only a browser has to the golden fixtures, in Chromium, and writes the report that the scoreboard reads.
// Usage, after a build: node check/browserReport.mjs [--at-most cases of each loss] [backend ids ...]
import { cpus } from "node:os";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { fixturesFolder, printReport } from "@losses/conformance";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { browserBackends } from "../../../tooling/backends.mjs";
import { findChromium, softwareFlags } from "../../../tooling/chromium.mjs";
import { serve } from "../dist/server/serve.js";

const engines = ["@losses/core", "@tensorflow/tfjs-core", "onnxruntime-web"];
const app = fileURLToPath(new URL("..", import.meta.url));
const versions = Object.fromEntries(
  engines.map((name) => [
    name,
    JSON.parse(readFileSync(join(app, "node_modules", name, "package.json"), "utf8")).version,
  ]),
);
const { values, positionals: asked } = parseArgs({
  options: { "at-most": { type: "string" } },
  allowPositionals: true,
});
const atMost = values["at-most"] === undefined ? undefined : Number(values["at-most"]);
const ids = asked.length > 0 ? asked : browserBackends;

const entry = `
import { readFixtures, runConformance } from "@losses/conformance";
import { openBackend } from "./dist/playground/backends.js";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-webgl";
import "@tensorflow/tfjs-backend-webgpu";
// Small tensors too are computed on the device, as large ones are.
tf.env().set("WEBGL_CPU_FORWARD", false);
tf.env().set("WEBGPU_CPU_FORWARD", false);
globalThis.hold = (ids, files, assets, machine, versions, atMost) =>
  runConformance(
    ids.map((id) => ({ id, create: () => openBackend(id, assets) })),
    {
      fixtures: files.flatMap(([name, text]) => readFixtures(text, name)),
      knownFailures: [],
      ...(atMost === undefined ? {} : { atMost }),
      versions,
      machine,
      onProgress: ({ backend, done, total }) => done % 500 === 0 && console.log(backend + " " + done + "/" + total),
    },
  );
`;
const { outputFiles } = await build({
  stdin: { contents: entry, resolveDir: app },
  bundle: true,
  format: "iife",
  write: false,
  nodePaths: [join(app, "node_modules")],
  external: ["onnxruntime-node", "@tensorflow/tfjs-node", "@tensorflow/tfjs-layers"],
  define: { "import.meta.url": JSON.stringify("http://localhost/"), "process.env.NODE_ENV": '"production"' },
  plugins: [
    {
      name: "no Node.js",
      setup(bundle) {
        bundle.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "none" }));
        bundle.onLoad({ filter: /.*/, namespace: "none" }, () => ({ contents: "module.exports = {};", loader: "js" }));
      },
    },
  ],
  logLevel: "error",
});

const server = await serve(0);
const { address } = server;
const browser = await chromium.launch({ executablePath: findChromium(), args: softwareFlags });
const context = await browser.newContext({ bypassCSP: true });
const page = await context.newPage();
page.on("console", (message) => console.error(message.text()));
page.setDefaultTimeout(0);
await page.goto(address);
await page.addScriptTag({ content: outputFiles[0]?.text ?? "" });
const files = readdirSync(fixturesFolder).map((file) => [file, readFileSync(new URL(file, fixturesFolder), "utf8")]);
const machine = {
  browser: `Chromium ${browser.version()}`,
  platform: process.platform,
  processors: `${cpus().length} (${cpus()[0]?.model.trim() ?? "unknown"})`,
  graphics: "SwiftShader (software)",
};
const report = await page.evaluate(
  ([list, fixtures, assets, on, of, count]) => globalThis.hold(list, fixtures, assets, on, of, count),
  [ids, files, `${address}playground/`, machine, versions, atMost],
);
const sample = atMost === undefined ? "" : ` --at-most ${atMost}`;
const command = `node check/browserReport.mjs${sample}${asked.map((id) => ` ${id}`).join("")}`;
const written = { command, ...JSON.parse(printReport(report)) };
writeFileSync(join(app, "data/reports/conformance-browser.json"), `${JSON.stringify(written, undefined, 2)}\n`);
await browser.close();
await server.close();
if (report.problems.length > 0) {
  console.error(report.problems.join("\n"));
  process.exitCode = 1;
}
