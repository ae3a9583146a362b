import type { Dim, Graph, NodeOf, OpName, Shape } from "@losses/core";
import type { PassName } from "./passes/names.js";
import type { Abilities } from "./providers.js";
import type { Sizes } from "./sizes.js";
import type { SumStages, SumRun } from "./sumStages.js";
import type { ModelWriter } from "./writer.js";

/** What all graphs of a model have in common: the model's own, and the bodies in it. */
export interface ModelContext {
  /** What the model computes, for messages. */
  readonly name: string;
  readonly writer: ModelWriter;
  /** How to sum along axes. */
  readonly stagesOf: (run: SumRun) => SumStages;
  /** True for a tensor that may have so many elements that a pass over them takes longer than several small nodes. */
  readonly isLarge: (shape: Shape) => boolean;
  /** How many steps a scan of this length takes, if that is known for every run of the model. */
  readonly stepsOf: (length: Dim) => number | undefined;
  /** What can be relied on where the model runs. */
  readonly can: Abilities;
  /** True if a pass is on. */
  readonly takes: (pass: PassName) => boolean;
  /** True if class indices are known to be what their inputs say. */
  readonly trustsIndices: boolean;
  /** True if it is known that no tensor is empty. */
  readonly hasElements: boolean;
  /** True if the model is for known sizes. */
  readonly knowsSizes: boolean;
  /** The version of the ONNX operator set, 15 or later. */
  readonly opset: number;
  /** True if the model may have a scatter that adds. */
  readonly scatters: boolean;
}

/** What an emitter needs besides its node. */
export interface EmitContext extends ModelContext {
  readonly graph: Graph;
  readonly sizes: Sizes;
  /** The value written for an earlier node of the graph. */
  readonly valueOf: (id: number) => string;
  /** The value of an input of the graph. */
  readonly inputValue: (node: NodeOf<"input">) => string;
  /** How many nodes and outputs of the graph read a node. */
  readonly uses: (id: number) => number;
  /** True if every element of a node is NaN or at least 0. */
  readonly isNonNegative: (id: number) => boolean;
  /** States the value of a node whose turn has not come. */
  readonly setValue: (id: number, value: string) => void;
  /** Writes a graph inside this one over values for its inputs; gives its outputs. */
  readonly emitBody: (body: Graph, inputs: readonly string[]) => readonly string[];
}

/** Writes one node of the graph and returns the name of its value. */
export type Emitter<K extends OpName> = (node: NodeOf<K>, inputs: readonly string[], context: EmitContext) => string;

export type EmitterTable = { readonly [K in OpName]: Emitter<K> };
