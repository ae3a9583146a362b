import { OptionError, printValue, type DType, type OpName, type Tensor } from "@losses/core";
import { opRules } from "./opRules.js";
import { patterns } from "./patterns.js";
import type { Param } from "./program.js";
import type { Random } from "./random.js";

/** What a rule's operand must be. */
export type Kind = "float" | "int32" | "bool";

/** How one kind of step is drawn and taken. */
export interface Rule {
  /** The operands' kinds; `"same"` is that of the first. */
  readonly operands: readonly [Kind | "number" | "any", ...(Kind | "same")[]];
  /** Numbers that may stand in for the operands after the first. */
  readonly numbers?: readonly number[];
  /** Parameters that may fit the first operand. Default: none. */
  readonly draw?: (random: Random, self: Tensor, letters: readonly string[]) => readonly Param[] | undefined;
  /** `dtype` is the floating one that is computed in. */
  readonly apply: (
    self: Tensor,
    others: readonly (Tensor | number)[],
    params: readonly Param[],
    dtype: DType,
  ) => Tensor;
  /** How often it is drawn, compared with others. Default 1. */
  readonly weight?: number;
  /** True where the gradient is stated to be another than that of the value. */
  readonly hasOtherGradient?: boolean;
}

/** Every rule: one for each op of the op table, and the patterns that backends have special code for. */
export const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...Object.entries(opRules).flatMap(([name, rule]): [string, Rule][] => (rule === "everywhere" ? [] : [[name, rule]])),
  ...Object.entries(patterns),
]);

export function ruleOf(name: string): Rule {
  const rule = rules.get(name);
  if (rule === undefined)
    throw new OptionError(`program: steps must bear the name of an op or a pattern, got ${printValue(name)}.`);
  return rule;
}

/** A rule for each op; `"everywhere"`: every program has it. */
export type OpRules = { readonly [K in OpName]: Rule | "everywhere" };
