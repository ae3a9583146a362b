import {
  graphInputs,
  LossesError,
  sizeOf,
  termsOf,
  type Dim,
  type DimSizes,
  type FloatDType,
  type Graph,
  type Shape,
} from "@losses/core";
import { elementType } from "../format.js";
import type { Abilities } from "./providers.js";
import { nameOfCount, sizeOfDim, valueOfCount, type Count } from "./counts.js";
import type { ModelWriter } from "./writer.js";

/** Where the sizes behind a graph's symbols come from inside a model. */
export interface Sizes {
  /** A size as an int32 scalar. */
  readonly int32: (dim: Dim) => string;
  /** The product of sizes as a floating scalar. */
  readonly product: (dims: readonly Dim[], dtype: FloatDType) => string;
  /** The same with one axis of size 1, if that takes less; else a scalar. */
  readonly productLine: (dims: readonly Dim[], dtype: FloatDType) => string;
  /** A shape, or other numbers, as a list of int64. */
  readonly list: (counts: readonly Count[]) => string;
  /** True if they are inputs of the model. */
  readonly areFed: boolean;
}

/** An input of a model that holds sizes, for runtimes that compute shapes badly. */
export interface SizeInput {
  readonly name: string;
  readonly dtype: FloatDType | "int32" | "int64";
  /** `[]` for a scalar, else the length of the list. */
  readonly shape: readonly number[];
  /** What to feed for these sizes. */
  readonly values: (sizes: DimSizes) => readonly number[];
}

/** Sizes from the shapes of the model's inputs: it needs nothing else. */
export function sizesOfShapes(writer: ModelWriter, graph: Graph, { isOneProvider }: Abilities): Sizes {
  /** A run of axes of one input that reads exactly like `shape`. */
  const span = (shape: Shape): string | undefined => {
    for (const { attrs } of graphInputs(graph)) {
      for (let start = 0; start + shape.length <= attrs.shape.length; start++) {
        const end = start + shape.length;
        if (shape.every((dim, i) => dim === attrs.shape[start + i])) {
          return writer.node("Shape", [attrs.name], { start, end });
        }
      }
    }
    return undefined;
  };
  const sumOf = (dim: Dim): string =>
    termsOf(dim)
      .map(({ coefficient, factors }) => {
        const sizes = factors.map((factor) => (typeof factor === "string" ? vector(factor) : quotient(factor)));
        const [first, ...rest] = coefficient === 1 && sizes.length > 0 ? sizes : [writer.list([coefficient]), ...sizes];
        return rest.reduce((a, b) => writer.node("Mul", [a, b]), first ?? "");
      })
      .reduce((a, b) => writer.node("Add", [a, b]));
  // A quotient of ONNX is rounded towards zero, and a remainder has the sign of the divisor.
  const quotient = ({ dim, by }: { readonly dim: Dim; readonly by: number }): string => {
    const [whole, divisor] = [vector(dim), writer.list([by])];
    const rest = writer.node("Mod", [whole, divisor]);
    return writer.node("Div", [writer.node("Sub", [whole, rest]), divisor]);
  };
  /** N from an axis of size a·N + b. */
  const solved = (symbol: string): string => {
    for (const dim of graphInputs(graph).flatMap(({ shape }) => shape)) {
      const terms = termsOf(dim).filter(({ factors }) => factors.length > 0);
      const [only] = terms;
      if (only === undefined || terms.length > 1 || only.factors.length > 1 || only.factors[0] !== symbol) continue;
      const constant = termsOf(dim).find(({ factors }) => factors.length === 0)?.coefficient ?? 0;
      const whole = constant === 0 ? vector(dim) : writer.node("Sub", [vector(dim), writer.list([constant])]);
      return only.coefficient === 1 ? whole : writer.node("Div", [whole, writer.list([only.coefficient])]);
    }
    throw new LossesError(
      "INVALID_GRAPH",
      `graph ${graph.name}: the dimension ${symbol} must follow from the size of one axis of an input, got none that it follows from.`,
    );
  };
  const vector = (dim: Dim): string => {
    if (typeof dim === "number") return writer.list([dim]);
    const [only, ...more] = termsOf(dim);
    const isSymbol =
      more.length === 0 && only?.coefficient === 1 && only.factors.length === 1 && only.factors[0] === dim;
    return span([dim]) ?? (isSymbol ? solved(dim) : sumOf(dim));
  };
  const computed = (count: Count): string =>
    typeof count === "object" ? writer.node(count.op, [computed(count.a), computed(count.b)]) : vector(count);
  // A Squeeze is faster, but its result shares the memory of Shape's, which ONNX Runtime frees too early where the two nodes are
  // different providers'.
  const scalar = (symbol: Dim): string =>
    isOneProvider
      ? writer.node("Squeeze", [vector(symbol), writer.list([0])])
      : writer.node("Gather", [vector(symbol), writer.scalar(0, "int64")]);

  const productOf = (dims: readonly Dim[], dtype: FloatDType, read: (symbol: Dim) => string): string => {
    const literal = product(dims.filter((dim) => typeof dim === "number"));
    const [first, ...rest] = dims.filter((dim) => typeof dim === "string").map(read);
    if (first === undefined) return writer.scalar(literal, dtype);
    const factors = literal === 1 ? rest : [...rest, writer.scalar(literal, "int64")];
    // The product is exact in int64 and rounded once.
    const whole = factors.reduce((a, b) => writer.node("Mul", [a, b]), first);
    return writer.node("Cast", [whole], { to: elementType[dtype] });
  };

  return {
    int32: (dim) =>
      typeof dim === "number"
        ? writer.scalar(dim, "int32")
        : writer.node("Cast", [scalar(dim)], { to: elementType.int32 }),

    product: (dims, dtype) => productOf(dims, dtype, scalar),
    productLine: (dims, dtype) => productOf(dims, dtype, vector),

    list: (counts) => {
      if (counts.every((count) => typeof count === "number")) return writer.list(counts);
      const whole = counts.every((count) => typeof count !== "object") ? span(counts) : undefined;
      if (whole !== undefined) return whole;
      const parts: string[] = [];
      let literals: number[] = [];
      const flush = (): void => {
        if (literals.length > 0) parts.push(writer.list(literals));
        literals = [];
      };
      for (const count of counts) {
        if (typeof count === "number") literals.push(count);
        else {
          flush();
          parts.push(computed(count));
        }
      }
      flush();
      const [only, ...others] = parts;
      return only !== undefined && others.length === 0 ? only : writer.node("Concat", parts, { axis: 0 });
    },

    areFed: false,
  };
}

/** The same sizes, asked for while a body is written: they are computed once, outside of it. */
export function sizesOutside(writer: ModelWriter, sizes: Sizes): Sizes {
  return {
    int32: (dim) => writer.outside(() => sizes.int32(dim)),
    product: (dims, dtype) => writer.outside(() => sizes.product(dims, dtype)),
    productLine: (dims, dtype) => writer.outside(() => sizes.productLine(dims, dtype)),
    list: (counts) => writer.outside(() => sizes.list(counts)),
    areFed: sizes.areFed,
  };
}

/**
 * Sizes from inputs of their own, which are added to `inputs`: no node computes with shapes, so that a GPU provider has every node.
 */
export function sizesOfInputs(writer: ModelWriter, inputs: SizeInput[]): Sizes {
  const names = new Map<string, string>();
  const input = (
    kind: string,
    dtype: SizeInput["dtype"],
    counts: readonly Count[],
    shape: readonly number[],
    values: SizeInput["values"],
  ): string => {
    const key = `${kind}:${counts.map(nameOfCount).join()}`;
    const known = names.get(key);
    if (known !== undefined) return known;
    const name = writer.claim(key);
    names.set(key, name);
    inputs.push({ name, dtype, shape, values });
    return name;
  };
  const bound = (dims: readonly Dim[], sizes: DimSizes): readonly number[] => dims.map((dim) => sizeOfDim(dim, sizes));
  const isLiteral = (dims: readonly Dim[]): dims is readonly number[] => dims.every((dim) => typeof dim === "number");
  const count = (dims: readonly Dim[], dtype: FloatDType): string =>
    isLiteral(dims)
      ? writer.scalar(product(dims), dtype)
      : input(`count:${dtype}`, dtype, dims, [], (sizes) => [sizeOf(bound(dims, sizes))]);
  return {
    int32: (dim) =>
      typeof dim === "number"
        ? writer.scalar(dim, "int32")
        : input("size", "int32", [dim], [], (sizes) => bound([dim], sizes)),
    product: count,
    productLine: count,
    list: (counts) =>
      counts.every((count) => typeof count === "number")
        ? writer.list(counts)
        : input("list", "int64", counts, [counts.length], (sizes) => counts.map((count) => valueOfCount(count, sizes))),
    areFed: true,
  };
}

function product(factors: readonly number[]): number {
  return factors.reduce((a, b) => a * b, 1);
}
