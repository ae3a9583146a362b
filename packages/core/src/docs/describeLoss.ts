import type { AnyDefinition } from "../loss/define.js";
import { allInputs, readDefinition } from "../loss/definition.js";
import { allLosses } from "../losses/registry.js";
import type { LossDescription } from "./description.js";
import { commonDocs, lossDocs } from "./lossDocs.js";

/**
 * What is known of a loss: for those of this package what their comments say, for your own what their definitions say. Where nothing is
 * said, texts are empty.
 *
 * @throws OptionError if it is no definition
 * @example
 * ```ts
 * console.log(describeLoss(tripletMarginLoss.definition).formula);
 * ```
 */
export function describeLoss(given: AnyDefinition): LossDescription {
  const definition = readDefinition("describeLoss", given);
  const { summary = "", formula = "", pytorch, notes = [], references = [] } = definition;
  // A loss of one's own may have the name of one of these.
  const own = allLosses.find((loss) => loss.definition === definition);
  const written = own === undefined ? undefined : lossDocs[own.lossName];
  if (written !== undefined) return written;
  return {
    summary,
    formula,
    ...(pytorch === undefined ? {} : { pytorch }),
    notes,
    references,
    inputs: textsOf(allInputs(definition), commonDocs.inputs),
    options: textsOf(definition.options, commonDocs.options),
  };
}

function textsOf(
  declared: Readonly<Record<string, { readonly doc?: string }>>,
  common: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const texts = Object.entries(declared).map(([name, { doc = "" }]) => [name, doc === "" ? (common[name] ?? "") : doc]);
  return Object.fromEntries(texts) as Readonly<Record<string, string>>;
}
