import { isObject, listRule, OptionError, printValue, readable, type Rule, type Rules } from "@losses/core";
import { numberRule, partsRule, textRule } from "../arguments.js";
import type { Contestant } from "./contestants.js";
import type { FuzzReport } from "./fuzz.js";
import type { ShrinkLimits } from "./shrink.js";
import type { Figures } from "./truth.js";

const integer: Rule = {
  domain: "an integer >= 0",
  accepts: (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= 0,
};

export const seedRule: Rule = integer;
/** More programs than a day has time for. */
const mostPrograms = 1_000_000;

export const countRule: Rule = {
  domain: `an integer from 0 to ${mostPrograms}`,
  accepts: (value) => integer.accepts(value) && Number(value) <= mostPrograms,
};

const limitRule: Rule = {
  domain: "a number >= 0",
  accepts: (value) => typeof value === "number" && value >= 0,
};

export const shrinkRule: Rule = partsRule<ShrinkLimits>(
  "{ tries, seconds }, numbers >= 0",
  { tries: limitRule, seconds: limitRule },
  ["tries", "seconds"],
);

const figuresRules: Rules<Figures> = {
  programs: numberRule,
  runs: numberRule,
  elements: numberRule,
  unclaimed: numberRule,
};

export const reportRule: Rule = partsRule<FuzzReport>(
  "a report of random programs",
  {
    name: textRule,
    figures: partsRule("figures", figuresRules, ["programs", "runs", "elements", "unclaimed"]),
    failures: listRule("a list of texts", textRule),
  },
  ["name", "figures", "failures"],
);

/** What random programs are tried on, its parts read once; throws `OptionError` on what is none. */
export function givenContestant(where: string, contestant: Contestant): Contestant {
  return readable(where, () => {
    const { name, check }: Contestant = isObject(contestant) ? contestant : { name: "", check: none };
    if (isObject(contestant) && typeof name === "string" && typeof check === "function") {
      return { name, check: (program, runs, figures) => check.call(contestant, program, runs, figures) };
    }
    const wanted = "a name and a function check";
    throw new OptionError(`${where}: the contestant must have ${wanted}, got ${printValue(contestant)}.`);
  });
}

async function none(): Promise<readonly []> {
  return [];
}
