import type { Cells } from "./moves.js";

/** A matrix anywhere in an array: element (i, j) at `i·strides[0] + j·strides[1]`. */
export interface MatrixCells {
  readonly cells: Cells;
  readonly strides: readonly [number, number];
}

// Panels of 4 rows of A and of 4 columns of B, `DEPTH` deep: a panel of each fits the first-level cache.
const SIDE = 4;
const DEPTH = 256;
const BAND = 64;

/** Packed panels, kept between calls of one plan. */
export interface MatmulScratch {
  readonly a: Float64Array;
  readonly b: Float64Array;
}

export function matmulScratch(rows: number, inner: number, columns: number): MatmulScratch {
  const depth = Math.min(inner, DEPTH);
  return {
    a: new Float64Array(roundUp(Math.min(rows, BAND)) * depth),
    b: new Float64Array(roundUp(columns) * depth),
  };
}

function roundUp(count: number): number {
  return Math.ceil(count / SIDE) * SIDE;
}

/** `out = A·B` with `A` (rows × inner) and `B` (inner × columns); `out` is row-major. */
export function matmul(
  a: MatrixCells,
  b: MatrixCells,
  out: Float64Array,
  rows: number,
  inner: number,
  columns: number,
  scratch: MatmulScratch,
): void {
  out.fill(0, 0, rows * columns);
  for (let k = 0; k < inner; k += DEPTH) {
    const depth = Math.min(DEPTH, inner - k);
    pack(scratch.b, b.cells, k * b.strides[0], b.strides[1], b.strides[0], columns, depth);
    for (let i = 0; i < rows; i += BAND) {
      const band = Math.min(BAND, rows - i);
      const from = i * a.strides[0] + k * a.strides[1];
      pack(scratch.a, a.cells, from, a.strides[0], a.strides[1], band, depth);
      multiplyBand(scratch.a, scratch.b, out, i, band, columns, depth);
    }
  }
}

/** Panels of `SIDE` lines, element by element along the depth; missing lines are zero. */
function pack(
  panel: Float64Array,
  cells: Cells,
  from: number,
  lineStride: number,
  depthStride: number,
  lines: number,
  depth: number,
): void {
  let o = 0;
  for (let line = 0; line < lines; line += SIDE) {
    const whole = Math.min(SIDE, lines - line);
    for (let k = 0; k < depth; k++) {
      const at = from + line * lineStride + k * depthStride;
      for (let s = 0; s < whole; s++) panel[o + s] = cells[at + s * lineStride] as number;
      for (let s = whole; s < SIDE; s++) panel[o + s] = 0;
      o += SIDE;
    }
  }
}

function multiplyBand(
  A: Float64Array,
  B: Float64Array,
  out: Float64Array,
  firstRow: number,
  band: number,
  columns: number,
  depth: number,
): void {
  for (let j = 0; j < columns; j += SIDE) {
    const width = Math.min(SIDE, columns - j);
    for (let i = 0; i < band; i += SIDE) {
      const height = Math.min(SIDE, band - i);
      const at = (firstRow + i) * columns + j;
      if (width === SIDE && height === SIDE) tile(A, i * depth, B, j * depth, out, at, columns, depth);
      else {
        corner.fill(0);
        tile(A, i * depth, B, j * depth, corner, 0, SIDE, depth);
        for (let r = 0; r < height; r++) {
          for (let c = 0; c < width; c++) {
            const o = at + r * columns + c;
            out[o] = (out[o] as number) + (corner[r * SIDE + c] as number);
          }
        }
      }
    }
  }
}

const corner: Float64Array = new Float64Array(SIDE * SIDE);

/** Adds the product of one panel of A and one of B to a 4×4 tile, all sixteen sums in registers. */
function tile(
  A: Float64Array,
  a: number,
  B: Float64Array,
  b: number,
  out: Float64Array,
  at: number,
  columns: number,
  depth: number,
): void {
  let c00 = 0,
    c01 = 0,
    c02 = 0,
    c03 = 0;
  let c10 = 0,
    c11 = 0,
    c12 = 0,
    c13 = 0;
  let c20 = 0,
    c21 = 0,
    c22 = 0,
    c23 = 0;
  let c30 = 0,
    c31 = 0,
    c32 = 0,
    c33 = 0;
  for (let end = a + depth * SIDE, p = a, q = b; p < end; p += SIDE, q += SIDE) {
    const b0 = B[q] as number;
    const b1 = B[q + 1] as number;
    const b2 = B[q + 2] as number;
    const b3 = B[q + 3] as number;
    const a0 = A[p] as number;
    c00 += a0 * b0;
    c01 += a0 * b1;
    c02 += a0 * b2;
    c03 += a0 * b3;
    const a1 = A[p + 1] as number;
    c10 += a1 * b0;
    c11 += a1 * b1;
    c12 += a1 * b2;
    c13 += a1 * b3;
    const a2 = A[p + 2] as number;
    c20 += a2 * b0;
    c21 += a2 * b1;
    c22 += a2 * b2;
    c23 += a2 * b3;
    const a3 = A[p + 3] as number;
    c30 += a3 * b0;
    c31 += a3 * b1;
    c32 += a3 * b2;
    c33 += a3 * b3;
  }
  addRow(out, at, c00, c01, c02, c03);
  addRow(out, at + columns, c10, c11, c12, c13);
  addRow(out, at + 2 * columns, c20, c21, c22, c23);
  addRow(out, at + 3 * columns, c30, c31, c32, c33);
}

function addRow(out: Float64Array, at: number, x: number, y: number, z: number, w: number): void {
  out[at] = (out[at] as number) + x;
  out[at + 1] = (out[at + 1] as number) + y;
  out[at + 2] = (out[at + 2] as number) + z;
  out[at + 3] = (out[at + 3] as number) + w;
}
