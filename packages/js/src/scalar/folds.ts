import type { DType } from "@losses/core";
import { runStart, type Runs } from "./access.js";
import type { Fold } from "./program.js";

/** What a fold over no elements gives. */
export function identityOf(fold: Fold, dtype: DType): number {
  switch (fold) {
    case "sum":
    case "dot":
      return 0;
    case "max":
      return dtype === "int32" ? -(2 ** 31) : -Infinity;
    case "min":
      return dtype === "int32" ? 2 ** 31 - 1 : Infinity;
  }
}

/**
 * Folds `n` elements from `x` on: all into `D[d]` (stride 0), or one by one into the elements from `D[d]` on.
 * `y` is the second operand of a dot product.
 */
type FoldRun = (S: Float64Array, x: number, y: number, n: number, D: Float64Array, d: number, stride: number) => void;

const sum: FoldRun = (S, x, _y, n, D, d, stride) => {
  if (stride !== 0) {
    for (let i = 0; i < n; i++) D[d + i * stride] = (D[d + i * stride] as number) + (S[x + i] as number);
    return;
  }
  // Four running sums: additions do not wait for each other, and each sum stays short.
  let p = 0;
  let q = 0;
  let r = 0;
  let s = 0;
  let i = 0;
  for (const end = n - 3; i < end; i += 4) {
    p += S[x + i] as number;
    q += S[x + i + 1] as number;
    r += S[x + i + 2] as number;
    s += S[x + i + 3] as number;
  }
  for (; i < n; i++) p += S[x + i] as number;
  D[d] = (D[d] as number) + (p + q + (r + s));
};

const dot: FoldRun = (S, x, y, n, D, d, stride) => {
  if (stride !== 0) {
    for (let i = 0; i < n; i++) {
      D[d + i * stride] = (D[d + i * stride] as number) + (S[x + i] as number) * (S[y + i] as number);
    }
    return;
  }
  let p = 0;
  let q = 0;
  let r = 0;
  let s = 0;
  let i = 0;
  for (const end = n - 3; i < end; i += 4) {
    p += (S[x + i] as number) * (S[y + i] as number);
    q += (S[x + i + 1] as number) * (S[y + i + 1] as number);
    r += (S[x + i + 2] as number) * (S[y + i + 2] as number);
    s += (S[x + i + 3] as number) * (S[y + i + 3] as number);
  }
  for (; i < n; i++) p += (S[x + i] as number) * (S[y + i] as number);
  D[d] = (D[d] as number) + (p + q + (r + s));
};

// NaN, once there, stays: no comparison with it is true.
const max: FoldRun = (S, x, _y, n, D, d, stride) => {
  if (stride !== 0) {
    for (let i = 0; i < n; i++) {
      const value = S[x + i] as number;
      const before = D[d + i * stride] as number;
      if (!(value <= before) && before === before) D[d + i * stride] = value;
    }
    return;
  }
  let most = D[d] as number;
  if (most !== most) return;
  for (let i = 0; i < n; i++) {
    const value = S[x + i] as number;
    if (!(value <= most)) {
      most = value;
      if (value !== value) break;
    }
  }
  D[d] = most;
};

const min: FoldRun = (S, x, _y, n, D, d, stride) => {
  if (stride !== 0) {
    for (let i = 0; i < n; i++) {
      const value = S[x + i] as number;
      const before = D[d + i * stride] as number;
      if (!(value >= before) && before === before) D[d + i * stride] = value;
    }
    return;
  }
  let least = D[d] as number;
  if (least !== least) return;
  for (let i = 0; i < n; i++) {
    const value = S[x + i] as number;
    if (!(value >= least)) {
      least = value;
      if (value !== value) break;
    }
  }
  D[d] = least;
};

const foldRuns: { readonly [K in Fold]: FoldRun } = { sum, max, min, dot };

/** Folds elements `start … start+n` of a space, which lie in the arena from `x` (and `y`) on, into where `runs` sends them. */
export function fold(
  kind: Fold,
  S: Float64Array,
  x: number,
  y: number,
  D: Float64Array,
  base: number,
  runs: Runs,
  start: number,
  n: number,
): void {
  const into = foldRuns[kind];
  const { length, stride } = runs;
  let run = Math.floor(start / length);
  let skip = start - run * length;
  for (let done = 0; done < n; run++) {
    const count = Math.min(length - skip, n - done);
    into(S, x + done, y + done, count, D, base + runStart(runs, run) + skip * stride, stride);
    done += count;
    skip = 0;
  }
}
