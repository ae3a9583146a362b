import { sizeOf } from "@losses/core";
import type { TfTensor } from "../tf.js";
import { expand } from "./broadcast.js";
import { fill, reshape, scalar, type Runtime } from "./runtime.js";

/**
 * Flat positions in a tensor that broadcasts to this shape, one for each place outside the axis; -1 where the index is
 * off the axis. Reads the index in JavaScript, which the engines that compute in memory do at once.
 */
export function positions(
  rt: Runtime,
  index: TfTensor,
  shape: readonly number[],
  axis: number,
  target: readonly number[],
): TfTensor {
  const places = shape.map((size, i) => (i === axis ? 1 : size));
  const given = expand(rt, index, places).dataSync<"int32">();
  const length = shape[axis] ?? 0;
  const strides = stridesOf(target, shape.length);
  const step = strides[axis] ?? 0;
  const starts = startsOf(places, strides);
  const flat = Int32Array.from(given, (at, i) => (at >= 0 && at < length ? (starts[i] ?? 0) + at * step : -1));
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
export function pick(rt: Runtime, x: TfTensor, flat: TfTensor, shape: readonly number[]): TfTensor {
  const hasGaps = flat.dataSync<"int32">().includes(-1);
  const indices = hasGaps ? rt.kernel("Maximum", { a: flat, b: scalar(rt, 0, "int32") }) : flat;
  const found = rt.kernel("GatherV2", { x: reshape(rt, x, [x.size]), indices }, { axis: 0, batchDims: 0 });
  return reshape(rt, hasGaps ? withoutGaps(rt, flat, found) : found, shape);
}

/** The values where a position is on the axis, 0 elsewhere. */
export function withoutGaps(rt: Runtime, flat: TfTensor, values: TfTensor): TfTensor {
  const t = reshape(rt, values, flat.shape);
  if (!flat.dataSync<"int32">().includes(-1)) return t;
  const condition = rt.kernel("GreaterEqual", { a: flat, b: scalar(rt, 0, "int32") });
  return rt.kernel("Select", { condition, t, e: fill(rt, flat.shape, 0, "float32") });
}

/** `into` (0 if there is none) with the values written at flat positions. */
export function place(
  rt: Runtime,
  value: TfTensor,
  flat: TfTensor,
  into: TfTensor | undefined,
  shape: readonly number[],
  axis: number,
): TfTensor {
  const single = shape.map((size, i) => (i === axis ? 1 : size));
  const values = reshape(rt, expand(rt, value, single), [flat.size]);
  const host = flat.dataSync<"int32">();
  const kept = Int32Array.from(host.keys()).filter((i) => host[i] !== -1);
  const hasGaps = kept.length < host.length;
  if (kept.length === 0) return into === undefined ? fill(rt, shape, 0, "float32") : reshape(rt, into, shape);
  const targets = hasGaps
    ? rt.make(
        kept.map((i) => host[i] ?? 0),
        [kept.length],
        "int32",
      )
    : flat;
  const indices = reshape(rt, targets, [kept.length, 1]);
  const places = rt.make(kept, [kept.length], "int32");
  const updates = hasGaps ? rt.kernel("GatherV2", { x: values, indices: places }, { axis: 0, batchDims: 0 }) : values;
  const size = sizeOf(shape);
  const result =
    into === undefined
      ? rt.kernel("ScatterNd", { indices, updates }, { shape: [size] })
      : rt.kernel("TensorScatterUpdate", { tensor: reshape(rt, into, [size]), indices, updates }, {});
  return reshape(rt, result, shape);
}
