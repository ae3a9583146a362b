import { isPlainObject, printValue, readable, readParts, type Rules } from "../arguments.js";
import { LossesError, OptionError } from "../errors.js";
import type { AnyLoss, LossSpec } from "./define.js";
import { readDefinition } from "./definition.js";
import { isName } from "./inputs.js";
import { optionsFromJSON } from "./options.js";
import { weightedSum, type WeightedTerm, type WeightedTermJSON } from "./weightedSum.js";

/** Finds a loss by name (or by one of its aliases) in a list; throws `UNKNOWN_LOSS` with the nearest names. */
export function findLoss(losses: readonly AnyLoss[], name: string): AnyLoss {
  if (typeof name !== "string") throw new OptionError(`findLoss: the name must be a text, got ${printValue(name)}.`);
  return find(checkLosses("findLoss", losses), name);
}

function find(losses: readonly AnyLoss[], name: string): AnyLoss {
  const found =
    losses.find((loss) => loss.lossName === name) ?? losses.find((loss) => loss.definition.aliases?.includes(name));
  if (found !== undefined) return found;
  const near = losses.map((loss) => loss.lossName).filter((known) => resembles(known, name));
  const cure = near.length > 0 ? ` Did you mean ${near.join(" or ")}?` : "";
  throw new LossesError(
    "UNKNOWN_LOSS",
    `losses: the name must be one of ${losses.length} known losses, got ${printValue(name)}.${cure}`,
  );
}

/** What `toJSON` of a spec gives. */
export interface SpecJSON {
  readonly name: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

const jsonRules: Rules<SpecJSON> = {
  name: { domain: "the name of a loss", accepts: (value) => typeof value === "string" },
  options: { domain: "a plain object", accepts: isPlainObject },
};

const termRules: Rules<WeightedTermJSON> = {
  ...jsonRules,
  weight: { domain: "a finite number", accepts: Number.isFinite },
  part: { domain: "a name", accepts: isName },
  inputs: { domain: "names by the names of the loss's inputs", accepts: isPlainObject },
};

interface SumJSON {
  readonly terms: readonly WeightedTermJSON[];
}

const sumRules: Rules<SumJSON> = {
  terms: { domain: "a list of losses with weights", accepts: Array.isArray },
};

/** Sums within sums, at most. */
const deepest = 32;

/** The spec that `spec.toJSON()` describes. */
export function specFromJSON(losses: readonly AnyLoss[], json: SpecJSON): LossSpec {
  return specOf(checkLosses("specFromJSON", losses), readParts("specFromJSON", json, jsonRules, ["name"]), 0);
}

function specOf(losses: readonly AnyLoss[], { name, options = {} }: SpecJSON, depth: number): LossSpec {
  if (name !== "weightedSum") return find(losses, name)(optionsFromJSON(options));
  if (depth === deepest) throw new OptionError(`specFromJSON: sums must be at most ${deepest} deep, got deeper ones.`);
  const { terms } = readParts("weightedSum", options as unknown as SumJSON, sumRules, ["terms"]);
  const own: WeightedTerm[] = [];
  readable("weightedSum", () => {
    // A hole is refused like any other item.
    for (const term of terms) {
      const { weight, part, inputs = {}, ...spec } = readParts("weightedSum", term, termRules, ["name", "weight"]);
      const loss = specOf(losses, spec, depth + 1);
      own.push({ weight, loss, inputs, ...(part === undefined ? {} : { name: part }) });
    }
  });
  return weightedSum(own);
}

/** The losses of a list, each read once; throws `OptionError` on what is none. `where`: what was called with it. */
export function checkLosses(where: string, losses: readonly AnyLoss[]): readonly AnyLoss[] {
  return readable(where, () => {
    const own: AnyLoss[] = [];
    const refuse = (got: unknown): never => {
      throw new OptionError(`${where}: the losses must be a list such as allLosses, got ${printValue(got)}.`);
    };
    if (!Array.isArray(losses)) return refuse(losses);
    for (const loss of losses as readonly unknown[]) own.push(isLoss(loss) ? loss : refuse(loss));
    return own;
  });
}

function isLoss(value: unknown): value is AnyLoss {
  if (typeof value !== "function" || !("lossName" in value) || !("definition" in value)) return false;
  readDefinition("findLoss", value.definition);
  return true;
}

function resembles(known: string, asked: string): boolean {
  const [a, b] = [known.toLowerCase(), asked.toLowerCase().replace(/[^a-z0-9]/g, "")];
  return b.length > 2 && (a.includes(b) || b.includes(a) || a.replace(/loss$/, "") === b.replace(/loss$/, ""));
}
