import { formatShape } from "../tensor/dims.js";
import type { Graph, Node } from "./graph.js";

/** A stable text form of a graph, one node a line: for people, snapshots and bug reports. */
export function printGraph(graph: Graph): string {
  const lines = graph.nodes.map(
    (node) => `  %${node.id} = ${printCall(node)} : ${node.dtype}${formatShape(node.shape)}`,
  );
  const outputs = graph.outputs.map(({ name, node }) => `${name} = %${node}`).join(", ");
  return [`graph ${graph.name} {`, ...lines, `  return ${outputs}`, "}"].join("\n");
}

function printCall(node: Node): string {
  if (node.op === "input") return `input ${node.attrs.name}`;
  if (node.op === "constant") return `constant ${Object.is(node.attrs.value, -0) ? "-0" : node.attrs.value}`;
  const attrs = Object.entries(node.attrs).map(([name, value]) => `${name}=${printAttribute(value)}`);
  return `${node.op}(${[...node.inputs.map((id) => `%${id}`), ...attrs].join(", ")})`;
}

function printAttribute(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(", ")}]` : String(value);
}
