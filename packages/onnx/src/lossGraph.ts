import {
  bindSymbols,
  checkSpec,
  gradientOutput,
  InputError,
  partOutput,
  readOptions,
  simplify,
  traceLoss,
  type ChosenInput,
  type Graph,
  type LossInputs,
  type LossSpec,
  type SymbolicRequest,
} from "@losses/core";
import { graphRules } from "./requests.js";

export interface LossGraphOptions<I extends LossInputs = LossInputs> extends SymbolicRequest<I> {
  /** False leaves the loss itself out, for a model of gradients alone. Default true. */
  readonly value?: boolean;
  /** True: also the parts of the loss, as outputs `part:<name>`. Default false. */
  readonly parts?: boolean;
}

/** A loss as a graph, and the inputs it was made for. */
export interface LossGraph {
  readonly graph: Graph;
  readonly inputs: Readonly<Record<string, ChosenInput>>;
  /** True if the loss itself is an output. */
  readonly value: boolean;
  /** The inputs whose gradients are outputs. */
  readonly gradients: readonly string[];
  /** The parts of the loss that are outputs. */
  readonly parts: readonly string[];
}

/** Traces a loss for inputs that are not there yet, from its declaration and the options. */
export function lossGraph<I extends LossInputs>(typed: LossSpec<I>, given?: LossGraphOptions<I>): LossGraph {
  checkSpec("lossGraph", typed);
  const spec: LossSpec = typed;
  const options = readOptions(spec.name, given as LossGraphOptions | undefined, graphRules);
  const { value = true, parts = false, dtype = "float32", ...asked } = options;
  const { inputs, binding, gradients } = bindSymbols(spec, { ...asked, dtype });
  const traced = traceLoss(spec, binding, { dtype, gradients, parts });
  const partNames = traced.outputs.flatMap(({ name }) => (isPart(name) ? [name.slice(partOutput("").length)] : []));
  if (!value && gradients.length + partNames.length === 0) {
    throw new InputError(
      `${spec.name}: the model must have an output, got no value and no gradients.`,
      "INVALID_INPUT",
    );
  }
  // A model cannot refuse a mean over nothing, which is NaN; so what means divide by is no output.
  const names = new Set([...(value ? ["value"] : []), ...gradients.map(gradientOutput), ...partNames.map(partOutput)]);
  const outputs = traced.outputs.filter(({ name }) => names.has(name));
  const graph = outputs.length === traced.outputs.length ? traced : simplify({ ...traced, outputs });
  return { graph, inputs, value, gradients, parts: partNames };
}

function isPart(output: string): boolean {
  return output.startsWith(partOutput(""));
}
