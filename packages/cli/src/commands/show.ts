import {
  allLosses,
  findLoss,
  formatTokens,
  type AnyDefinition,
  type Bound,
  type FormCondition,
  type InputDeclaration,
  type InputForm,
  type InputKind,
} from "@losses/core";
import { describeLoss, type LossDescription } from "@losses/core/docs";
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
  /** Learnt with the model. */
  readonly parameter: boolean;
  /** A list of such tensors. */
  readonly list: boolean;
  readonly forms: readonly Form[];
  readonly doc: string;
}

interface Form {
  readonly shape: string;
  readonly holds: string;
  /** The option, and its value, with which the input has this form. */
  readonly when?: InputForm["when"];
}

function inputsOf({ inputs, optionalInputs = {} }: AnyDefinition, { inputs: docs }: LossDescription): readonly Input[] {
  const describe =
    (required: boolean) =>
    ([name, declaration]: readonly [string, InputDeclaration]): Input => ({
      name,
      required,
      differentiable: declaration.differentiable,
      parameter: declaration.isParameter,
      list: declaration.isList,
      forms: declaration.forms.map(({ shape, holds, when }) => ({
        shape: formatTokens(shape),
        holds: describeKind(holds),
        ...(when === undefined ? {} : { when }),
      })),
      doc: docs[name] ?? "",
    });
  return [...Object.entries(inputs).map(describe(true)), ...Object.entries(optionalInputs).map(describe(false))];
}

function describeKind(holds: InputKind): string {
  switch (holds.kind) {
    case "float": {
      const { from, to } = holds.range ?? {};
      return from === undefined ? "float" : `float in [${from}, ${to}]`;
    }
    case "number":
      return `float or int${numbersText(holds)}`;
    case "mask":
      return "bool";
    case "index":
      return describeRange(holds);
  }
}

function numbersText({ range, values }: Extract<InputKind, { readonly kind: "number" }>): string {
  if (values !== undefined) return ` among ${values.join(", ")}`;
  return range === undefined ? "" : ` in [${range.from}, ${range.to}]`;
}

function describeRange({ from, below, atMost, except }: Extract<InputKind, { readonly kind: "index" }>): string {
  const other = except === undefined ? "" : ` or ${except}`;
  if (below !== undefined) return `int in [${from}, ${describeBound(below)})${other}`;
  return atMost === undefined ? "int" : `int in [${from}, ${describeBound(atMost)}]${other}`;
}

function describeBound(bound: Bound): string {
  if (typeof bound !== "object") return String(bound);
  if ("computed" in bound) return bound.computed;
  return "option" in bound ? bound.option : bound.input;
}

function formText({ shape, holds, when }: Form): string {
  return `${shape} ${holds}${when === undefined ? "" : ` ${conditionText(when)}`}`;
}

function conditionText(when: FormCondition): string {
  if ("option" in when) return `with ${when.option} ${printOption(when.is)}`;
  return `${when.given ? "with" : "without"} ${when.input}`;
}

function printOption(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : String(value);
}

function asData(definition: AnyDefinition): unknown {
  const { name, family = "custom", aliases = [], inputSets = [], options } = definition;
  const docs = describeLoss(definition);
  const { summary, formula, pytorch = null, notes, references } = docs;
  return {
    name,
    family,
    summary,
    formula,
    inputs: inputsOf(definition, docs),
    inputSets,
    options: Object.entries(options).map(([option, { kind, domain, choices = [], default: initial }]) => ({
      name: option,
      kind,
      default: initial,
      domain,
      choices,
      doc: docs.options[option] ?? "",
    })),
    notes,
    references,
    pytorch,
    aliases,
  };
}

/** What people read of a loss. */
export function asText(definition: AnyDefinition): string {
  const { name, family = "custom", aliases = [], inputSets = [], options } = definition;
  const docs = describeLoss(definition);
  const { summary, formula, pytorch, notes, references } = docs;
  const inputs = inputsOf(definition, docs).map((input) => [
    input.name,
    `${input.list ? "list of " : ""}${input.forms.map(formText).join(" or ")}`,
    [
      input.required ? "" : "optional",
      input.differentiable ? "" : "no gradient",
      input.parameter ? "learnt with the model" : "",
    ]
      .filter(Boolean)
      .join(", "),
    input.doc,
  ]);
  const sets = inputSets.map((set) => set.join(" and ")).join(", or ");
  const choices = Object.entries(options).map(([option, { default: initial, domain }]) => [
    option,
    `default ${printOption(initial)}`,
    domain,
    docs.options[option] ?? "",
  ]);
  return [
    `${name} (${family})\n${summary}\n`,
    section("Formula", formula === "" ? "" : `  ${formula}`),
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
