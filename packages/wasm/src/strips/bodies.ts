import {
  graphSymbols,
  nodeAt,
  operandAt,
  trustGraph,
  type Graph,
  type GraphOutput,
  type Node,
  type NodeOf,
  type Shape,
} from "@losses/core";
import { DistinctNodes } from "../lowering/distinctNodes.js";
import { originOf, worksOnParts } from "./axes.js";
import { extentOf, isLeading, isOfVectors, partOf, type Online, type Partition } from "./partition.js";

/** A tensor of a body: which node's, and how much of it. */
export interface Port {
  readonly name: string;
  readonly node: number;
  /** `all`: the whole tensor; `strip`: this strip's part of it; `sum`: what was gathered so far. */
  readonly extent: "all" | "strip" | "sum";
}

/** A graph over some of the nodes, and what its inputs and outputs are. */
export interface Body {
  readonly graph: Graph;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Nodes that are gathered in two memories in turn: one is read while the other is written. */
  readonly alternating: ReadonlySet<number>;
}

/** What is done one after the other: `before[p]`, then `passes[p]` for each strip; at last `before[passes.length]`. */
export interface Bodies {
  readonly before: readonly (Body | undefined)[];
  readonly passes: readonly Body[];
  /** The size of a strip. */
  readonly symbol: string;
  /** Every node that is in memory as a whole and is no input. */
  readonly kept: ReadonlySet<number>;
}

/** Writes the graphs of a partition, the last first: each says what those before it must leave in memory. */
export function bodiesOf(graph: Graph, partition: Partition): Bodies | undefined {
  const symbols = new Set(graphSymbols(graph));
  const symbol =
    ["R", ...Array.from({ length: symbols.size }, (_, i) => `R${i}`)].find((name) => !symbols.has(name)) ?? "";
  const kept = new Set(graph.outputs.map(({ node }) => node));
  const need = (id: number): void => {
    if (nodeAt(graph, id).op !== "input") kept.add(id);
  };
  const before: (Body | undefined)[] = [];
  const passes: Body[] = [];
  for (let stage = partition.passes; stage >= 0; stage--) {
    if (stage < partition.passes) {
      const body = new StripWriter(graph, partition, symbol, need).pass(stage, kept);
      if (body === undefined) return undefined;
      passes.unshift(body);
    }
    before.unshift(wholeBody(graph, partition, stage, kept, need));
  }
  return { before, passes, symbol, kept };
}

/** What is computed once before a pass. */
function wholeBody(
  graph: Graph,
  partition: Partition,
  stage: number,
  kept: ReadonlySet<number>,
  need: (id: number) => void,
): Body | undefined {
  const isHere = (id: number): boolean => {
    const part = partOf(partition, id);
    return part.kind === "whole" && part.stage === stage && nodeAt(graph, id).op !== "input";
  };
  const results = [...kept].filter(isHere).sort((a, b) => a - b);
  if (results.length === 0) return undefined;
  const writer = new Writer(graph, need);
  const write = (id: number): number => {
    if (isHere(id) || isSource(nodeAt(graph, id))) return writer.copy(id, write);
    return writer.port(id, "all", nodeAt(graph, id).shape);
  };
  return writer.body(results.map((id) => ({ port: { name: `%${id}`, node: id, extent: "all" }, id: write(id) })));
}

function isSource({ op }: Node): boolean {
  return op === "constant" || op === "dimSize" || op === "iota";
}

interface Result {
  readonly port: Port;
  /** In the body. */
  readonly id: number;
}

/** Collects the nodes and ports of a body. */
class Writer {
  readonly nodes = new DistinctNodes();
  readonly #graph: Graph;
  readonly #need: (id: number) => void;
  readonly #ports = new Map<string, Port>();
  readonly #copies = new Map<number, number>();

  constructor(graph: Graph, need: (id: number) => void) {
    this.#graph = graph;
    this.#need = need;
  }

  /** A tensor that is in memory. */
  port(node: number, extent: Port["extent"], shape: Shape): number {
    const name = `${extent} ${node}`;
    const { dtype } = nodeAt(this.#graph, node);
    this.#ports.set(name, { name, node, extent });
    this.#need(node);
    return this.nodes.add("input", [], { name, shape, dtype }, shape, dtype);
  }

  /** The same node, of operands that `write` gives. */
  copy(id: number, write: (operand: number) => number): number {
    const known = this.#copies.get(id);
    if (known !== undefined) return known;
    const node = nodeAt(this.#graph, id);
    const copied = this.nodes.add(node.op, node.inputs.map(write), node.attrs, node.shape, node.dtype);
    this.#copies.set(id, copied);
    return copied;
  }

  body(results: readonly Result[], alternating: ReadonlySet<number> = new Set()): Body {
    const outputs: GraphOutput[] = results.map(({ port, id }) => ({ name: port.name, node: id }));
    const graph = trustGraph({ name: this.#graph.name, nodes: this.nodes.nodes, outputs });
    return { graph, inputs: [...this.#ports.values()], outputs: results.map(({ port }) => port), alternating };
  }
}

/** A tensor whose strips do not lie together in memory, or that is not as long as what is cut. */
class NotInStrips extends RangeError {}

class StripWriter {
  readonly #writer: Writer;
  readonly #known = new Map<string, number>();
  readonly #graph: Graph;
  readonly #partition: Partition;
  readonly #symbol: string;

  constructor(graph: Graph, partition: Partition, symbol: string, need: (id: number) => void) {
    this.#writer = new Writer(graph, need);
    this.#graph = graph;
    this.#partition = partition;
    this.#symbol = symbol;
  }

  /** All that a pass leaves in memory; `undefined` where something that it reads is not in strips. */
  pass(number: number, kept: Set<number>): Body | undefined {
    const isHere = (id: number): boolean => {
      const part = partOf(this.#partition, id);
      return part.kind !== "whole" && part.pass === number;
    };
    // Whatever sums relative to a maximum needs to have that, too.
    for (const id of kept) if (isHere(id)) this.#onlineOf(id, (online) => kept.add(online.max));
    const alternating = new Set<number>();
    try {
      const results = [...kept].filter(isHere).map((id): Result => {
        const part = partOf(this.#partition, id);
        if (part.kind === "strip")
          return { port: { name: `strip %${id}`, node: id, extent: "strip" }, id: this.#strip(id) };
        this.#onlineOf(id, ({ max }) => alternating.add(id).add(max));
        return { port: { name: `sum %${id}`, node: id, extent: "sum" }, id: this.#gathered(id) };
      });
      return this.#writer.body(results, alternating);
    } catch (cause) {
      if (cause instanceof NotInStrips) return undefined;
      throw cause;
    }
  }

  #onlineOf(id: number, then: (online: Online) => void): void {
    const part = partOf(this.#partition, id);
    if (part.kind === "gathered" && part.online !== undefined) then(part.online);
  }

  /** The strip of a node that is cut. */
  #strip(id: number): number {
    const part = partOf(this.#partition, id);
    if (part.kind !== "strip") throw new RangeError(`%${id} is not cut`);
    return this.#cut(id, part.axis);
  }

  /** A node with this axis cut. */
  #cut(id: number, axis: number): number {
    const key = `${id} ${axis}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const node = nodeAt(this.#graph, id);
    const shape = this.#cutShape(node.shape, axis);
    const attrs = node.op === "expand" || node.op === "reshape" ? { shape } : node.attrs;
    const inputs = node.inputs.map((_, index) => this.#operand(node, index, axis));
    const made = this.#writer.nodes.add(node.op, inputs, attrs, shape, node.dtype);
    this.#known.set(key, made);
    return made;
  }

  #cutShape(shape: Shape, axis: number): Shape {
    return shape.map((dim, at) => (at === axis ? this.#symbol : dim));
  }

  /** An operand as a node needs it whose result has this axis cut, or reduced. */
  #operand(node: Node, index: number, fate: number | "reduced"): number {
    const id = operandAt<number>(node.inputs, index);
    const isStrip = this.#partition.strips[node.id]?.has(index) ?? false;
    if (isStrip) return this.#strip(id);
    const axis = originOf(this.#graph, node, index, fate);
    return axis === undefined ? this.#all(id) : this.#part(id, axis);
  }

  /** All of a tensor that is in memory. */
  #all(id: number): number {
    const node = nodeAt(this.#graph, id);
    if (isSource(node)) return this.#writer.copy(id, () => -1);
    if (isView(node) && partOf(this.#partition, id).kind === "whole")
      return this.#writer.copy(id, (input) => this.#all(input));
    return this.#writer.port(id, "all", node.shape);
  }

  /** This strip's part of a tensor that is in memory, or of what can be computed of such parts. */
  #part(id: number, axis: number): number {
    switch (this.#wayTo(id, axis)) {
      case "compute":
        return this.#cut(id, axis);
      case "read":
        return this.#writer.port(id, "strip", this.#cutShape(nodeAt(this.#graph, id).shape, axis));
      default:
        throw new NotInStrips();
    }
  }

  /** How to get at strips of a tensor along an axis. A matrix of pairs is computed, for it must not be in memory. */
  #wayTo(id: number, axis: number): "compute" | "read" | undefined {
    const node = nodeAt(this.#graph, id);
    if (node.shape[axis] !== this.#partition.dim) return undefined;
    const isLow = isLeading(node.shape, axis);
    const isWide = isWideWhole(this.#graph, id);
    const isFree = partOf(this.#partition, id).kind === "whole" && worksOnParts(this.#graph, node, axis);
    if (isFree && (isView(node) || isWide || !isLow)) {
      const isThere = node.inputs.every((input, index) => {
        const origin = originOf(this.#graph, node, index, axis);
        return origin === undefined || this.#wayTo(input, origin) !== undefined;
      });
      if (isThere) return "compute";
    }
    return isLow && !isWide ? "read" : undefined;
  }

  /** What was gathered so far and what this strip adds to it. */
  #gathered(id: number): number {
    const part = partOf(this.#partition, id);
    const node = nodeAt(this.#graph, id);
    const s = this.#writer.nodes;
    const { shape, dtype } = node;
    const sofar = (of: number): number => this.#writer.port(of, "sum", nodeAt(this.#graph, of).shape);
    if (part.kind === "gathered" && part.online !== undefined) {
      const { max, of } = part.online;
      const [own, old, next] = [this.#strip(of), sofar(max), this.#gathered(max)];
      const constant = (value: number): number => s.add("constant", [], { value, dtype: "float32" }, []);
      // Where all is -Infinity nothing is subtracted.
      const isNone = s.add("equal", [next, constant(-Infinity)], {}, shape, "bool");
      const shift = s.add("where", [isNone, constant(0), next], {}, shape);
      const ownShape = s.node(own).shape;
      const e = s.add("exp", [s.add("sub", [own, shift], {}, ownShape)], {}, ownShape);
      const isSame = s.add("equal", [old, next], {}, shape, "bool");
      const shrunk = s.add("exp", [s.add("sub", [old, next], {}, shape)], {}, shape);
      const factor = s.add("where", [isSame, constant(1), shrunk], {}, shape);
      const { attrs } = node as NodeOf<"reduceSum">;
      return s.add(
        "add",
        [s.add("mul", [sofar(id), factor], {}, shape), s.add("reduceSum", [e], attrs, shape)],
        {},
        shape,
      );
    }
    const key = `${id} sum`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const inputs = node.inputs.map((_, index) => this.#operand(node, index, "reduced"));
    const own = s.add(node.op, inputs, node.attrs, shape, dtype);
    const combine = node.op === "reduceMax" ? "maximum" : node.op === "reduceMin" ? "minimum" : "add";
    const made = s.add(combine, [sofar(id), own], {}, shape, dtype);
    this.#known.set(key, made);
    return made;
  }
}

/** True for what is computed of two vectors, one along each axis. */
function isWideWhole(graph: Graph, id: number): boolean {
  const node = nodeAt(graph, id);
  if (extentOf(node.shape) < 2 || node.inputs.length === 0 || node.op === "matmul") return false;
  return isOfVectors(graph, node) || node.inputs.some((input) => isWideWhole(graph, input));
}

function isView({ op }: Node): boolean {
  return op === "transpose" || op === "unsqueeze" || op === "squeeze" || op === "expand";
}
