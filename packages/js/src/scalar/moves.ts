import type { DType } from "@losses/core";
import { runStart, type Runs } from "./access.js";

/** Storage of tensors; bool as bytes. */
export type Cells = Float32Array | Float64Array | Int32Array | Uint8Array;

type Copy<T> = (S: Float64Array, o: number, source: T, at: number, stride: number, n: number) => void;

// One loop for each class of array: a loop that meets several classes runs several times slower.

const copyFloat32: Copy<Float32Array> = (S, o, source, at, stride, n) => {
  if (stride === 0) fill(S, o, source[at] as number, n);
  else if (stride === 1) for (let i = 0; i < n; i++) S[o + i] = source[at + i] as number;
  else for (let i = 0; i < n; i++) S[o + i] = source[at + i * stride] as number;
};

const copyFloat64: Copy<Float64Array> = (S, o, source, at, stride, n) => {
  if (stride === 0) fill(S, o, source[at] as number, n);
  else if (stride === 1) for (let i = 0; i < n; i++) S[o + i] = source[at + i] as number;
  else for (let i = 0; i < n; i++) S[o + i] = source[at + i * stride] as number;
};

const copyInt32: Copy<Int32Array> = (S, o, source, at, stride, n) => {
  if (stride === 0) fill(S, o, source[at] as number, n);
  else for (let i = 0; i < n; i++) S[o + i] = source[at + i * stride] as number;
};

const copyUint8: Copy<Uint8Array> = (S, o, source, at, stride, n) => {
  if (stride === 0) fill(S, o, source[at] as number, n);
  else for (let i = 0; i < n; i++) S[o + i] = source[at + i * stride] as number;
};

function fill(S: Float64Array, o: number, value: number, n: number): void {
  if (n > 24) S.fill(value, o, o + n);
  else for (let i = 0; i < n; i++) S[o + i] = value;
}

/** Brings elements `start … start+n` of a walk into the arena as float64. `base` shifts where the walk begins. */
export function load(
  S: Float64Array,
  o: number,
  source: Cells,
  base: number,
  runs: Runs,
  start: number,
  n: number,
): void {
  if (source instanceof Float32Array) loadRuns(copyFloat32, S, o, source, base, runs, start, n);
  else if (source instanceof Float64Array) loadRuns(copyFloat64, S, o, source, base, runs, start, n);
  else if (source instanceof Int32Array) loadRuns(copyInt32, S, o, source, base, runs, start, n);
  else loadRuns(copyUint8, S, o, source, base, runs, start, n);
}

function loadRuns<T>(
  copy: Copy<T>,
  S: Float64Array,
  o: number,
  source: T,
  base: number,
  runs: Runs,
  start: number,
  n: number,
): void {
  const { length, stride } = runs;
  let run = Math.floor(start / length);
  let skip = start - run * length;
  for (let done = 0; done < n; run++) {
    const count = Math.min(length - skip, n - done);
    copy(S, o + done, source, base + runStart(runs, run) + skip * stride, stride, count);
    done += count;
    skip = 0;
  }
}

/** Writes `n` elements of the arena to a tensor, rounding to its dtype. */
export function store(S: Float64Array, from: number, target: Cells, at: number, n: number): void {
  if (target instanceof Float32Array) storeFloat32(S, from, target, at, n);
  else if (target instanceof Float64Array) storeFloat64(S, from, target, at, n);
  else if (target instanceof Int32Array) for (let i = 0; i < n; i++) target[at + i] = S[from + i] as number;
  else for (let i = 0; i < n; i++) target[at + i] = S[from + i] as number;
}

function storeFloat32(S: Float64Array, from: number, target: Float32Array, at: number, n: number): void {
  for (let i = 0; i < n; i++) target[at + i] = S[from + i] as number;
}

function storeFloat64(S: Float64Array, from: number, target: Float64Array, at: number, n: number): void {
  for (let i = 0; i < n; i++) target[at + i] = S[from + i] as number;
}

/** A zeroed array in the storage of a dtype. */
export function allocate(dtype: DType, size: number): Cells {
  switch (dtype) {
    case "float32":
      return new Float32Array(size);
    case "float64":
      return new Float64Array(size);
    case "int32":
      return new Int32Array(size);
    case "bool":
      return new Uint8Array(size);
    case "float16":
      throw new RangeError("js: float16 has no storage here");
  }
}
