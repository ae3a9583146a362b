import { isObject, isPlainObject, OptionError, printValue, readable, type Rule } from "@losses/core";
import type { Contestant } from "./contestants.js";

const integer: Rule = {
  domain: "an integer >= 0",
  accepts: (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= 0,
};

export const seedRule: Rule = integer;
export const countRule: Rule = integer;

export const shrinkRule: Rule = {
  domain: "{ tries, seconds }, numbers >= 0",
  accepts: (value) =>
    isPlainObject(value) &&
    Object.keys(value).sort().join() === "seconds,tries" &&
    [value["tries"], value["seconds"]].every((limit) => typeof limit === "number" && limit >= 0),
};

/** Refuses what random programs cannot be tried on. */
export function checkContestant(where: string, contestant: Contestant): void {
  const isOne = readable(
    where,
    () => isObject(contestant) && typeof contestant.name === "string" && typeof contestant.check === "function",
  );
  if (isOne) return;
  throw new OptionError(
    `${where}: the contestant must have a name and a function check, got ${printValue(contestant)}.`,
  );
}
