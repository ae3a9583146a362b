// The TypeScript language service over the program of the playground, in a worker of its own.
import ts from "typescript";

/** What the editor asks. Positions are characters from the beginning. */
export type TypeRequest =
  | { readonly id: number; readonly ask: "complete" | "hover"; readonly code: string; readonly at: number }
  | { readonly id: number; readonly ask: "diagnose"; readonly code: string };

export interface TypeCompletion {
  readonly name: string;
  readonly kind: string;
}

export interface TypeDiagnostic {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

export type TypeAnswer =
  | { readonly id: number; readonly completions: readonly TypeCompletion[] }
  | { readonly id: number; readonly text: string }
  | { readonly id: number; readonly diagnostics: readonly TypeDiagnostic[] };

const program = "/program.ts";
const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ["lib.es2022.d.ts"],
  strict: true,
  noEmit: true,
  types: [],
  skipLibCheck: true,
};

let code = "";
let version = 0;

/** Declarations of the language and of @losses/core, by path. */
const files: Readonly<Record<string, string>> = (await (
  await fetch(new URL("./declarations.json", import.meta.url))
).json()) as Record<string, string>;

const service = ts.createLanguageService({
  getCompilationSettings: () => options,
  getScriptFileNames: () => [program],
  getScriptVersion: (file) => (file === program ? String(version) : "0"),
  getScriptSnapshot: (file) => {
    const text = file === program ? code : files[file];
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
  },
  getCurrentDirectory: () => "/",
  getDefaultLibFileName: () => "/lib/lib.es2022.d.ts",
  fileExists: (file) => file === program || files[file] !== undefined,
  readFile: (file) => (file === program ? code : files[file]),
  directoryExists: (folder) => Object.keys(files).some((file) => file.startsWith(`${folder}/`)),
});

self.addEventListener("message", ({ data }: MessageEvent<TypeRequest>) => {
  if (data.code !== code) {
    code = data.code;
    version++;
  }
  self.postMessage(answer(data));
});

function answer(request: TypeRequest): TypeAnswer {
  const { id } = request;
  switch (request.ask) {
    case "complete": {
      const found = service.getCompletionsAtPosition(program, request.at, {
        includeCompletionsForModuleExports: false,
      });
      const entries = found?.entries.filter(({ kind }) => kind !== ts.ScriptElementKind.warning) ?? [];
      return { id, completions: entries.slice(0, 400).map(({ name, kind }) => ({ name, kind })) };
    }
    case "hover": {
      const info = service.getQuickInfoAtPosition(program, request.at);
      const signature = ts.displayPartsToString(info?.displayParts);
      const docs = ts.displayPartsToString(info?.documentation);
      return { id, text: docs === "" ? signature : `${signature}\n\n${docs}` };
    }
    case "diagnose": {
      const found = [...service.getSyntacticDiagnostics(program), ...service.getSemanticDiagnostics(program)];
      const diagnostics = found.map(({ start = 0, length = 1, messageText }) => ({
        from: start,
        to: start + length,
        message: ts.flattenDiagnosticMessageText(messageText, "\n"),
      }));
      return { id, diagnostics };
    }
  }
}

self.postMessage({ id: 0, text: "ready" } satisfies TypeAnswer);
