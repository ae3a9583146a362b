import { isObject, isPlainObject, printValue, readable } from "../arguments.js";
import { OptionError } from "../errors.js";
import type { LossSpec } from "./define.js";
import { readDefinition } from "./definition.js";

/** Refuses what is no loss with its options; throws `OptionError`. `where`: what was called with it. */
export function checkSpec(where: string, spec: unknown): asserts spec is LossSpec {
  readable(where, () => {
    if (isSpec(spec)) {
      readDefinition(where, spec.loss.definition);
      return;
    }
    const own = isObject(spec) && typeof spec["lossName"] === "string" ? spec["lossName"] : "clipLoss";
    const cure = typeof spec === "function" ? ` Call it first: ${own}().` : "";
    throw new OptionError(
      `${where}: the loss must be a spec such as clipLoss() gives, got ${printValue(spec)}.${cure}`,
    );
  });
}

function isSpec(value: unknown): value is LossSpec {
  if (!isObject(value)) return false;
  const { name, options, loss, toJSON } = value;
  return (
    typeof name === "string" && isPlainObject(options) && typeof loss === "function" && typeof toJSON === "function"
  );
}
