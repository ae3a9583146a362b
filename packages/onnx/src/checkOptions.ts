import { OptionError } from "@losses/core";

/** Refuses options that do not exist: a misspelt one must not be ignored. */
export function checkOptions(where: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw new OptionError(
      `${where}: options must be among ${known.join(", ")}, got the unknown option ${key}.`,
      "UNKNOWN_OPTION",
    );
  }
}
