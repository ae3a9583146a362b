import { isPlainObject, printValue, readable, readParts, type Rules } from "../arguments.js";
import { LossesError, OptionError } from "../errors.js";
import type { ComposedTerm, ComposedTermJSON } from "./composed.js";
import type { AnyLoss, LossSpec } from "./define.js";
import { readDefinition } from "./definition.js";
import { isName } from "./names.js";
import { optionsFromJSON } from "./options.js";
import { uncertaintyWeighting, type UncertainTerm, type UncertainTermJSON } from "./uncertaintyWeighting.js";
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

const termRules: Rules<ComposedTermJSON> = {
  ...jsonRules,
  part: { domain: "a name", accepts: isName },
  inputs: { domain: "names by the names of the loss's inputs", accepts: isPlainObject },
};

const weightedRules: Rules<WeightedTermJSON> = {
  ...termRules,
  weight: { domain: "a finite number", accepts: Number.isFinite },
};

const uncertainRules: Rules<UncertainTermJSON> = {
  ...termRules,
  task: { domain: "the kind of a task", accepts: (value) => typeof value === "string" },
};

interface ComposedJSON {
  readonly terms: readonly unknown[];
}

const composedRules: Rules<ComposedJSON> = { terms: { domain: "a list of losses", accepts: Array.isArray } };

/** Sums within sums, at most. */
const deepest = 32;

/** The spec that `spec.toJSON()` describes. */
export function specFromJSON(losses: readonly AnyLoss[], json: SpecJSON): LossSpec {
  return specOf(checkLosses("specFromJSON", losses), readParts("specFromJSON", json, jsonRules, ["name"]), 0);
}

function specOf(losses: readonly AnyLoss[], { name, options = {} }: SpecJSON, depth: number): LossSpec {
  if (name === "weightedSum") {
    const terms = termsOf(losses, name, options, weightedRules, ["name", "weight"], depth);
    return weightedSum(terms.map(({ term, ...own }): WeightedTerm => ({ ...own, weight: term.weight })));
  }
  if (name === "uncertaintyWeighting") {
    const terms = termsOf(losses, name, options, uncertainRules, ["name"], depth);
    return uncertaintyWeighting(
      terms.map(({ term: { task }, ...own }): UncertainTerm => ({ ...own, ...(task === undefined ? {} : { task }) })),
    );
  }
  return find(losses, name)(optionsFromJSON(options));
}

/** The terms of a loss made of losses, each term's own loss read. */
function termsOf<T extends ComposedTermJSON>(
  losses: readonly AnyLoss[],
  name: string,
  options: Readonly<Record<string, unknown>>,
  rules: Rules<T>,
  required: readonly (keyof T & string)[],
  depth: number,
): readonly (ComposedTerm & { readonly term: T })[] {
  if (depth === deepest) throw new OptionError(`specFromJSON: sums must be at most ${deepest} deep, got deeper ones.`);
  const { terms } = readParts(name, options as unknown as ComposedJSON, composedRules, ["terms"]);
  return readable(name, () => {
    const own: (ComposedTerm & { readonly term: T })[] = [];
    // A hole is refused like any other item.
    for (let i = 0; i < terms.length; i++) {
      const term = readParts(name, terms[i] as T, rules, required);
      const { part, inputs = {} } = term;
      const loss = specOf(losses, term, depth + 1);
      own.push({ term, loss, inputs, ...(part === undefined ? {} : { name: part }) });
    }
    return own;
  });
}

/** The losses of a list, each read once; throws `OptionError` on what is none. `where`: what was called with it. */
export function checkLosses(where: string, losses: readonly AnyLoss[]): readonly AnyLoss[] {
  return readable(where, () => {
    const own: AnyLoss[] = [];
    const refuse = (got: unknown): never => {
      throw new OptionError(`${where}: the losses must be a list such as allLosses, got ${printValue(got)}.`);
    };
    if (!Array.isArray(losses)) return refuse(losses);
    for (let i = 0; i < losses.length; i++) {
      const loss: unknown = losses[i];
      own.push(isLoss(loss) ? loss : refuse(loss));
    }
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
