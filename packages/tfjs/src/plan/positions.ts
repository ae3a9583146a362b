import { sizeOf } from "@losses/core";
import { expand } from "./broadcast.js";
import { elements, fill, reshape, scalar, type Data, type Runtime, type Value } from "./runtime.js";

/**
 * Flat positions in a tensor that broadcasts to this shape, one for each place outside the axis; -1 where the index is
 * off the axis. Reads the index in JavaScript, which the engines that compute in memory do at once.
 */
export function positions(
  rt: Runtime,
  index: Value,
  shape: readonly number[],
  axis: number,
  target: readonly number[],
): Value {
  const places = shape.map((size, i) => (i === axis ? 1 : size));
  const given = rt.data(expand(rt, index, places));
  const length = shape[axis] ?? 0;
  const strides = stridesOf(target, shape.length);
  const step = strides[axis] ?? 0;
  const starts = startsOf(places, strides);
  const flat = new Int32Array(given.length);
  for (let i = 0; i < flat.length; i++) {
    const at = given[i] ?? -1;
    flat[i] = at >= 0 && at < length ? (starts[i] ?? 0) + at * step : -1;
  }
  return rt.make(flat, [flat.length], "int32");
}

/** Distances between neighbours along each axis of a result; 0 where the tensor is broadcast. */
function stridesOf(shape: readonly number[], rank: number): readonly number[] {
  const strides = Array.from({ length: rank }, () => 0);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    if (size !== 1) strides[axis + rank - shape.length] = stride;
    stride *= size;
  }
  return strides;
}

/** The flat position at which each place of a shape lies, row-major. */
function startsOf(places: readonly number[], strides: readonly number[]): Int32Array {
  let starts = Int32Array.of(0);
  places.forEach((size, axis) => {
    const [stride, before] = [strides[axis] ?? 0, starts];
    starts = new Int32Array(before.length * size);
    for (let i = 0; i < starts.length; i++) starts[i] = (before[Math.floor(i / size)] ?? 0) + (i % size) * stride;
  });
  return starts;
}

/** The elements at flat positions, 0 at -1. */
export function pick(rt: Runtime, x: Value, flat: Value, shape: readonly number[]): Value {
  const hasGaps = rt.data(flat).includes(-1);
  const indices = hasGaps ? rt.kernel("Maximum", { a: flat, b: scalar(rt, 0, "int32") }) : flat;
  const found = rt.kernel("GatherV2", { x: reshape(rt, x, [elements(x)]), indices }, { axis: 0, batchDims: 0 });
  return reshape(rt, hasGaps ? withoutGaps(rt, flat, found) : found, shape);
}

/** The values where a position is on the axis, 0 elsewhere. */
export function withoutGaps(rt: Runtime, flat: Value, values: Value): Value {
  const t = reshape(rt, values, flat.shape);
  if (!rt.data(flat).includes(-1)) return t;
  const condition = rt.kernel("GreaterEqual", { a: flat, b: scalar(rt, 0, "int32") });
  return rt.kernel("Select", { condition, t, e: fill(rt, flat.shape, 0, "float32") });
}

/** `into` (0 if there is none) with the values written at flat positions. */
export function place(
  rt: Runtime,
  value: Value,
  flat: Value,
  into: Value | undefined,
  shape: readonly number[],
  axis: number,
): Value {
  const single = shape.map((size, i) => (i === axis ? 1 : size));
  const values = reshape(rt, expand(rt, value, single), [elements(flat)]);
  const host = rt.data(flat);
  const [targets, updates] = host.includes(-1) ? kept(rt, host, values) : [flat, values];
  if (updates === undefined) return into === undefined ? fill(rt, shape, 0, "float32") : reshape(rt, into, shape);
  const indices = reshape(rt, targets, [elements(targets), 1]);
  const size = sizeOf(shape);
  const result =
    into === undefined
      ? rt.kernel("ScatterNd", { indices, updates }, { shape: [size] })
      : rt.kernel("TensorScatterUpdate", { tensor: reshape(rt, into, [size]), indices, updates }, {});
  return reshape(rt, result, shape);
}

/** The positions that are on the axis, and their values; no values if there is no such position. */
function kept(rt: Runtime, flat: Data, values: Value): readonly [Value, Value | undefined] {
  const places = Int32Array.from(flat.keys()).filter((i) => flat[i] !== -1);
  const shape = [places.length];
  const targets = rt.make(
    places.map((i) => flat[i] ?? 0),
    shape,
    "int32",
  );
  if (places.length === 0) return [targets, undefined];
  const indices = rt.make(places, shape, "int32");
  return [targets, rt.kernel("GatherV2", { x: values, indices }, { axis: 0, batchDims: 0 })];
}
