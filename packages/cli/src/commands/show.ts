import {
  allLosses,
  findLoss,
  formatTokens,
  type AnyDefinition,
  type InputDeclaration,
  type InputKind,
} from "@losses/core";
import { columns, print, toJSON } from "../output.js";

/** `losses show`: what a loss computes, takes and returns. */
export async function show(name: string, { json = false }: { readonly json?: boolean }): Promise<void> {
  const { definition } = findLoss(allLosses, name);
  await print(json ? toJSON(asData(definition)) : asText(definition));
}

interface Input {
  readonly name: string;
  readonly required: boolean;
  readonly differentiable: boolean;
  readonly forms: readonly { readonly shape: string; readonly holds: string }[];
  readonly doc: string;
}

function inputsOf({ inputs, optionalInputs = {} }: AnyDefinition): readonly Input[] {
  const describe =
    (required: boolean) =>
    ([name, declaration]: readonly [string, InputDeclaration]): Input => ({
      name,
      required,
      differentiable: declaration.differentiable,
      forms: declaration.forms.map(({ shape, holds }) => ({ shape: formatTokens(shape), holds: describeKind(holds) })),
      doc: declaration.doc,
    });
  return [...Object.entries(inputs).map(describe(true)), ...Object.entries(optionalInputs).map(describe(false))];
}

function describeKind(holds: InputKind): string {
  switch (holds.kind) {
    case "float":
      return "float";
    case "number":
      return "float or int";
    case "mask":
      return "bool";
    case "index":
      return indexRange(holds);
  }
}

function indexRange({ from, below, atMost }: Extract<InputKind, { kind: "index" }>): string {
  const end = below ?? atMost;
  if (end === undefined) return "int";
  const named = typeof end !== "object" ? end : "option" in end ? `option ${end.option}` : `input ${end.input}`;
  return `int in [${from ?? 0}, ${named}${below === undefined ? "]" : ")"}`;
}

function asData(definition: AnyDefinition): unknown {
  const { name, family = "custom", summary, formula, inputSets = [], options } = definition;
  const { pytorch = null, notes = [], references = [], aliases = [] } = definition;
  return {
    name,
    family,
    summary,
    formula,
    inputs: inputsOf(definition),
    inputSets,
    options: Object.entries(options).map(([option, { kind, domain, choices = [], doc, default: initial }]) => ({
      name: option,
      kind,
      default: initial,
      domain,
      choices,
      doc,
    })),
    notes,
    references,
    pytorch,
    aliases,
  };
}

function asText(definition: AnyDefinition): string {
  const { name, family = "custom", summary, formula, inputSets = [], options } = definition;
  const { pytorch, notes = [], references = [], aliases = [] } = definition;
  const inputs = inputsOf(definition).map((input) => [
    input.name,
    input.forms.map(({ shape, holds }) => `${shape} ${holds}`).join(" or "),
    [input.required ? "" : "optional", input.differentiable ? "" : "no gradient"].filter(Boolean).join(", "),
    input.doc,
  ]);
  const sets = inputSets.map((set) => set.join(" and ")).join(", or ");
  const choices = Object.entries(options).map(([option, { default: initial, domain, doc }]) => [
    option,
    `default ${typeof initial === "string" ? `"${initial}"` : String(initial)}`,
    domain,
    doc,
  ]);
  return [
    `${name} (${family})\n${summary}\n`,
    section("Formula", `  ${formula}`),
    section("Inputs", columns(inputs, "  ") + (sets === "" ? "" : `\n  Give ${sets}.`)),
    section("Options", columns(choices, "  ")),
    section("Notes", items(notes)),
    section("References", items(references)),
    section("PyTorch", pytorch === undefined ? "" : `  ${pytorch}`),
    section("Also known as", aliases.length === 0 ? "" : `  ${aliases.join(", ")}`),
  ].join("");
}

function section(title: string, body: string): string {
  return body === "" ? "" : `\n${title}\n${body}\n`;
}

function items(lines: readonly string[]): string {
  return lines.map((line) => `  - ${line}`).join("\n");
}
