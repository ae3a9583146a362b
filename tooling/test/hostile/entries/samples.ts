import * as core from "@losses/core";

// What right calls are made with.

export const spec = (): core.LossSpec => core.crossEntropy() as core.LossSpec;
export const given = (): Readonly<Record<string, core.GivenInput>> => ({
  input: { shape: [2, 3], dtype: "float32" },
  target: { shape: [2], dtype: "int32" },
});
export const binding = (): core.Binding => core.bindInputs(spec().loss.definition, given());

export const definition = (): object => ({
  name: "mine",
  family: "custom",
  summary: "Mine.",
  formula: "x",
  inputs: { input: core.float(["N", "D"], "Input.") },
  options: { reduction: core.reduction() },
  value: ({ input }: { readonly input: core.Tensor }) => input,
});
