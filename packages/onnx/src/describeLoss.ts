import { allInputs, optionsToJSON, type LossSpec } from "@losses/core";
import { outputNames, type ExportGraphOptions } from "./buildModel.js";
import type { LossGraph } from "./lossGraph.js";
import { version } from "./version.js";

/** What a model says about the loss in it, and which of its labels are int64. */
export function describeLoss(spec: LossSpec, { graph, inputs, value, gradients }: LossGraph): ExportGraphOptions {
  const names = outputNames(graph);
  const [valueNames, rest] = value ? [names.slice(0, 1), names.slice(1)] : [[], names];
  const gradientNames = gradients.map((name, i): [string, string] => [name, rest[i] ?? ""]);
  const { summary, formula } = spec.loss.definition;
  const declared = allInputs(spec.loss.definition);
  return {
    doc: `${summary}\n${formula}`,
    docs: {
      ...Object.fromEntries(Object.entries(declared).map(([name, { doc }]) => [name, doc])),
      ...Object.fromEntries(valueNames.map((output) => [output, "The loss."])),
      ...Object.fromEntries(
        gradientNames.map(([name, output]) => [output, `The gradient of the sum of the loss with respect to ${name}.`]),
      ),
    },
    metadata: {
      "losses.name": spec.name,
      "losses.options": JSON.stringify(plainOptions(spec)),
      "losses.outputs": JSON.stringify({
        ...Object.fromEntries(valueNames.map((output) => ["value", output])),
        gradients: Object.fromEntries(gradientNames),
      }),
      "losses.version": version,
    },
    int64Inputs: Object.keys(inputs).filter((name) => inputs[name]?.dtype === "int64"),
  };
}

/** The options as JSON; a function, which has no such form, is left out. */
function plainOptions({ name, options }: LossSpec): Readonly<Record<string, unknown>> {
  return optionsToJSON(
    name,
    Object.fromEntries(Object.entries(options).filter(([, value]) => typeof value !== "function")),
  );
}
