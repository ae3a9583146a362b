import type { ScanAttributes } from "../ops/types.js";
import { liveNodes, type Graph, type NodeOf } from "./graph.js";
import { trustGraph } from "./verify.js";

/** The results of one scan that are needed, which are computed together. */
export interface Recursion extends Omit<ScanAttributes, "output"> {
  /** What it is applied to: the operands of its nodes. */
  readonly inputs: readonly number[];
  /** Its outputs: the carries, then what is needed of what steps collect. */
  readonly body: Graph;
  /** The body's inputs, in the order of the operands. */
  readonly names: readonly string[];
  /** The nodes that are its results, each with the output of the body that it is. */
  readonly results: readonly { readonly node: number; readonly output: number }[];
}

/** The recursions of a graph: scans that differ only in which output they are, are one. */
export function recursionsOf(graph: Graph): readonly Recursion[] {
  const live = liveNodes(graph);
  const groups: NodeOf<"scan">[][] = [];
  for (const node of graph.nodes) {
    if (node.op !== "scan" || !live.has(node.id)) continue;
    const group = groups.find(([first]) => first !== undefined && isSameScan(first, node));
    if (group === undefined) groups.push([node]);
    else group.push(node);
  }
  return groups.flatMap(([first, ...rest]) => (first === undefined ? [] : [recursionOf(first, [first, ...rest])]));
}

function isSameScan(a: NodeOf<"scan">, b: NodeOf<"scan">): boolean {
  return a.attrs.body === b.attrs.body && a.attrs.reverse === b.attrs.reverse && a.inputs.join() === b.inputs.join();
}

function recursionOf(first: NodeOf<"scan">, nodes: readonly NodeOf<"scan">[]): Recursion {
  const { body, carries, sequences, length, reverse } = first.attrs;
  const wanted = new Set(nodes.map(({ attrs }) => attrs.output));
  const kept = body.outputs.flatMap((_, output) => (output < carries || wanted.has(output) ? [output] : []));
  return {
    inputs: first.inputs,
    body: trustGraph({ ...body, outputs: body.outputs.filter((_, output) => kept.includes(output)) }),
    names: body.nodes.flatMap((node) => (node.op === "input" ? [node.attrs.name] : [])),
    carries,
    sequences,
    length,
    reverse,
    results: nodes.map(({ id, attrs }) => ({ node: id, output: kept.indexOf(attrs.output) })),
  };
}
