import { isObject, isPlainObject, printValue } from "../../arguments.js";
import { OptionError } from "../../errors.js";

// JSON has no NaN, no infinities and no −0.

/** Plain data as JSON, in which the numbers that it lacks are objects. */
export function plainToText(data: unknown): string {
  return JSON.stringify(data, (_, value: unknown) =>
    typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))
      ? { number: Object.is(value, -0) ? "-0" : String(value) }
      : value,
  );
}

/**
 * What {@link plainToText} made a text of; throws `OptionError` for a text that is not of this format.
 *
 * @param what what the text should be, for the message
 */
export function plainFromText(where: string, what: string, text: unknown, format: number): Record<string, unknown> {
  let data: unknown;
  try {
    data = JSON.parse(String(text), (_, value: unknown): unknown =>
      isObject(value) && typeof value["number"] === "string" ? Number(value["number"]) : value,
    );
  } catch {
    data = undefined;
  }
  if (!isPlainObject(data))
    throw new OptionError(`${where}: ${what} must be a text that was written for it, got ${printValue(text)}.`);
  if (data["format"] === format) return { ...data };
  throw new OptionError(
    `${where}: ${what} must be of format ${format}, got ${printValue(data["format"])}: another version wrote it. Write it again with this one.`,
  );
}
