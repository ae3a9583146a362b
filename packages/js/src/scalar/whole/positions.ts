import { eachRun, rowMajor, stridesOver, type Strided } from "./strided.js";

function withoutAxis(strides: readonly number[], axis: number): readonly number[] {
  return strides.map((stride, i) => (i === axis ? 0 : stride));
}

/** The elements of x along an axis that the positions name; 0 where one is outside. */
export function gather(x: Strided, index: Strided, axis: number, shape: readonly number[], out: Float64Array): void {
  const size = x.shape[axis] ?? 1;
  const step = x.strides[axis] ?? 0;
  const others = withoutAxis(stridesOver(x, shape), axis);
  const places = stridesOver(index, shape);
  const own = rowMajor(shape);
  const [dx, di] = [others.at(-1) ?? 0, places.at(-1) ?? 0];
  eachRun(shape, [others, places, own], [x.offset, index.offset, 0], ([a = 0, p = 0, o = 0], length) => {
    for (let i = 0; i < length; i++) {
      const at = index.cells[p + i * di] as number;
      out[o + i] = at >= 0 && at < size ? (x.cells[a + i * dx + at * step] as number) : 0;
    }
  });
}

/** Adds the elements of x to zeros at the positions along an axis; none where one is outside. */
export function scatterAdd(
  x: Strided,
  index: Strided,
  axis: number,
  shape: readonly number[],
  out: Float64Array,
): void {
  out.fill(0);
  const size = shape[axis] ?? 1;
  const own = rowMajor(shape);
  const step = own[axis] ?? 1;
  const dims = shape.map((dim, i) => (i === axis ? broadcastSize(x.shape[i] ?? 1, index.shape[i] ?? 1) : dim));
  const [others, places, targets] = [stridesOver(x, dims), stridesOver(index, dims), withoutAxis(own, axis)];
  const [dx, di, dt] = [others.at(-1) ?? 0, places.at(-1) ?? 0, targets.at(-1) ?? 0];
  eachRun(dims, [others, places, targets], [x.offset, index.offset, 0], ([a = 0, p = 0, o = 0], length) => {
    for (let i = 0; i < length; i++) {
      const at = index.cells[p + i * di] as number;
      if (at < 0 || at >= size) continue;
      const to = o + i * dt + at * step;
      out[to] = (out[to] as number) + (x.cells[a + i * dx] as number);
    }
  });
}

function broadcastSize(a: number, b: number): number {
  return a === 1 ? b : a;
}

/** Calls `visit` for each line along an axis: where it starts in the tensor, and in a row-major result of some shape. */
export function eachLine(
  x: Strided,
  axis: number,
  result: readonly number[],
  visit: (start: number, to: number) => void,
): void {
  const dims = x.shape.map((dim, i) => (i === axis ? 1 : dim));
  const [from, to] = [withoutAxis(x.strides, axis), withoutAxis(rowMajor(result), axis)];
  const [df, dt] = [from.at(-1) ?? 0, to.at(-1) ?? 0];
  eachRun(dims, [from, to], [x.offset, 0], ([a = 0, o = 0], length) => {
    for (let i = 0; i < length; i++) visit(a + i * df, o + i * dt);
  });
}

/** The first position of the largest (`sign` 1) or smallest (-1) along an axis; the axis's size where there is a NaN. */
export function argExtreme(x: Strided, axis: number, sign: 1 | -1, out: Float64Array): void {
  const size = x.shape[axis] ?? 1;
  const step = x.strides[axis] ?? 0;
  eachLine(
    x,
    axis,
    x.shape.map((dim, i) => (i === axis ? 1 : dim)),
    (start, to) => {
      let best = 0;
      let extreme = sign * (x.cells[start] as number);
      for (let i = 0; i < size; i++) {
        const element = sign * (x.cells[start + i * step] as number);
        if (element > extreme) {
          extreme = element;
          best = i;
        } else if (element !== element) {
          best = size;
          break;
        }
      }
      out[to] = size === 0 ? 0 : best;
    },
  );
}

/** The positions in sorted order along an axis; ties keep their order, NaN counts as infinity. */
export function argsort(x: Strided, axis: number, descending: boolean, out: Float64Array): void {
  const size = x.shape[axis] ?? 1;
  const step = x.strides[axis] ?? 0;
  const place = rowMajor(x.shape)[axis] ?? 1;
  const keys = new Float64Array(size);
  const order = [new Int32Array(size), new Int32Array(size)] as const;
  const sign = descending ? -1 : 1;
  eachLine(x, axis, x.shape, (start, to) => {
    for (let i = 0; i < size; i++) {
      const key = x.cells[start + i * step] as number;
      keys[i] = sign * (key !== key ? Infinity : key);
    }
    const sorted = mergeSort(keys, order);
    for (let i = 0; i < size; i++) out[to + i * place] = sorted[i] as number;
  });
}

/** Sorts positions by their keys, from runs of one element up; the result is in one of the two arrays. */
function mergeSort(keys: Float64Array, [first, second]: readonly [Int32Array, Int32Array]): Int32Array {
  const size = keys.length;
  for (let i = 0; i < size; i++) first[i] = i;
  let [from, to] = [first, second];
  for (let width = 1; width < size; width *= 2) {
    for (let low = 0; low < size; low += 2 * width) {
      const middle = Math.min(low + width, size);
      const high = Math.min(low + 2 * width, size);
      let [a, b] = [low, middle];
      for (let k = low; k < high; k++) {
        const isLeft =
          b >= high || (a < middle && (keys[from[a] as number] as number) <= (keys[from[b] as number] as number));
        to[k] = from[isLeft ? a++ : b++] as number;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Sums up to each element along an axis. */
export function cumsum(x: Strided, axis: number, exclusive: boolean, reverse: boolean, out: Float64Array): void {
  const size = x.shape[axis] ?? 1;
  const step = x.strides[axis] ?? 0;
  const place = rowMajor(x.shape)[axis] ?? 1;
  eachLine(x, axis, x.shape, (start, to) => {
    let sum = 0;
    for (let k = 0; k < size; k++) {
      const i = reverse ? size - 1 - k : k;
      const before = sum;
      sum += x.cells[start + i * step] as number;
      out[to + i * place] = exclusive ? before : sum;
    }
  });
}
