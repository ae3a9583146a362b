import { fileURLToPath } from "node:url";
import ts from "typescript";
import { beforeAll, describe, expect, it } from "vitest";
import { allInputs, allLosses } from "../src/index.js";

// What an editor shows where one of our names stands in a user's code, by the declarations that are published.

const file = fileURLToPath(new URL("hovers-of-a-user.ts", import.meta.url));

const names = (members: readonly string[]): string => members.map((name) => `${name}: never`).join(", ");
const uses = allLosses.map(({ lossName, definition }) => ({
  loss: lossName,
  options: Object.keys(definition.options),
  inputs: Object.keys(allInputs(definition)),
}));
const program = `import { ${uses.map(({ loss }) => loss).join(", ")}, type SyncBackend } from "../dist/index.js";
declare const backend: SyncBackend<Float32Array>;
declare const never: never;
${uses
  .map(({ loss, options, inputs }) => {
    const spec = `${loss}({ ${names(options)} })`;
    return `{ /* ${loss} */ const loss = backend.compileSync(${spec}); const { value, grads } = loss.valueAndGradSync({ ${names(inputs)} }); loss.valueSync; loss.value; loss.valueAndGrad; backend.compile; }`;
  })
  .join("\n")}
`;

const host: ts.LanguageServiceHost = {
  getCompilationSettings: () => ({
    strict: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ["lib.es2022.d.ts"],
    types: [],
  }),
  getScriptFileNames: () => [file],
  getScriptVersion: () => "1",
  getScriptSnapshot: (path) => {
    const text = path === file ? program : ts.sys.readFile(path);
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
  },
  getCurrentDirectory: () => fileURLToPath(new URL("..", import.meta.url)),
  getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
  fileExists: (path) => path === file || ts.sys.fileExists(path),
  readFile: (path) => (path === file ? program : ts.sys.readFile(path)),
};
const service = ts.createLanguageService(host);

/** The sentences under the type, where `what` stands after `from`. */
function hoverAt(from: number, what: string): string {
  const info = service.getQuickInfoAtPosition(file, program.indexOf(what, from));
  return ts.displayPartsToString(info?.documentation);
}

describe("hovering", () => {
  beforeAll(() => {
    const problems = service.getSemanticDiagnostics(file);
    expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "))).toEqual([]);
  });

  it.each(uses)("over $loss tells what it computes, its options with their defaults, and its inputs", (use) => {
    const start = program.indexOf(`/* ${use.loss} */`);
    expect(hoverAt(start, `${use.loss}(`)).toMatch(/^\S[^]*\.$/);
    for (const option of use.options) {
      expect(hoverAt(start, `${option}: never`), option).toMatch(/^\S[^]* Default [^]*\.$/);
    }
    const fed = program.indexOf("valueAndGradSync({", start);
    for (const input of use.inputs) expect(hoverAt(fed, `${input}: never`), input).toMatch(/^\S[^]*\.$/);
  });

  it.each([
    "compileSync",
    "value, grads",
    "grads }",
    "valueAndGradSync",
    "valueSync",
    "value;",
    "valueAndGrad;",
    "compile;",
  ])("over %s tells what it is", (what) => expect(hoverAt(program.indexOf("/*"), what)).toMatch(/^\S[^]*\.$/));
});
