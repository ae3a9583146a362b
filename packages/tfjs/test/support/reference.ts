import { sizeOf, type HostTensor, type OpAttributes } from "@losses/core";

/** A tensor with its elements as numbers: what the plain reference computes with, in float64. */
export interface Plain {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
}

export function plain(shape: readonly number[], data: readonly number[], dtype: Plain["dtype"] = "float32"): Plain {
  return { shape, data: dtype === "float32" ? data.map(Math.fround) : data, dtype };
}

export function toHost({ shape, data, dtype }: Plain): HostTensor {
  const own =
    dtype === "float32" ? Float32Array.from(data) : dtype === "int32" ? Int32Array.from(data) : Uint8Array.from(data);
  return { shape, data: own, dtype };
}

/** Every index of a shape, row-major. */
function* indices(shape: readonly number[]): Generator<readonly number[]> {
  for (let i = 0; i < sizeOf(shape); i++) {
    let rest = i;
    yield [...shape]
      .reverse()
      .map((size) => {
        const index = rest % size;
        rest = Math.floor(rest / size);
        return index;
      })
      .reverse();
  }
}

function at(tensor: Plain, index: readonly number[]): number {
  const own = index.slice(index.length - tensor.shape.length);
  const flat = tensor.shape.reduce((sum, size, axis) => sum * size + (size === 1 ? 0 : (own[axis] ?? 0)), 0);
  return tensor.data[flat] ?? Number.NaN;
}

export function broadcast(shapes: readonly (readonly number[])[]): readonly number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    return sizes.find((size) => size !== 1) ?? 1;
  });
}

export function elementwise(
  operands: readonly Plain[],
  compute: (...numbers: number[]) => number,
  dtype: Plain["dtype"],
): Plain {
  const shape = broadcast(operands.map((operand) => operand.shape));
  const data = [...indices(shape)].map((index) => compute(...operands.map((operand) => at(operand, index))));
  return plain(shape, data, dtype);
}

export function expand(x: Plain, shape: readonly number[]): Plain {
  return plain(
    shape,
    [...indices(shape)].map((index) => at(x, index)),
    x.dtype,
  );
}

export function transpose(x: Plain, { perm }: OpAttributes["transpose"]): Plain {
  const shape = perm.map((axis) => x.shape[axis] ?? 0);
  const data = [...indices(shape)].map((index) =>
    at(
      x,
      perm.map((_, axis) => index[perm.indexOf(axis)] ?? 0),
    ),
  );
  return plain(shape, data, x.dtype);
}

/** A reduction of groups of numbers over axes. */
export function reduce(
  x: Plain,
  { axes, keepdims }: OpAttributes["reduceSum"],
  compute: (group: readonly number[]) => number,
): Plain {
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const inner = x.shape.map((size, axis) => (axes.includes(axis) ? size : 1));
  const data = [...indices(kept)].map((outer) =>
    compute(
      [...indices(inner)].map((index) =>
        at(
          x,
          x.shape.map((_, axis) => (outer[axis] ?? 0) + (index[axis] ?? 0)),
        ),
      ),
    ),
  );
  return plain(keepdims ? kept : x.shape.filter((_, axis) => !axes.includes(axis)), data, x.dtype);
}

export function max(group: readonly number[]): number {
  return group.some(Number.isNaN) ? Number.NaN : Math.max(...group);
}

export function min(group: readonly number[]): number {
  return group.some(Number.isNaN) ? Number.NaN : Math.min(...group);
}

/** The sum of |x| as a float error sees it: no partial sum is larger. */
export function magnitude(x: Plain): number {
  return x.data.filter(Number.isFinite).reduce((sum, value) => sum + Math.abs(value), 0);
}

export function logSumExp(group: readonly number[]): number {
  const top = max(group);
  if (!Number.isFinite(top)) return top;
  return top + Math.log(group.reduce((sum, x) => sum + Math.exp(x - top), 0));
}

export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** Distance in units in the last place of float32; 0 for equal values, NaN for NaN, and results that underflow. Never finer than at `scale`. */
export function ulps(got: number, want: number, scale = 0): number {
  if (Object.is(got, want) || got === want || (Number.isNaN(got) && Number.isNaN(want))) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(want)) return Infinity;
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.max(Math.abs(want), scale))));
  const distance = Math.abs(got - want);
  return distance <= 2 ** -126 ? 0 : distance / 2 ** (exponent - 23);
}
