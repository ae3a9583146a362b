import { allInputs, allLosses, type AnyLoss, type InputForm, type OptionDeclaration } from "@losses/core";
import { describeLoss } from "@losses/core/docs";
import { formulaOf, type Formula } from "./formula.js";
import { readBlocks, type LossBlocks } from "./blocks.js";

/** One form that an input takes, and the option that asks for it. */
export type InputFormDocs = Pick<InputForm, "shape" | "holds" | "when">;

export interface InputDocs {
  readonly name: string;
  readonly required: boolean;
  readonly forms: readonly InputFormDocs[];
  readonly differentiable: boolean;
  /** Learnt with the model rather than computed by it. */
  readonly isParameter: boolean;
  /** A list of tensors of the declared shape. */
  readonly isList: boolean;
  readonly doc: string;
}

export interface OptionDocs {
  readonly name: string;
  readonly default: unknown;
  readonly domain: string;
  readonly choices: readonly string[] | undefined;
  readonly kind: OptionDeclaration<unknown>["kind"];
  readonly doc: string;
}

/** All that the site tells about a loss. */
export interface LossDocs {
  readonly name: string;
  readonly family: string;
  readonly summary: string;
  readonly formula: Formula;
  /** What it is good for, and what it is not, where the loss says it. */
  readonly use: readonly string[];
  readonly avoid: readonly string[];
  readonly inputs: readonly InputDocs[];
  /** Where only some optional inputs go together: the sets of which exactly one must be given. */
  readonly inputSets: readonly (readonly string[])[];
  readonly options: readonly OptionDocs[];
  readonly pytorch: string | undefined;
  readonly notes: readonly string[];
  readonly references: readonly string[];
  readonly aliases: readonly string[];
}

/**
 * What every loss says of itself. This is the one place of the site that knows where it comes from: their comments and definitions, and
 * the blocks `@formula`, `@where`, `@use` and `@avoid` that belong to them.
 */
export function readLossDocs(): readonly LossDocs[] {
  const blocks = readBlocks();
  return allLosses.map((loss) => docsOf(loss, blocks.get(loss.lossName)));
}

function docsOf({ definition }: AnyLoss, blocks: LossBlocks | undefined): LossDocs {
  const said = describeLoss(definition);
  const inputs = Object.entries(allInputs(definition)).map(([name, { forms, ...rest }]) => {
    const { differentiable, isParameter, isList } = rest;
    const required = Object.hasOwn(definition.inputs, name);
    return { name, required, forms, differentiable, isParameter, isList, doc: said.inputs[name] ?? "" };
  });
  const options = Object.entries(definition.options).map(([name, option]) => ({
    name,
    default: option.default,
    domain: option.domain,
    choices: option.choices,
    kind: option.kind,
    doc: said.options[name] ?? "",
  }));
  const names = [...inputs, ...options].map(({ name }) => name);
  return {
    name: definition.name,
    family: definition.family ?? "custom",
    summary: said.summary,
    formula: formulaOf(said.formula, names, blocks),
    use: blocks?.use ?? [],
    avoid: blocks?.avoid ?? [],
    inputs,
    inputSets: definition.inputSets ?? [],
    options,
    pytorch: said.pytorch,
    notes: said.notes,
    references: said.references,
    aliases: definition.aliases ?? [],
  };
}
