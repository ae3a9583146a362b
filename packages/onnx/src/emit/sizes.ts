import { graphInputs, LossesError, type Dim, type FloatDType, type Graph, type Shape } from "@losses/core";
import { elementType } from "../format.js";
import type { ModelWriter } from "./writer.js";

/** Where the sizes behind a graph's symbols come from inside a model: the shapes of its inputs. */
export class Sizes {
  readonly #writer: ModelWriter;
  readonly #graph: Graph;

  constructor(writer: ModelWriter, graph: Graph) {
    this.#writer = writer;
    this.#graph = graph;
  }

  /** A size as an int32 scalar. */
  int32(dim: Dim): string {
    const writer = this.#writer;
    return typeof dim === "number"
      ? writer.scalar(dim, "int32")
      : writer.node("Cast", [this.#scalar(dim)], { to: elementType.int32 });
  }

  /** The product of sizes as a floating scalar. */
  product(dims: readonly Dim[], dtype: FloatDType): string {
    const writer = this.#writer;
    const literal = dims.reduce<number>((product, dim) => (typeof dim === "number" ? product * dim : product), 1);
    const symbols = dims.filter((dim) => typeof dim === "string");
    const [first, ...rest] = symbols.map((symbol) => this.#scalar(symbol));
    if (first === undefined) return writer.scalar(literal, dtype);
    const factors = literal === 1 ? rest : [...rest, writer.scalar(literal, "int64")];
    // The product is exact in int64 and rounded once.
    const product = factors.reduce((a, b) => writer.node("Mul", [a, b]), first);
    return writer.node("Cast", [product], { to: elementType[dtype] });
  }

  /** A shape as a list of int64. */
  shape(shape: Shape): string {
    const writer = this.#writer;
    if (shape.every((dim) => typeof dim === "number")) return writer.list(shape.map(Number));
    const whole = this.#span(shape);
    if (whole !== undefined) return whole;
    const parts: string[] = [];
    let literals: number[] = [];
    const flush = (): void => {
      if (literals.length > 0) parts.push(writer.list(literals));
      literals = [];
    };
    for (const dim of shape) {
      if (typeof dim === "number") literals.push(dim);
      else {
        flush();
        parts.push(this.#vector(dim));
      }
    }
    flush();
    const [only, ...others] = parts;
    return only !== undefined && others.length === 0 ? only : writer.node("Concat", parts, { axis: 0 });
  }

  /** A run of axes of one input that reads exactly like `shape`. */
  #span(shape: Shape): string | undefined {
    for (const { attrs } of graphInputs(this.#graph)) {
      for (let start = 0; start + shape.length <= attrs.shape.length; start++) {
        const end = start + shape.length;
        if (shape.every((dim, i) => dim === attrs.shape[start + i])) {
          return this.#writer.node("Shape", [attrs.name], { start, end });
        }
      }
    }
    return undefined;
  }

  #vector(symbol: string): string {
    const found = this.#span([symbol]);
    if (found !== undefined) return found;
    throw new LossesError(
      "INVALID_GRAPH",
      `graph ${this.#graph.name}: the dimension ${symbol} must occur in the shape of an input, got it nowhere.`,
    );
  }

  #scalar(symbol: string): string {
    return this.#writer.node("Squeeze", [this.#vector(symbol), this.#writer.list([0])]);
  }
}
