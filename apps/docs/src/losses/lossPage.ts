import type { Translate } from "../i18n/translator.js";
import { codeTabs } from "../examples/tabs.js";
import type { Example } from "../examples/example.js";
import type { ExplorerPlan } from "../explorer/plan.js";
import type { ExplorerResult, PairsResult } from "../explorer/run.js";
import type { Edge } from "./edges.js";
import { familyOf } from "./families.js";
import { inputHolds, inputShapes } from "./inputTexts.js";
import type { LossDocs, OptionDocs } from "./lossDocs.js";

/** Everything that a loss page is made of. */
export interface LossPageParts {
  readonly loss: LossDocs;
  readonly explorer: { readonly plan: ExplorerPlan; readonly result: ExplorerResult; readonly pairs?: PairsResult };
  readonly edges: readonly Edge[];
  readonly example: Example | undefined;
  /** Other losses of the family, by name. */
  readonly related: readonly string[];
  readonly names: ReadonlySet<string>;
}

/** The page of a loss as Markdown, in one language. */
export function lossPage(parts: LossPageParts, t: Translate): string {
  const { loss, explorer } = parts;
  const family = familyOf(loss.family);
  const front = {
    title: loss.name,
    description: t(loss.summary),
    kind: "loss",
    loss: loss.name,
    family: t(family.title),
    explorer: { ...explorer, plan: localPlan(explorer.plan, t) },
  };
  const sections = [
    whenToUse(parts, t),
    formula(loss, t),
    inputs(loss, t),
    options(loss, t),
    edges(parts, t),
    code(parts, t),
    pytorch(parts, t),
    survey(loss, t),
    references(loss, t),
    related(parts, t),
  ];
  return [
    "---",
    ...Object.entries(front).map(([key, value]) => `${key}: ${JSON.stringify(value)}`),
    "---",
    "",
    `# ${loss.name}`,
    "",
    `<p class="lead">${inlineHtml(t(loss.summary))}</p>`,
    "",
    "<LossExplorer />",
    "",
    ...sections.filter((section) => section !== ""),
  ].join("\n");
}

/** A plan whose descriptions are in the language of the page. */
export function localPlan(plan: ExplorerPlan, t: Translate): ExplorerPlan {
  const said = <T extends { readonly doc: string }>(item: T): T => ({ ...item, doc: t(item.doc) });
  return { ...plan, inputs: plan.inputs.map(said), options: plan.options.map(said) };
}

function section(title: string, anchor: string, lines: readonly string[]): string {
  return `## ${title} {#${anchor}}\n\n<div class="part">\n\n${lines.join("\n")}\n\n</div>\n`;
}

function whenToUse({ loss, names }: LossPageParts, t: Translate): string {
  const list = (title: string, kind: string, texts: readonly string[]): readonly string[] =>
    texts.length === 0
      ? []
      : [
          `<div class="${kind}">`,
          "",
          `**${title}**`,
          "",
          ...texts.map((text) => linked(t(text), names)),
          "",
          "</div>",
          "",
        ];
  const lines = [...list(t("Take it for"), "use", loss.use), ...list(t("Not for"), "avoid", loss.avoid)];
  return lines.length === 0 ? "" : section(t("When to use it"), "when", ['<div class="fit">', "", ...lines, "</div>"]);
}

/** Names of losses in code become links to their pages. */
export function linked(text: string, names: ReadonlySet<string>): string {
  return text.replace(/`(\w+)`/g, (whole, name: string) => (names.has(name) ? `[${whole}](./${name})` : whole));
}

function formula(
  { formula: { latex, symbols, plain }, inputs: given, options: chosen }: LossDocs,
  t: Translate,
): string {
  const docs = new Map([...given, ...chosen].map(({ name, doc }) => [name, doc]));
  const rows = symbols.map(({ latex: symbol, names, meaning }) => {
    const what = names === undefined ? t(meaning ?? "") : `\`${names}\` – ${t(docs.get(names) ?? "")}`;
    return `| $${symbol}$ | ${cell(what)} |`;
  });
  const table = rows.length === 0 ? [] : ["", `| ${t("Symbol")} | ${t("Meaning")} |`, "| --- | --- |", ...rows];
  const body = latex.map((line) => `$$\n${line}\n$$`);
  return section(t("Formula"), "formula", [
    ...body,
    ...table,
    "",
    `<details class="plain"><summary>${t("As plain text")}</summary>`,
    "",
    "```text",
    plain,
    "```",
    "",
    "</details>",
  ]);
}

function inputs(loss: LossDocs, t: Translate): string {
  const rows = loss.inputs.map((input) => {
    const must =
      loss.inputSets.length > 0 && !input.required ? t("in a set") : input.required ? t("required") : t("optional");
    const gradient = input.differentiable ? t("yes") : "–";
    return `| \`${input.name}\` | ${inputShapes(input, t)} | ${inputHolds(input, t)} | ${must} | ${gradient} | ${cell(t(input.doc))} |`;
  });
  const sets = loss.inputSets
    .map((set) => set.map((name) => `\`${name}\``).join(` ${t("and")} `))
    .join(`, ${t("or")} `);
  return section(t("Inputs"), "inputs", [
    `| ${[t("Name"), t("Shape"), t("Holds"), t("Needed"), t("Gradient"), t("Meaning")].join(" | ")} |`,
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
    ...(sets === "" ? [] : [t("Exactly one of these sets must be given: {sets}.", { sets }), ""]),
    t("The same letter is the same size everywhere; `N?` may be absent; `...d` stands for any number of axes."),
  ]);
}

function options(loss: LossDocs, t: Translate): string {
  const rows = loss.options.map(
    (option) =>
      `| \`${option.name}\` | ${domain(option, t)} | \`${printDefault(option.default)}\` | ${cell(t(option.doc))} |`,
  );
  return section(t("Options"), "options", [
    `| ${[t("Name"), t("Domain"), t("Default"), t("Meaning")].join(" | ")} |`,
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    t(
      "A value outside its domain, and an option that does not exist, is an `OptionError` before anything is computed.",
    ),
  ]);
}

function domain({ choices, domain: words }: OptionDocs, t: Translate): string {
  if (choices === undefined) return cell(t(words));
  const extra = words.includes("a function") ? ` ${t("or")} ${t("a function of two tensors")}` : "";
  return `${choices.map((choice) => `\`"${choice}"\``).join(" ")}${extra}`;
}

const printDefault = (value: unknown): string => (typeof value === "string" ? `"${value}"` : String(value));
const cell = (text: string): string => text.replace(/\|/g, "\\|");

function edges({ edges: list }: LossPageParts, t: Translate): string {
  if (list.length === 0) return "";
  const cards = list.map(({ title, inputs: given, options: chosen, value, gradients }) => {
    const rows = [
      ...given.map((line) => `<span>${escapeHtml(line)}</span>`),
      ...(chosen === "" ? [] : [`<span class="chosen">${escapeHtml(chosen)}</span>`]),
    ];
    return [
      '<div class="edge">',
      `<p class="edge-title">${inlineHtml(t(title))}</p>`,
      `<code class="edge-in" v-pre>${rows.join("")}</code>`,
      `<code class="edge-out" v-pre><strong>${escapeHtml(value)}</strong>${gradients.map((line) => `<span>${escapeHtml(line)}</span>`).join("")}</code>`,
      "</div>",
    ].join("\n");
  });
  return section(t("At the edges"), "edges", [
    t(
      "What comes out where implementations differ: the numbers are golden cases, made by the reference and held on every backend.",
    ),
    "",
    '<div class="edges">',
    ...cards,
    "</div>",
  ]);
}

function code({ example }: LossPageParts, t: Translate): string {
  if (example === undefined) return "";
  const tabs = codeTabs(example).flatMap(({ title, blocks }) =>
    blocks.map(({ language, code: text }, i) => {
      const label = blocks.length === 1 ? title : i === 0 ? t("Export to ONNX") : title;
      return `\`\`\`${language} [${label}]\n${text}\`\`\``;
    }),
  );
  return section(t("Code"), "code", [
    t("The same numbers on every runtime; {value} is what {source} gives.", {
      value: `\`${example.value}\``,
      source: sourceName(example.source),
    }),
    "",
    "::: code-group",
    "",
    ...tabs,
    "",
    ":::",
  ]);
}

const sourceName = (source: string): string => source.replace(/;.*$/, "").replace(/\s*\(float64\)/, "");

const isSurvey = (note: string): boolean => /\bsurvey\b/i.test(note);

function pytorch({ loss, example }: LossPageParts, t: Translate): string {
  const notes = loss.notes.filter((note) => !isSurvey(note));
  if (loss.pytorch === undefined && notes.length === 0) return "";
  const equivalent =
    loss.pytorch === undefined
      ? t("PyTorch has no such loss; the golden numbers come from {source}, in float64.", {
          source: sourceName(example?.source ?? loss.references[0] ?? loss.name),
        })
      : t("The same numbers as {name}, to the kink.", { name: `\`${loss.pytorch}\`` });
  return section(t("PyTorch, and what to know"), "pytorch", [equivalent, "", ...notes.map((note) => `- ${t(note)}`)]);
}

function survey(loss: LossDocs, t: Translate): string {
  const notes = loss.notes.filter(isSurvey);
  return notes.length === 0
    ? ""
    : section(
        t("What the survey gets wrong"),
        "survey",
        notes.map((note) => `- ${t(note)}`),
      );
}

function references(loss: LossDocs, t: Translate): string {
  if (loss.references.length + loss.aliases.length === 0) return "";
  const aliases =
    loss.aliases.length === 0
      ? []
      : [t("Also known as {names}.", { names: loss.aliases.map((name) => `\`${name}\``).join(", ") })];
  return section(t("References"), "references", [...loss.references.map((text) => `- ${text}`), "", ...aliases]);
}

function related({ related: others }: LossPageParts, t: Translate): string {
  if (others.length === 0) return "";
  return section(t("In the same family"), "related", [others.map((name) => `[${name}](./${name})`).join(" · ")]);
}

export function escapeHtml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** Text with code in backticks, as HTML. */
export function inlineHtml(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, "<code v-pre>$1</code>");
}
