import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { build } from "esbuild";
import { afterAll, describe, expect, it } from "vitest";
import { root } from "../repository.mjs";

const folder = mkdtempSync(join(tmpdir(), "losses-threads-"));
afterAll(() => rmSync(folder, { recursive: true }));

const code = `
import { crossEntropy } from "@losses/core";
import { createBackend } from "@losses/js";
const backend = await createBackend({ engine: "wasm", threads: 2 });
const loss = await backend.compile(crossEntropy());
const input = { data: new Float32Array(4096 * 128), shape: [4096, 128] };
for (let i = 0; i < 20; i++) {
  const { value } = await loss.valueAndGrad({ input, target: new Int32Array(4096) });
  if (i === 19) console.log(value.data[0]);
}`;

describe("threads of a bundle", () => {
  it.each([
    ["as it is", {}],
    ["minified", { minify: true }],
    ["minified, with the names of functions", { minify: true, keepNames: true }],
  ])("%s: their code is a text of its own", async (_, options) => {
    const file = join(folder, "bundle.mjs");
    const stdin = { contents: code, resolveDir: join(root, "packages", "cli") };
    await build({ stdin, outfile: file, bundle: true, format: "esm", platform: "browser", ...options });
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8", timeout: 60_000 });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(Number(stdout)).toBeCloseTo(Math.log(128), 5);
  });
});
