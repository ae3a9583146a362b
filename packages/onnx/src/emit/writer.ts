import type { DType, Shape } from "@losses/core";
import {
  encodeNode,
  encodeTensor,
  isBody,
  type AttributeValue,
  type Body,
  type OnnxNode,
  type TypedValue,
} from "../format.js";
import type { NodeProto, TensorProto } from "../generated/onnx_pb.js";

const inverse = { Squeeze: "Unsqueeze", Unsqueeze: "Squeeze" } as const;

/** What a body is handed or gives. */
export interface ValueType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/**
 * Collects the nodes and stored constants of a model. Asking twice for the same computation gives the same value, and what no output
 * needs is left out in the end.
 */
export class ModelWriter {
  readonly #outermost: OnnxNode[] = [];
  #nodes: OnnxNode[] = this.#outermost;
  readonly #makers = new Map<string, OnnxNode>();
  readonly #stored = new Map<string, TensorProto>();
  readonly #numbers = new Map<string, number>();
  readonly #known = new Map<string, readonly string[]>();
  readonly #taken: Set<string>;

  /** `taken`: names of inputs and outputs, which no inner value may have. */
  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  /** The value of one ONNX op. An empty input name leaves an optional operand out. */
  node(opType: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}): string {
    if (opType === "Where") return this.#choice(inputs);
    const [first = "", axes = ""] = inputs;
    const opposite = opType === "Not" ? this.operandsOf("Not", first) : undefined;
    if (opposite !== undefined) return opposite[0] ?? "";
    const undone =
      opType === "Squeeze" || opType === "Unsqueeze" ? this.beforeAxes(inverse[opType], first, axes) : undefined;
    return undone ?? this.#add(opType, inputs, attributes);
  }

  /** A choice between two; one by the opposite of a condition is one by the condition. */
  #choice([condition = "", yes = "", no = ""]: readonly string[]): string {
    const opposite = this.operandsOf("Not", condition);
    if (opposite !== undefined) return this.#choice([opposite[0] ?? "", no, yes]);
    return this.#add("Where", [condition, this.#chosen(condition, yes, 1), this.#chosen(condition, no, 2)], {});
  }

  /**
   * What is left of an operand of a choice that is a choice by the same condition, or divides by one, where what goes is a number and
   * stretches nothing.
   */
  #chosen(condition: string, operand: string, branch: 1 | 2): string {
    const [above = "", below = ""] = this.operandsOf("Div", operand) ?? [];
    const bare = below === "" ? below : this.#chosen(condition, below, branch);
    if (bare !== below) return this.node("Div", [above, bare]);
    const inner = this.operandsOf("Where", operand);
    if (inner === undefined || inner[0] !== condition || !this.#numbers.has(inner[3 - branch] ?? "")) return operand;
    return inner[branch] ?? operand;
  }

  /** The values of one ONNX op that has several. */
  values(
    opType: string,
    inputs: readonly string[],
    attributes: OnnxNode["attributes"],
    count: number,
  ): readonly string[] {
    return this.#addAll(opType, inputs, attributes, count);
  }

  /**
   * A value of this type that is computed in one way if a condition holds when the model runs, and in another if not. What only one
   * way needs is written inside of it.
   */
  branch(condition: string, yes: () => string, no: () => string, type: ValueType): string {
    const [value = ""] = this.branches(
      condition,
      () => [yes()],
      () => [no()],
      [type],
    );
    return value;
  }

  /** The same for several values. */
  branches(
    condition: string,
    yes: () => readonly string[],
    no: () => readonly string[],
    types: readonly ValueType[],
  ): readonly string[] {
    const ways = { then_branch: this.body([], yes, types), else_branch: this.body([], no, types) };
    return this.#addAll("If", [condition], ways, types.length);
  }

  /** What another node runs: `write` is given a name for each input and returns the values that come out. */
  body(
    inputTypes: readonly ValueType[],
    write: (inputs: readonly string[]) => readonly string[],
    types: readonly ValueType[],
  ): Body {
    const inputs = inputTypes.map((type): TypedValue => ({ name: this.#name("in"), ...type }));
    const around = this.#nodes;
    const nodes: OnnxNode[] = [];
    this.#nodes = nodes;
    const found = write(inputs.map(({ name }) => name));
    const made = new Set(nodes.flatMap(({ outputs }) => outputs));
    // A body must compute what it gives, and each value once.
    const outputs = types.map((type, i): TypedValue => {
      const value = found[i] ?? "";
      if (made.delete(value)) return { name: value, ...type };
      const copy = this.#name("Identity");
      nodes.push({ opType: "Identity", inputs: [value], attributes: {}, outputs: [copy] });
      return { name: copy, ...type };
    });
    this.#nodes = around;
    // What was written inside does not exist outside.
    for (const node of nodes) {
      for (const output of node.outputs) this.#makers.delete(output);
      this.#known.delete(keyOf(node));
    }
    return { inputs, nodes, outputs };
  }

  /** Writes before every node whose body is being written: what needs nothing of the inside is computed once. */
  outside<T>(write: () => T): T {
    const around = this.#nodes;
    this.#nodes = this.#outermost;
    const result = write();
    this.#nodes = around;
    return result;
  }

  #add(opType: string, inputs: readonly string[], attributes: OnnxNode["attributes"]): string {
    return this.#addAll(opType, inputs, attributes, 1)[0] ?? "";
  }

  #addAll(
    opType: string,
    inputs: readonly string[],
    attributes: OnnxNode["attributes"],
    count: number,
  ): readonly string[] {
    const key = keyOf({ opType, inputs, attributes });
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const outputs = Array.from({ length: count }, () => this.#name(opType));
    const node: OnnxNode = { opType, inputs, attributes, outputs };
    this.#nodes.push(node);
    for (const output of outputs) this.#makers.set(output, node);
    this.#known.set(key, outputs);
    return outputs;
  }

  /** What became `value` when it lost or got these axes, a list as `list` gives it; `undefined` if that is not how it came to be. */
  beforeAxes(opType: "Squeeze" | "Unsqueeze", value: string, axes: string): string | undefined {
    const [operand, made] = this.operandsOf(opType, value) ?? [];
    return made === axes ? operand : undefined;
  }

  /** What `value` was made of, if by this op. */
  operandsOf(opType: string, value: string): readonly string[] | undefined {
    const made = this.#makers.get(value);
    return made?.opType === opType ? made.inputs : undefined;
  }

  /** A name for an input: this one, or like it if that is taken. */
  claim(stem: string): string {
    let name = stem;
    while (this.#taken.has(name)) name += "_";
    this.#taken.add(name);
    return name;
  }

  /** A scalar stored in the model. */
  scalar(value: number, dtype: DType | "int64"): string {
    return this.#store(value, dtype);
  }

  /** The number that a stored scalar is; `undefined` for other values. */
  numberOf(value: string): number | undefined {
    return this.#numbers.get(value);
  }

  /** A list of int64 stored in the model: axes and shapes. */
  list(values: readonly number[]): string {
    return this.#store(values, "int64");
  }

  /** The finished parts, with outputs under the names they shall have; `read`: every name that a node or output reads. */
  finish(outputs: readonly { readonly name: string; readonly value: string }[]): {
    readonly nodes: readonly NodeProto[];
    readonly initializers: readonly TensorProto[];
    readonly read: ReadonlySet<string>;
  } {
    const read = new Set(outputs.map(({ value }) => value));
    for (const node of [...this.#nodes].reverse()) {
      if (node.outputs.some((output) => read.has(output))) for (const input of readsOf(node)) read.add(input);
    }
    const live = this.#nodes.filter((node) => node.outputs.some((output) => read.has(output)));
    const computed = new Set(live.flatMap((node) => node.outputs));
    const renamed = new Map<string, string>();
    const copies: OnnxNode[] = [];
    for (const { name, value } of outputs) {
      if (computed.has(value) && !renamed.has(value)) renamed.set(value, name);
      else copies.push({ opType: "Identity", inputs: [renamed.get(value) ?? value], outputs: [name], attributes: {} });
    }
    const rename = (value: string): string => renamed.get(value) ?? value;
    const nodes = live.map((node) => renameIn(node, rename));
    const initializers = [...this.#stored.values()].filter(({ name }) => read.has(name));
    return { nodes: [...nodes, ...copies].map(encodeNode), initializers, read };
  }

  #store(value: number | readonly number[], dtype: DType | "int64"): string {
    const numbers = typeof value === "number" ? [value] : value;
    // String() keeps NaN and the infinities apart, the sign keeps -0.
    const key = `${dtype} ${numbers.map((x) => (Object.is(x, -0) ? "-0" : String(x))).join()} ${typeof value}`;
    const known = this.#known.get(key);
    if (known?.[0] !== undefined) return known[0];
    const name = this.#name("const");
    this.#stored.set(name, encodeTensor(name, dtype, value));
    this.#known.set(key, [name]);
    if (typeof value === "number") this.#numbers.set(name, value);
    return name;
  }

  #name(stem: string): string {
    return this.claim(`${stem}_${this.#taken.size}`);
  }
}

function keyOf({ opType, inputs, attributes }: Omit<OnnxNode, "outputs">): string {
  return JSON.stringify([opType, inputs, attributes]);
}

function bodiesOf({ attributes }: OnnxNode): readonly Body[] {
  return Object.values(attributes).filter(isBody);
}

/** Every value that a node or what is inside of it reads. */
function readsOf(node: OnnxNode): readonly string[] {
  const inside = bodiesOf(node).flatMap(({ nodes, outputs }) => [
    ...outputs.map(({ name }) => name),
    ...nodes.flatMap(readsOf),
  ]);
  return [...node.inputs, ...inside];
}

function renameIn(node: OnnxNode, rename: (name: string) => string): OnnxNode {
  const attributes = Object.entries(node.attributes).map(([name, value]) => [
    name,
    isBody(value) ? { ...value, nodes: value.nodes.map((inner) => renameIn(inner, rename)) } : value,
  ]);
  return {
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    attributes: Object.fromEntries(attributes) as OnnxNode["attributes"],
  };
}
