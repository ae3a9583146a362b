import { cut, isObject, isPlainObject, printValue } from "../../arguments.js";
import { OptionError } from "../../errors.js";
import { mapPlain } from "../options.js";

// JSON has no NaN, no infinities and no −0.

/** Plain data as JSON, in which the numbers that it lacks are objects; throws `OptionError` for what is not plain. */
export function plainToText(data: Readonly<Record<string, unknown>>): string {
  const plain = mapPlain("plainToText", "the data", data, (value, key): unknown => {
    if (typeof value === "number") {
      if (Object.is(value, -0)) return { number: "-0" };
      return Number.isFinite(value) ? value : { number: String(value) };
    }
    if (value === undefined || value === null || typeof value === "string" || typeof value === "boolean") return value;
    throw new OptionError(`plainToText: the data must be plain, got ${printValue(value)} in ${cut(key)}.`);
  });
  return JSON.stringify(plain);
}

/**
 * What {@link plainToText} made a text of, if it is an object with this `format`; throws `OptionError` for every other text.
 *
 * @param what what the text should be, for the message
 */
export function plainFromText(where: string, what: string, text: string, format: number): Record<string, unknown> {
  let data: unknown;
  try {
    // Of what is no text the parser would make one.
    data =
      typeof text === "string"
        ? JSON.parse(text, (_, value: unknown): unknown =>
            isObject(value) && typeof value["number"] === "string" ? Number(value["number"]) : value,
          )
        : undefined;
  } catch {
    data = undefined;
  }
  if (!isPlainObject(data)) {
    throw new OptionError(`${where}: ${what} must be a text that was written for it, got ${printValue(text)}.`);
  }
  if (data["format"] === format) return { ...data };
  throw new OptionError(
    `${where}: ${what} must be of format ${printValue(format)}, got ${printValue(data["format"])}: another version wrote it. Write it again with this one.`,
  );
}
