import { along, iota, pad, permuted, slice } from "./arrange.js";
import { select } from "./broadcast.js";
import { isOnGpu } from "./gpu.js";
import { extremum } from "./reductions.js";
import { elements, fill, reshape, scalar, type Runtime, type Value } from "./runtime.js";

/** The first position of the largest (`Max`) or smallest along an axis; the axis's size where there is a NaN. */
export function argExtreme(
  rt: Runtime,
  kernel: "Max" | "Min",
  x: Value,
  axis: number,
  shape: readonly number[],
): Value {
  const length = x.shape[axis] ?? 1;
  const kept = x.shape.map((size, i) => (i === axis ? 1 : size));
  const best = extremum(rt, kernel, x, [axis], kept);
  // Nothing equals an extreme that is NaN.
  const isBest = rt.kernel("Equal", { a: x, b: best });
  const position = iota(rt, x.shape.length, axis, length);
  const candidates = select(rt, isBest, position, fill(rt, x.shape, length, "int32"), x.shape);
  return extremum(rt, "Min", candidates, [axis], shape);
}

/** The positions in sorted order along an axis; equal elements keep their order, NaN counts as +∞. */
export function argsort(rt: Runtime, x: Value, axis: number, descending: boolean): Value {
  const length = x.shape[axis] ?? 1;
  if (length === 1) return fill(rt, x.shape, 0, "int32");
  // TopK takes the last axis, begins with the largest and, of equal ones, with the first.
  const others = [...x.shape.keys()].filter((i) => i !== axis);
  const order = [...others, axis];
  const isNaN = rt.kernel("IsNan", { x });
  const keys = select(rt, isNaN, scalar(rt, Infinity, "float32"), x, x.shape);
  const falling = permuted(rt, descending ? keys : rt.kernel("Neg", { x: keys }), order);
  const lines = reshape(rt, falling, [elements(x) / length, length]);
  const [, positions = lines] = rt.results("TopK", { x: lines }, { k: length, sorted: true });
  const sorted = reshape(
    rt,
    positions,
    order.map((i) => x.shape[i] ?? 1),
  );
  return permuted(
    rt,
    sorted,
    order.map((_, i) => order.indexOf(i)),
  );
}

export interface Cumulation {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

/** The sums of the elements up to each one. */
export function cumsum(rt: Runtime, x: Value, { axis, exclusive, reverse }: Cumulation): Value {
  const { outer, length, inner } = along(x.shape, axis);
  const lines = reshape(rt, x, [outer, length, inner]);
  if (!isOnGpu(rt)) return reshape(rt, rt.kernel("Cumsum", { x: lines }, { axis: 1, exclusive, reverse }), x.shape);
  // The kernel of webgpu runs the code that it made for the first length it met. Here 1, 2, 4, … neighbours are added.
  let sums = lines;
  for (let by = 1; by < length; by *= 2) {
    sums = rt.kernel("Add", { a: sums, b: shifted(rt, sums, by, reverse) });
  }
  return reshape(rt, exclusive ? shifted(rt, sums, 1, reverse) : sums, x.shape);
}

/** Lines moved by so many places towards their end, or their start, with zeros behind them. */
function shifted(rt: Runtime, lines: Value, by: number, isBack: boolean): Value {
  const [outer = 1, length = 1, inner = 1] = lines.shape;
  if (by >= length) return fill(rt, lines.shape, 0, "float32");
  const kept = slice(rt, lines, { axis: 1, start: isBack ? by : 0, step: 1 }, [outer, length - by, inner]);
  return pad(rt, kept, { axis: 1, start: isBack ? 0 : by, step: 1 }, lines.shape);
}
