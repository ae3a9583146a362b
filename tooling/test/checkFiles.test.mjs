import { expect, test } from "vitest";
import { rules } from "../checkFiles.mjs";

/**
 * What all rules find in a repository that consists of these files.
 * @param {Record<string, string>} files
 */
function problems(files) {
  const all = { "pnpm-lock.yaml": "lockfileVersion: '9.0'\n", ...files };
  const repository = {
    root: new URL("../..", import.meta.url).pathname.replace(/\/$/, ""),
    files: Object.keys(all),
    read: (/** @type {string} */ file) => all[/** @type {keyof typeof all} */ (file)] ?? "",
  };
  return rules.flatMap((rule) => rule.problems(repository));
}

test("a clean repository has no problems", () => {
  expect(problems({ "packages/js/src/index.ts": 'import { x } from "@losses/core";\nimport "./x.js";\n' })).toEqual([]);
});

test("a source file of 401 lines is reported, a generated or 400-line one is not", () => {
  const lines = (/** @type {number} */ n) => "x;\n".repeat(n);
  expect(problems({ "packages/js/src/a.ts": lines(400) })).toEqual([]);
  expect(problems({ "packages/js/src/a.ts": lines(401) })).toEqual(["packages/js/src/a.ts: 401 lines"]);
  expect(problems({ "packages/js/src/a.ts": `// @generated\n${lines(401)}` })).toEqual([]);
});

test("imports of another package's src are reported", () => {
  const at = (/** @type {string} */ line) => problems({ "packages/js/src/a.ts": `// first line\n${line}\n` });
  expect(at('import { x } from "@losses/core/src/x.js";')).toEqual(["packages/js/src/a.ts:2: @losses/core/src/x.js"]);
  expect(at('export * from "../../core/src/x.js";')).toEqual(["packages/js/src/a.ts:2: ../../core/src/x.js"]);
  expect(at('const x = await import("../../core/dist/x.js");')).toHaveLength(1);
  expect(at('import "../test/x.js";')).toEqual([]);
});

test("download addresses in the lock file are reported", () => {
  expect(problems({ "pnpm-lock.yaml": "resolution: {tarball: https://example.org/x.tgz}\n" })).toHaveLength(1);
});

test("paths of one machine are reported, addresses on the web are not", () => {
  expect(problems({ "README.md": "See /home/ann/losses.\n" })).toEqual(["README.md:1: See /home/ann/losses."]);
  expect(problems({ "README.md": "See https://example.org/home/ann.\n" })).toEqual([]);
});
