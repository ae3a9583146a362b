import { allInputs, gradientOutput, inputOf, optionsToJSON, partOutput, type LossSpec } from "@losses/core";
import type { LossDescription } from "@losses/core/docs";
import { outputNames, type ExportGraphOptions } from "./buildModel.js";
import type { LossGraph } from "./lossGraph.js";
import { version } from "./version.js";

/** What a model says about the loss in it, and which of its labels are int64. */
export function describeLoss(
  spec: LossSpec,
  { graph, inputs, value, gradients, parts }: LossGraph,
  docs: Partial<LossDescription> = {},
): ExportGraphOptions {
  const names = outputNames(graph);
  const nameOf = (output: string): string => names[graph.outputs.findIndex(({ name }) => name === output)] ?? output;
  const valueName = nameOf("value");
  const named = (of: readonly string[], output: (name: string) => string): Readonly<Record<string, string>> =>
    Object.fromEntries(of.map((name) => [name, nameOf(output(name))]));
  const [gradientNames, partNames] = [named(gradients, gradientOutput), named(parts, partOutput)];
  const { summary, formula } = { ...spec.loss.definition, ...docs };
  const declared = allInputs(spec.loss.definition);
  const about = (outputs: Readonly<Record<string, string>>, text: (name: string) => string): [string, string][] =>
    Object.entries(outputs).map(([name, output]) => [output, text(name)]);
  return {
    doc: [summary ?? spec.name, formula].filter((line) => line !== undefined).join("\n"),
    docs: Object.fromEntries([
      ...Object.keys(inputs).map((name): [string, string] => {
        const input = inputOf(name);
        return [name, docs.inputs?.[input] ?? declared[input]?.doc ?? ""];
      }),
      ...(value ? [[valueName, "The loss."] as const] : []),
      ...about(gradientNames, (name) => `The gradient of the sum of the loss with respect to ${name}.`),
      ...about(partNames, (name) => `The part ${name} of the loss, without its weight.`),
    ]),
    metadata: {
      "losses.name": spec.name,
      "losses.options": JSON.stringify(plainOptions(spec)),
      "losses.outputs": JSON.stringify({
        ...(value ? { value: valueName } : {}),
        gradients: gradientNames,
        ...(parts.length === 0 ? {} : { parts: partNames }),
      }),
      "losses.version": version,
    },
    int64Inputs: Object.keys(inputs).filter((name) => inputs[name]?.dtype === "int64"),
  };
}

/** The options as JSON. */
function plainOptions({ name, options }: LossSpec): Readonly<Record<string, unknown>> {
  return optionsToJSON(name, withoutFunctions(options));
}

/** Functions, which have no form as JSON, are left out, also those of the losses of a sum. */
function withoutFunctions(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const kept = Object.entries(options).filter(([, value]) => typeof value !== "function");
  return Object.fromEntries(kept.map(([key, value]) => [key, plain(value)]));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === "object" && value !== null ? withoutFunctions({ ...value }) : value;
}
