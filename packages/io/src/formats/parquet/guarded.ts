import { LossesError } from "@losses/core";
import { malformed } from "../../fileError.js";

/** What the Parquet library cannot read is a damaged file. */
export function guarded<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof LossesError) throw cause;
    throw malformed(
      `${name}: it must be sound Parquet, got: ${cause instanceof Error ? cause.message : String(cause)}.`,
      cause,
    );
  }
}

/** A number of a description, whose type only the file knows; NaN where it is none. */
export function integerOf(value: unknown): number {
  const number = typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) ? number : Number.NaN;
}
