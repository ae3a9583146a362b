// Every package in a page, bundled by every bundler from its tarball, without the engines that are not used, and run in Chromium;
// and with a worker thread, bundled for Node.js.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installApp, packAll } from "../../packs.mjs";
import { root } from "../../repository.mjs";
import { run } from "../../runProgram.mjs";
import { browserBundlers, nodeBundlers } from "../bundlers.mjs";
import { runPages } from "../pages.mjs";

const folder = mkdtempSync(join(tmpdir(), "losses-bundles-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** @type {import("../../packs.mjs").Tarballs} */
let tarballs = {};
beforeAll(() => {
  tarballs = packAll(join(folder, "tarballs"));
});

// Cross entropy of logits [[2, 1, 0], [0, 3, 1]] and labels [0, 1]: with shares softmax(2, 1, 0) = 0.665241, 0.244728, 0.090031 and
// softmax(0, 3, 1) = 0.042010, 0.843795, 0.114195 it is -(log 0.665241 + log 0.843795) / 2, its gradient (shares - one-hot) / 2.
const expected = [0.288726, -0.16738, 0.122364, 0.045015, 0.021005, -0.078103, 0.057098];

const call = `
const loss = await backend.compile(crossEntropy());
const { value, grads } = await loss.valueAndGrad({ input: [[2, 1, 0], [0, 3, 1]], target: Int32Array.of(0, 1) });
const found = [...(await backend.read(value)).data, ...(await backend.read(grads.input)).data];
`;

/**
 * @param {string} imports
 * @param {string} open an expression for the backend
 * @param {string} [missing] one for a backend whose engine is not installed
 */
function entryOf(imports, open, missing) {
  return `import { crossEntropy } from "@losses/core";
${imports}
async function main() {
const backend = await ${open};${call}
${missing === undefined ? "" : `const refusal = await ${missing}.then(({ id }) => "opened " + id, (cause) => cause.code + ": " + cause.message);`}
return { id: backend.id, found, ${missing === undefined ? "" : "refusal"} };
}
main().then((value) => parent.postMessage({ value }, "*"), (cause) => parent.postMessage({ error: String(cause?.stack ?? cause) }, "*"));
`;
}

const tfjsVersion = "4.22.0";

/**
 * What is bundled. `files` lie beside the program, for the bundlers named, as their users put them there.
 * @type {Record<string, { id: string, ours: string[], others?: Record<string, string>, imports: string, parcelImports?: string, open: string, missing?: string, files?: { from: string, names: string[], bundlers: string[] } }>}
 */
const apps = {
  "js, both engines": {
    id: "js",
    ours: ["@losses/core", "@losses/js"],
    imports: 'import { createBackend } from "@losses/js";',
    open: "createBackend()",
  },
  "tfjs, cpu alone": {
    id: "tfjs:cpu",
    ours: ["@losses/core", "@losses/tfjs"],
    // Parcel puts buffer and process in by itself where it may install packages.
    others: {
      "@tensorflow/tfjs-core": tfjsVersion,
      "@tensorflow/tfjs-backend-cpu": tfjsVersion,
      buffer: "6.0.3",
      process: "0.11.10",
    },
    imports: 'import { createBackend } from "@losses/tfjs";',
    parcelImports: 'import "@tensorflow/tfjs-backend-cpu";',
    open: 'createBackend({ device: "cpu" })',
    missing: 'createBackend({ device: "webgl" })',
  },
  "onnxruntime, web alone": {
    id: "onnxruntime-web:wasm",
    ours: ["@losses/core", "@losses/onnxruntime"],
    others: { "onnxruntime-web": "1.30.0" },
    imports: 'import { createBackend } from "@losses/onnxruntime";',
    open: "createBackend()",
    // Parcel replaces the address that the engine finds its files by.
    parcelImports: 'import { env } from "onnxruntime-web";\nenv.wasm.wasmPaths = new URL("./", location.href).href;',
    files: {
      from: "onnxruntime-web/dist",
      names: ["ort-wasm-simd-threaded.jsep.wasm", "ort-wasm-simd-threaded.jsep.mjs"],
      bundlers: ["esbuild", "rolldown", "parcel", "bun"],
    },
  },
};

/** @param {number[]} found */
function expectNumbers(found) {
  expect(found).toHaveLength(expected.length);
  found.forEach((x, i) => expect(x).toBeCloseTo(expected[i] ?? NaN, 5));
}

describe.each(Object.entries(apps))(
  "%s, in Chromium",
  (name, { id, ours, others, imports, parcelImports, open, missing, files }) => {
    const app = join(folder, name.replace(/\W+/g, "-"));
    beforeAll(() => {
      // Parcel reads "exports", also those of other packages, only when it is told to.
      const manifest = { "@parcel/resolver-default": { packageExports: true } };
      installApp(app, tarballs, { ours, others, manifest });
    });

    it.each(Object.entries(browserBundlers))("%s", async (bundler, bundle) => {
      const entry = `${bundler}.js`;
      const out = join(app, "out", bundler);
      const own = bundler === "parcel" && parcelImports !== undefined ? `${imports}\n${parcelImports}` : imports;
      writeFileSync(join(app, entry), entryOf(own, open, missing));
      mkdirSync(out, { recursive: true });
      await bundle({ app, entry, out });
      if (files?.bundlers.includes(bundler)) {
        for (const file of files.names) cpSync(join(app, "node_modules", files.from, file), join(out, file));
      }
      const { [bundler]: result } = await runPages("chromium", { [bundler]: { folder: out } });
      expect(result?.error).toBeUndefined();
      expect(result?.value.id).toBe(id);
      expectNumbers(result?.value.found);
      if (missing !== undefined) {
        expect(result?.value.refusal).toMatch(
          /^BACKEND_UNAVAILABLE: .*@tensorflow\/tfjs-backend-webgl (is not installed|could not)/,
        );
      }
    });
  },
);

describe("onnxruntime with a worker thread, bundled for Node.js", () => {
  const app = join(folder, "node");
  beforeAll(() => {
    installApp(app, tarballs, { ours: ["@losses/core", "@losses/onnxruntime"] });
    // The engine is large and the workspace has it.
    const engine = join(root, "packages", "onnxruntime", "node_modules", "onnxruntime-node");
    if (!existsSync(join(app, "node_modules", "onnxruntime-node")))
      symlinkSync(engine, join(app, "node_modules", "onnxruntime-node"), "junction");
    writeFileSync(
      join(app, "main.js"),
      `import { crossEntropy } from "@losses/core";
import { createBackend } from "@losses/onnxruntime";
async function main() {
const backend = await createBackend({ worker: true });${call}
await backend.dispose();
console.log(JSON.stringify({ id: backend.id, found }));
}
main();
`,
    );
  });

  it.each(Object.entries(nodeBundlers))("%s", async (name, bundle) => {
    const out = join(app, "out", name.replace(" ", "-"));
    await bundle({ app, entry: "main.js", out });
    const file = readdirSync(out).find((one) => /^main\.[cm]js$/.test(one)) ?? "";
    const { id, found } = JSON.parse(run(process.execPath, [join(out, file)], { cwd: out }));
    expect(id).toBe("onnxruntime:cpu");
    expectNumbers(found);
  });
});
