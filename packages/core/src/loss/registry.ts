import { LossesError } from "../errors.js";
import type { AnyLoss, LossSpec } from "./define.js";
import { optionsFromJSON } from "./options.js";
import { weightedSum, type WeightedTermJSON } from "./weightedSum.js";

/** Finds a loss by name (or by one of its aliases) in a list; throws `UNKNOWN_LOSS` with the nearest names. */
export function findLoss(losses: readonly AnyLoss[], name: string): AnyLoss {
  const found =
    losses.find((loss) => loss.lossName === name) ?? losses.find((loss) => loss.definition.aliases?.includes(name));
  if (found !== undefined) return found;
  const near = losses.map((loss) => loss.lossName).filter((known) => resembles(known, name));
  const cure = near.length > 0 ? ` Did you mean ${near.join(" or ")}?` : "";
  throw new LossesError(
    "UNKNOWN_LOSS",
    `losses: the name must be one of ${losses.length} known losses, got "${name}".${cure}`,
  );
}

/** The spec that `spec.toJSON()` describes. */
export function specFromJSON(
  losses: readonly AnyLoss[],
  json: { readonly name: string; readonly options?: Readonly<Record<string, unknown>> },
): LossSpec {
  const terms = json.name === "weightedSum" ? json.options?.["terms"] : undefined;
  if (!Array.isArray(terms)) return findLoss(losses, json.name)(optionsFromJSON(json.options ?? {}));
  return weightedSum(
    (terms as readonly WeightedTermJSON[]).map(({ weight, ...term }) => ({ weight, loss: specFromJSON(losses, term) })),
  );
}

function resembles(known: string, asked: string): boolean {
  const [a, b] = [known.toLowerCase(), asked.toLowerCase().replace(/[^a-z0-9]/g, "")];
  return b.length > 2 && (a.includes(b) || b.includes(a) || a.replace(/loss$/, "") === b.replace(/loss$/, ""));
}
