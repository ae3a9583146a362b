import { DTypeError } from "../errors.js";
import type { OpTable } from "./types.js";

/** Ops without operands. */
export const sources: Pick<OpTable, "input" | "constant" | "iota" | "dimSize"> = {
  input: {
    arity: 0,
    doc: "A named tensor fed at run time.",
    infer: (_, { shape, dtype }) => ({ shape, dtype }),
    vjp: () => [],
    ulp: 0,
  },
  constant: {
    arity: 0,
    doc: "A scalar known when the graph is built.",
    infer: (_, { value, dtype }) => {
      if (dtype === "int32" && !Number.isInteger(value)) {
        throw new DTypeError(`constant: an int32 constant must be an integer, got ${value}.`);
      }
      return { shape: [], dtype };
    },
    vjp: () => [],
    ulp: 0.5,
  },
  iota: {
    arity: 0,
    doc: "0, 1, …, size-1 as int32.",
    infer: (_, { size }) => ({ shape: [size], dtype: "int32" }),
    vjp: () => [],
    ulp: 0,
  },
  dimSize: {
    arity: 0,
    doc: "The product of dimensions, as a scalar.",
    infer: (_, { dtype }) => ({ shape: [], dtype }),
    vjp: () => [],
    ulp: 0.5,
  },
};
