// Runs before tsc: the worker thread is started from text, which survives every bundler, and the text is written from its source.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import ts from "typescript";

const source = readFileSync(new URL("src/worker/sessionHost.ts", import.meta.url), "utf8");
const { outputText } = ts.transpileModule(source, {
  compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, removeComments: true },
});
const target = new URL("src/generated/sessionHost.ts", import.meta.url);
const text = `// Written by writeSessionHost.mjs from worker/sessionHost.ts.\nexport const sessionHost: string = ${JSON.stringify(outputText)};\n`;
mkdirSync(new URL(".", target), { recursive: true });
let current;
try {
  current = readFileSync(target, "utf8");
} catch {
  // Not there yet.
}
if (current !== text) writeFileSync(target, text);
