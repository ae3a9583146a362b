import type { Graph, NodeOf, OpName, Shape } from "@losses/core";
import type { Sizes } from "./sizes.js";
import type { SumPlan, SumRun } from "./sumPlan.js";
import type { ModelWriter } from "./writer.js";

/**
 * Which ops a model may use: `"any"` keeps to those that the providers for GPUs have too, `"cpu"` also takes ops
 * that only the processor's provider has, where they are faster.
 */
export type Provider = "any" | "cpu";

/** What an emitter needs besides its node. */
export interface EmitContext {
  readonly graph: Graph;
  readonly writer: ModelWriter;
  readonly sizes: Sizes;
  /** Chooses how to sum along axes. */
  readonly planSum: (run: SumRun) => SumPlan;
  /** True for a tensor that may have so many elements that a pass over them takes longer than several small nodes. */
  readonly isLarge: (shape: Shape) => boolean;
  /** The value written for an earlier node of the graph. */
  readonly valueOf: (id: number) => string;
  /** How many nodes and outputs of the graph read a node. */
  readonly uses: (id: number) => number;
  readonly provider: Provider;
  /** True if class indices are known to be what their inputs say. */
  readonly trustsIndices: boolean;
  /** True if no tensor is empty. */
  readonly hasElements: boolean;
  /** The version of the ONNX operator set, 15 or later. */
  readonly opset: number;
  /** Inputs that the model takes as int64. */
  readonly int64Inputs: ReadonlySet<string>;
}

/** Writes one node of the graph and returns the name of its value. */
export type Emitter<K extends OpName> = (node: NodeOf<K>, inputs: readonly string[], context: EmitContext) => string;

export type EmitterTable = { readonly [K in OpName]: Emitter<K> };

/** The operand at `index`; the graph has been verified, so it is there. */
export function operand(inputs: readonly string[], index: number): string {
  const found = inputs[index];
  if (found === undefined) throw new RangeError(`operand ${index} of ${inputs.length} does not exist`);
  return found;
}
