import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Application, type TypeDocOptions } from "typedoc";
import type { PluginOptions } from "typedoc-plugin-markdown";
import { allLosses } from "@losses/core";
import type { Translate } from "../i18n/translator.js";
import type { Page } from "./page.js";
import { appFolder } from "./paths.js";

/** The packages whose exports are told, and what each holds. */
const packages: readonly (readonly [name: string, summary: string])[] = [
  ["core", "Specs, tensors, graphs and gradients."],
  ["js", "The backend in JavaScript and WebAssembly."],
  ["tfjs", "Losses on TensorFlow.js, and inside its training."],
  ["onnxruntime", "Losses on ONNX Runtime, in Node.js and browsers."],
  ["onnx", "Losses as ONNX models."],
  ["wasm", "The compiler to WebAssembly."],
  ["conformance", "Golden fixtures, and the suite that holds a backend to them."],
];

let generated: ReadonlyMap<string, string> | undefined;

/** Runs TypeDoc over the declarations of every package; once for all languages. */
export async function readApi(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "losses-api-"));
  const options: TypeDocOptions & Partial<PluginOptions> = {
    entryPoints: packages.map(([name]) => join(appFolder, "../../packages", name, "dist/index.d.ts")),
    tsconfig: join(appFolder, "tsconfig.api.json"),
    plugin: ["typedoc-plugin-markdown"],
    out: folder,
    router: "module",
    readme: "none",
    hidePageHeader: true,
    hideBreadcrumbs: true,
    hidePageTitle: true,
    disableSources: true,
    excludeExternals: true,
    excludePrivate: true,
    expandObjects: false,
    useCodeBlocks: true,
    parametersFormat: "table",
    interfacePropertiesFormat: "table",
    typeDeclarationFormat: "table",
    skipErrorChecking: true,
    logLevel: "Error",
    validation: false,
  };
  const app = await Application.bootstrapWithPlugins(options);
  const project = await app.convert();
  if (project === undefined) throw new Error("docs: TypeDoc must read the packages, got errors.");
  await app.generateOutputs(project);
  generated = new Map(packages.map(([name]) => [name, readModule(folder, name)]));
  rmSync(folder, { recursive: true, force: true });
}

function readModule(folder: string, name: string): string {
  const candidates = [
    `${name}/dist.md`,
    `${name}/dist/README.md`,
    `${name}/dist/index.md`,
    `${name}/dist/index.d.md`,
    `${name}.md`,
  ];
  for (const file of candidates) {
    try {
      return withoutLosses(readFileSync(join(folder, file), "utf8"));
    } catch {
      // The next candidate: TypeDoc names modules by the folder that their entry points have in common.
    }
  }
  throw new Error(`docs: TypeDoc must write a page for ${name}, got none of ${candidates.join(", ")}.`);
}

/** Losses and their options have pages of their own. */
function withoutLosses(markdown: string): string {
  const losses = new Set(
    allLosses.flatMap(({ lossName }) => [lossName, `${lossName.charAt(0).toUpperCase()}${lossName.slice(1)}Options`]),
  );
  const parts = markdown.split(/^(?=#{2,3} )/m);
  const linked = (text: string): string =>
    text.replace(/\]\((?:\.\.\/)*(\w+)\/dist(?:\/README|\/index)?\.md(#[\w-]+)?\)/g, "](./$1$2)");
  return parts
    .filter((part) => {
      const [, heading = ""] = /^### (\w+)/.exec(part) ?? [];
      return !losses.has(heading);
    })
    .map(linked)
    .join("");
}

/** The pages of the API reference. Its text comes from comments in the source, which are English. */
export function apiPages(t: Translate): readonly Page[] {
  if (generated === undefined) throw new Error("docs: readApi must come before apiPages.");
  const note = t("Made from the comments in the source.");
  const pages = packages.map(([name, summary]) => ({
    path: `api/${name}`,
    markdown: [
      "---",
      `title: ${JSON.stringify(`@losses/${name}`)}`,
      `description: ${JSON.stringify(t(summary))}`,
      "kind: api",
      "---",
      "",
      `# @losses/${name}`,
      "",
      `<p class="lead">${t(summary)} ${note}</p>`,
      "",
      "::: v-pre",
      "",
      ...(name === "core" ? [t("Losses and their options: see [Losses](../losses/)."), ""] : []),
      headings(generated?.get(name) ?? "", t),
      ":::",
      "",
    ].join("\n"),
  }));
  const index = [
    "---",
    `title: "API"`,
    `description: ${JSON.stringify(t("Every export of every package."))}`,
    "kind: page",
    "---",
    "",
    "# API",
    "",
    `<p class="lead">${t("Every export of every package.")} ${note}</p>`,
    "",
    ...packages.map(([name, summary]) => `- [@losses/${name}](./${name}): ${t(summary)}`),
    "",
  ].join("\n");
  return [{ path: "api/index", markdown: index }, ...pages];
}

/** The kinds of exports, which are headings of the reference. */
const kinds = [
  "Classes",
  "Functions",
  "Interfaces",
  "Type Aliases",
  "Variables",
  "Parameters",
  "Returns",
  "Example",
  "Properties",
  "Type Parameters",
  "Throws",
  "Methods",
  "Constructors",
  "Extends",
  "Constructor",
  "Call Signature",
  "References",
  "Remarks",
  "Overrides",
  "Extended by",
  "Type declaration",
  "Inherited from",
  "Implements",
  "Deprecated",
];

function headings(markdown: string, t: Translate): string {
  return markdown.replace(/^(#{2,6}) (.*)$/gm, (line, marks: string, title: string) =>
    kinds.includes(title) ? `${marks} ${t(title)}` : line,
  );
}
