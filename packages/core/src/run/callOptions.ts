import { isObject, isPlainObject, listRule, type Rule, type Rules } from "../arguments.js";
import type { CompileOptions, GradOptions, RunOptions, ValueOptions, WarmOptions } from "../backend.js";
import type { LossInputs } from "../loss/inputTypes.js";
import { isInputDType, type DType } from "../tensor/dtype.js";

const anything: Rule = { domain: "anything", accepts: () => true };

const signal: Rule = {
  domain: "an AbortSignal",
  accepts: (value) =>
    isObject(value) &&
    typeof value["aborted"] === "boolean" &&
    typeof value["addEventListener"] === "function" &&
    typeof value["removeEventListener"] === "function",
};

const wrt: Rule = listRule("a list of names of inputs", {
  domain: "a name",
  accepts: (value) => typeof value === "string",
});

// What is written into is checked with the results it is for.
export const runRules: Rules<RunOptions> = { signal };
export const valueRules: Rules<ValueOptions<unknown>> = { signal, out: anything };
export const gradRules: Rules<GradOptions<unknown, LossInputs>> = {
  wrt,
  parts: { domain: "true or false", accepts: (value) => typeof value === "boolean" },
  signal,
  out: { domain: "a plain object of tensors for results", accepts: isPlainObject },
};
export const outRules: Rules<NonNullable<GradOptions<unknown, LossInputs>["out"]>> = {
  value: anything,
  grads: { domain: "a plain object of tensors by the names of inputs", accepts: isPlainObject },
};
export const warmRules: Rules<WarmOptions<string>> = { wrt, signal };

// The engine says which it computes in.
export const compileRules: Rules<CompileOptions> = { dtype: anything };

export const tensorRules: Rules<{ readonly dtype?: DType }> = {
  dtype: {
    domain: "float16, float32, float64, int32 or bool",
    accepts: (value) => isInputDType(value) && value !== "int64",
  },
};
