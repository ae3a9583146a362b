import type { Dim, DimSizes, Shape } from "@losses/core";

/** A whole number that a model computes with: known, the size behind a symbol, or what follows from others. */
export type Count = Dim | { readonly op: CountOp; readonly a: Count; readonly b: Count };

/** ONNX's names; `Div` rounds down. */
type CountOp = "Add" | "Sub" | "Mul" | "Div";

const compute: { readonly [K in CountOp]: (a: number, b: number) => number } = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => Math.floor(a / b),
};

function apply(op: CountOp, a: Count, b: Count): Count {
  return typeof a === "number" && typeof b === "number" ? compute[op](a, b) : { op, a, b };
}

export const minus = (a: Count, b: Count): Count => apply("Sub", a, b);

export const times = (a: Count, b: Count): Count => (a === 1 ? b : b === 1 ? a : apply("Mul", a, b));

/** ⌈a / b⌉ */
export const divideUp = (a: Count, b: Count): Count => apply("Div", apply("Add", a, minus(b, 1)), b);

export function productOf(dims: Shape): Count {
  return dims.reduce<Count>(times, 1);
}

/** Its value for these sizes. */
export function valueOfCount(count: Count, sizes: DimSizes): number {
  if (typeof count === "number") return count;
  if (typeof count === "string") return sizes[count] ?? 0;
  return compute[count.op](valueOfCount(count.a, sizes), valueOfCount(count.b, sizes));
}

/** A name for it. */
export function nameOfCount(count: Count): string {
  return typeof count === "object" ? `${count.op}(${nameOfCount(count.a)};${nameOfCount(count.b)})` : String(count);
}
