import type { DType, Shape } from "@losses/core";
import { encodeNode, encodeTensor, isBranch, type AttributeValue, type Branch, type OnnxNode } from "../format.js";
import type { NodeProto, TensorProto } from "../generated/onnx_pb.js";

const inverse = { Squeeze: "Unsqueeze", Unsqueeze: "Squeeze" } as const;

/** What a branch gives. */
interface BranchType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/**
 * Collects the nodes and stored constants of a model. Asking twice for the same computation gives the same value, and what no output
 * needs is left out in the end.
 */
export class ModelWriter {
  #nodes: OnnxNode[] = [];
  readonly #makers = new Map<string, OnnxNode>();
  readonly #stored = new Map<string, TensorProto>();
  readonly #numbers = new Map<string, number>();
  readonly #known = new Map<string, string>();
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

  /** What is left of an operand of a choice that is a choice by the same condition, where what goes is a number and stretches nothing. */
  #chosen(condition: string, operand: string, branch: 1 | 2): string {
    const inner = this.operandsOf("Where", operand);
    if (inner === undefined || inner[0] !== condition || !this.#numbers.has(inner[3 - branch] ?? "")) return operand;
    return inner[branch] ?? operand;
  }

  /**
   * A value of this type that is computed in one way if a condition holds when the model runs, and in another if not. What only one
   * way needs is written inside of it.
   */
  branch(condition: string, yes: () => string, no: () => string, type: BranchType): string {
    return this.#add("If", [condition], { then_branch: this.#inside(yes, type), else_branch: this.#inside(no, type) });
  }

  #inside(way: () => string, { dtype, shape }: BranchType): Branch {
    const around = this.#nodes;
    const nodes: OnnxNode[] = [];
    this.#nodes = nodes;
    const found = way();
    // A branch must compute what it gives.
    const output = nodes.some((node) => node.output === found) ? found : this.#add("Identity", [found], {});
    this.#nodes = around;
    // What was written inside does not exist outside.
    for (const node of nodes) {
      this.#makers.delete(node.output);
      this.#known.delete(keyOf(node));
    }
    return { nodes, output, dtype, shape };
  }

  #add(opType: string, inputs: readonly string[], attributes: OnnxNode["attributes"]): string {
    const key = keyOf({ opType, inputs, attributes });
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const output = this.#name(opType);
    const node: OnnxNode = { opType, inputs, attributes, output };
    this.#nodes.push(node);
    this.#makers.set(output, node);
    this.#known.set(key, output);
    return output;
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
      if (read.has(node.output)) for (const input of readsOf(node)) read.add(input);
    }
    const live = this.#nodes.filter((node) => read.has(node.output));
    const computed = new Set(live.map((node) => node.output));
    const renamed = new Map<string, string>();
    const copies: OnnxNode[] = [];
    for (const { name, value } of outputs) {
      if (computed.has(value) && !renamed.has(value)) renamed.set(value, name);
      else copies.push({ opType: "Identity", inputs: [renamed.get(value) ?? value], output: name, attributes: {} });
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
    if (known !== undefined) return known;
    const name = this.#name("const");
    this.#stored.set(name, encodeTensor(name, dtype, value));
    this.#known.set(key, name);
    if (typeof value === "number") this.#numbers.set(name, value);
    return name;
  }

  #name(stem: string): string {
    return this.claim(`${stem}_${this.#taken.size}`);
  }
}

function keyOf({ opType, inputs, attributes }: Omit<OnnxNode, "output">): string {
  return JSON.stringify([opType, inputs, attributes]);
}

function branchesOf({ attributes }: OnnxNode): readonly Branch[] {
  return Object.values(attributes).filter(isBranch);
}

/** Every value that a node or what is inside of it reads. */
function readsOf(node: OnnxNode): readonly string[] {
  return [...node.inputs, ...branchesOf(node).flatMap(({ nodes, output }) => [output, ...nodes.flatMap(readsOf)])];
}

function renameIn(node: OnnxNode, rename: (name: string) => string): OnnxNode {
  const attributes = Object.entries(node.attributes).map(([name, value]) => [
    name,
    isBranch(value) ? { ...value, nodes: value.nodes.map((inner) => renameIn(inner, rename)) } : value,
  ]);
  return {
    ...node,
    inputs: node.inputs.map(rename),
    output: rename(node.output),
    attributes: Object.fromEntries(attributes) as OnnxNode["attributes"],
  };
}
