import type { OpName } from "../ops/types.js";
import { GraphBuilder } from "./builder.js";
import { countUses, liveNodes, movedTo, operandAt, type Graph, type Node, type NodeOf } from "./graph.js";
import { allRules } from "./rules/all.js";
import type { Reader, Rule, Site } from "./rules/rule.js";

/** More rounds than any graph needs; rules that undo each other would take them all. */
const mostRounds = 1000;

/**
 * The same function with fewer nodes: the rules are applied until none has anything to say, what is computed twice is
 * computed once, and what no output needs is dropped. Changes no result, NaN and infinities included, but for the rounding of
 * a number that every element is multiplied by.
 *
 * @param onApply is told the name of each rule that is applied
 */
export function simplify(graph: Graph, rules: readonly Rule[] = allRules, onApply?: (name: string) => void): Graph {
  const byOp = new Map<OpName, readonly Rule[]>();
  for (const rule of rules) for (const op of rule.ops) byOp.set(op, [...(byOp.get(op) ?? []), rule]);
  let current = graph;
  for (let round = 0; round < mostRounds; round++) {
    let isDone = true;
    current = rebuild(current, byOp, (name) => {
      isDone = false;
      onApply?.(name);
    });
    if (isDone) return current;
  }
  throw new RangeError(`simplify: the rules must come to an end on ${graph.name}, got ${mostRounds} rounds`);
}

/** Copies what the outputs need through the rules. Inputs are kept even if unused: they are the signature. */
function rebuild(graph: Graph, rules: ReadonlyMap<OpName, readonly Rule[]>, onApply: (name: string) => void): Graph {
  const b = new GraphBuilder();
  const live = liveNodes(graph);
  const uses = countUses(graph, live);
  const moved = new Map<number, number>();
  const place = (id: number): number => movedTo(moved, id);
  let readers: ReadonlyMap<number, readonly Reader[]> | undefined;
  const readersOf = (id: number): readonly Reader[] => {
    const found = (readers ??= allReaders(graph, live));
    return [...moved].flatMap(([from, to]) => (to === id ? (found.get(from) ?? []) : []));
  };
  for (const given of graph.nodes) {
    if (!live.has(given.id) && given.op !== "input") continue;
    const node = given.op === "scan" ? withSimpleBody(given) : given;
    const isUsedOnce = (operand: number): boolean => uses.get(operandAt<number>(node.inputs, operand)) === 1;
    const site = { b, node, inputs: node.inputs.map(place), isUsedOnce, readersOf } as unknown as Site<OpName>;
    moved.set(node.id, rewrite(site, rules.get(node.op) ?? [], onApply));
  }
  const outputs = Object.fromEntries(graph.outputs.map(({ name, node }) => [name, place(node)]));
  return dropDead(b.finish(graph.name, outputs));
}

function allReaders(graph: Graph, live: ReadonlySet<number>): ReadonlyMap<number, readonly Reader[]> {
  const readers = new Map<number, Reader[]>();
  const add = (id: number, reader: Reader): void => {
    const known = readers.get(id);
    if (known === undefined) readers.set(id, [reader]);
    else known.push(reader);
  };
  for (const { id, op, inputs } of graph.nodes) {
    if (live.has(id)) inputs.forEach((input, operand) => add(input, { op, operand }));
  }
  for (const { node } of graph.outputs) add(node, { op: "output", operand: 0 });
  return readers;
}

const simpleBodies = new WeakMap<Graph, Graph>();

/** All outputs of one scan keep one body. */
function withSimpleBody(node: NodeOf<"scan">): NodeOf<"scan"> {
  const { body } = node.attrs;
  const simple = simpleBodies.get(body) ?? simplify(body);
  simpleBodies.set(body, simple).set(simple, simple);
  return { ...node, attrs: { ...node.attrs, body: simple } };
}

/** The node that stands for a site: that of the first rule that has one, or the same again. */
function rewrite(site: Site<OpName>, rules: readonly Rule[], onApply: (name: string) => void): number {
  for (const { name, apply } of rules) {
    const id = apply(site);
    if (id === undefined || site.b.isAgain(id, site.node, site.inputs)) continue;
    onApply(name);
    return id;
  }
  return site.b.again(site.node, site.inputs);
}

function dropDead(graph: Graph): Graph {
  const live = liveNodes(graph);
  const kept = graph.nodes.filter((node) => live.has(node.id) || node.op === "input");
  const ids = new Map(kept.map((node, id) => [node.id, id]));
  const renumber = (id: number): number => movedTo(ids, id);
  return {
    name: graph.name,
    nodes: kept.map((node, id) => ({ ...node, id, inputs: node.inputs.map(renumber) }) as unknown as Node),
    outputs: graph.outputs.map(({ name, node }) => ({ name, node: renumber(node) })),
  };
}
