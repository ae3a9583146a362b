import { DTypeError } from "../errors.js";
import { bindDim } from "../tensor/dims.js";
import { always, never } from "./rules.js";
import { exact, sizeOfShape } from "./strided.js";
import type { OpTable, SourceOp } from "./types.js";

/** Ops without operands. */
export const sources: Pick<OpTable, SourceOp> = {
  /** A named tensor fed at run time. */
  input: {
    arity: 0,
    infer: (_, { shape, dtype }) => ({ shape, dtype }),
    vjp: () => [],
    ulp: 0,
    isNonNegative: never,
    evaluate: ({ attrs: { name }, feeds }) => {
      const feed = feeds[name];
      if (feed === undefined) throw new RangeError(`evaluate: input ${name} must be fed, got none`);
      return exact(feed);
    },
  },
  /** A scalar known when the graph is built. */
  constant: {
    arity: 0,
    infer: (_, { value, dtype }) => {
      if (dtype === "int32" && !Number.isInteger(value)) {
        throw new DTypeError(`constant: an int32 constant must be an integer, got ${value}.`);
      }
      return { shape: [], dtype };
    },
    vjp: () => [],
    ulp: 0.5,
    isNonNegative: (_, { value }) => value >= 0,
    evaluate: ({ attrs }) => Float64Array.of(attrs.value),
  },
  /** 0, 1, …, size−1 as int32. */
  iota: {
    arity: 0,
    infer: (_, { size }) => ({ shape: [size], dtype: "int32" }),
    vjp: () => [],
    ulp: 0,
    isNonNegative: always,
    evaluate: ({ shape: [size = 0] }) => Float64Array.from({ length: size }, (_, i) => i),
  },
  /** The product of dimensions, as a scalar. */
  dimSize: {
    arity: 0,
    infer: (_, { dtype }) => ({ shape: [], dtype }),
    vjp: () => [],
    ulp: 0.5,
    isNonNegative: always,
    evaluate: ({ attrs, sizes }) => Float64Array.of(sizeOfShape(attrs.dims.map((dim) => bindDim(dim, sizes)))),
  },
};
