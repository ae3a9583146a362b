import { evaluateDim, LossesError, type Dim, type DimSizes, type Shape } from "@losses/core";

/** A whole number that a model computes with: known, the size behind a symbol, or what follows from others. */
export type Count = Dim | { readonly op: CountOp; readonly a: Count; readonly b: Count };

/** ONNX's names; `Div` rounds down. */
type CountOp = "Add" | "Sub" | "Mul" | "Div" | "Max";

const compute: { readonly [K in CountOp]: (a: number, b: number) => number } = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => Math.floor(a / b),
  Max: Math.max,
};

function apply(op: CountOp, a: Count, b: Count): Count {
  return typeof a === "number" && typeof b === "number" ? compute[op](a, b) : { op, a, b };
}

export const minus = (a: Count, b: Count): Count => apply("Sub", a, b);

export const times = (a: Count, b: Count): Count => (a === 1 ? b : b === 1 ? a : apply("Mul", a, b));

export const atLeastOne = (a: Count): Count => apply("Max", a, 1);

/** ⌈a / b⌉ */
export const divideUp = (a: Count, b: Count): Count => apply("Div", apply("Add", a, minus(b, 1)), b);

export function productOf(dims: Shape): Count {
  return dims.reduce<Count>(times, 1);
}

/** What a dimension is for these sizes; where something starts it may be below 0. */
export function sizeOfDim(dim: Dim, sizes: DimSizes): number {
  const size = evaluateDim(dim, sizes);
  if (size !== undefined) return size;
  throw new LossesError("INVALID_GRAPH", `sizes: the dimension ${dim} must have a size, got none.`);
}

/** Its value for these sizes. */
export function valueOfCount(count: Count, sizes: DimSizes): number {
  if (typeof count !== "object") return sizeOfDim(count, sizes);
  return compute[count.op](valueOfCount(count.a, sizes), valueOfCount(count.b, sizes));
}

/** A name for it. */
export function nameOfCount(count: Count): string {
  return typeof count === "object" ? `${count.op}(${nameOfCount(count.a)};${nameOfCount(count.b)})` : String(count);
}
