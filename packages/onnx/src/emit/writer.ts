import type { DType } from "@losses/core";
import { encodeNode, encodeTensor, type AttributeValue, type OnnxNode } from "../format.js";
import type { NodeProto, TensorProto } from "../generated/onnx_pb.js";

/** Collects the nodes and stored constants of a model. Asking twice for the same computation gives the same value. */
export class ModelWriter {
  readonly #nodes: OnnxNode[] = [];
  readonly #stored = new Map<string, TensorProto>();
  readonly #known = new Map<string, string>();
  readonly #taken: Set<string>;

  /** `taken`: names of inputs and outputs, which no inner value may have. */
  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  /** The value of one ONNX op. An empty input name leaves an optional operand out. */
  node(opType: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}): string {
    const key = JSON.stringify([opType, inputs, attributes]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const output = this.#name(opType);
    this.#nodes.push({ opType, inputs, attributes, output });
    this.#known.set(key, output);
    return output;
  }

  /** Reserves a name for an input. */
  claim(name: string): string {
    this.#taken.add(name);
    return name;
  }

  /** A scalar stored in the model. */
  scalar(value: number, dtype: DType | "int64"): string {
    return this.#store(value, dtype);
  }

  /** A list of int64 stored in the model: axes and shapes. */
  list(values: readonly number[]): string {
    return this.#store(values, "int64");
  }

  /** The finished parts, with outputs under the names they shall have. */
  finish(outputs: readonly { readonly name: string; readonly value: string }[]): {
    readonly nodes: readonly NodeProto[];
    readonly initializers: readonly TensorProto[];
  } {
    const computed = new Set(this.#nodes.map((node) => node.output));
    const renamed = new Map<string, string>();
    const copies: OnnxNode[] = [];
    for (const { name, value } of outputs) {
      if (computed.has(value) && !renamed.has(value)) renamed.set(value, name);
      else copies.push({ opType: "Identity", inputs: [renamed.get(value) ?? value], output: name, attributes: {} });
    }
    const rename = (value: string): string => renamed.get(value) ?? value;
    const nodes = this.#nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      output: rename(node.output),
    }));
    return { nodes: [...nodes, ...copies].map(encodeNode), initializers: [...this.#stored.values()] };
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
    return name;
  }

  #name(stem: string): string {
    let name = `${stem}_${this.#taken.size}`;
    while (this.#taken.has(name)) name += "_";
    this.#taken.add(name);
    return name;
  }
}
