import { LossesError } from "@losses/core";

/** What was typed makes no sense: exit status 2, as against 1 for what went wrong while doing it. */
export class UsageError extends LossesError {
  constructor(message: string) {
    super("INVALID_OPTION", message);
  }
}

const usageCodes: ReadonlySet<string> = new Set([
  "UNKNOWN_LOSS",
  "UNKNOWN_OPTION",
  "INVALID_OPTION",
  "UNKNOWN_INPUT",
  "INVALID_INPUT",
]);

/** The exit status that an error calls for. */
export function exitStatus(error: unknown): 1 | 2 {
  return error instanceof UsageError || (error instanceof LossesError && usageCodes.has(error.code)) ? 2 : 1;
}

/** An error on one line; the stack only of those that are nobody's mistake but ours. */
export function describeFailure(error: unknown): string {
  if (error instanceof UsageError) return `losses: ${error.message}`;
  if (error instanceof LossesError)
    return `losses: ${error.message.replaceAll("\n", " ")} (${error.name} ${error.code})`;
  if (error instanceof Error && "code" in error) return `losses: ${error.message}`;
  return `losses: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
