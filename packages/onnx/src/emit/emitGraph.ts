import { countUses, nonNegativeNodes, type Graph, type NodeOf } from "@losses/core";
import type { EmitContext, ModelContext } from "./context.js";
import { sizesOutside, type Sizes } from "./sizes.js";
import { emitNode } from "./table.js";

/** A graph as it was written. */
export interface Emitted {
  /** The value of each node. */
  readonly values: readonly string[];
  readonly context: EmitContext;
}

/** Writes every node of a graph. `inputValue`: what stands for its inputs. */
export function emitGraph(
  model: ModelContext,
  graph: Graph,
  sizes: Sizes,
  inputValue: (node: NodeOf<"input">) => string,
): Emitted {
  const values: string[] = [];
  const uses = countUses(graph);
  const nonNegative = nonNegativeNodes(graph);
  const context: EmitContext = {
    ...model,
    graph,
    sizes,
    inputValue,
    valueOf: (id) => values[id] ?? "",
    uses: (id) => uses.get(id) ?? 0,
    isNonNegative: (id) => nonNegative[id] === true,
    setValue: (id, value) => (values[id] = value),
    emitBody: (body, given) => emitBody(model, body, sizes, given),
  };
  for (const node of graph.nodes) {
    values[node.id] ??= emitNode(
      node,
      node.inputs.map((id) => values[id] ?? ""),
      context,
    );
  }
  return { values, context };
}

function emitBody(model: ModelContext, body: Graph, sizes: Sizes, given: readonly string[]): readonly string[] {
  const places = new Map(body.nodes.filter(({ op }) => op === "input").map(({ id }, i) => [id, given[i] ?? ""]));
  const inside = sizesOutside(model.writer, sizes);
  const { values } = emitGraph(model, body, inside, ({ id }) => places.get(id) ?? "");
  return body.outputs.map(({ node }) => values[node] ?? "");
}
