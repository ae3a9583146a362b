/** The sizes of a product of two matrices: (rows, inner) times (inner, columns). */
export interface ProductSizes {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/**
 * out += left · right. With `transposeLeft` the left operand is stored as (inner, rows).
 *
 * Two rows of the result take four rows of the right operand at once, so that what is loaded is used more often;
 * beyond the edges the factors are 0.
 */
export function addProduct(
  out: Float32Array,
  left: Float32Array,
  right: Float32Array,
  { rows, inner, columns }: ProductSizes,
  transposeLeft: boolean = false,
): void {
  const [rowStep, innerStep] = transposeLeft ? [1, rows] : [inner, 1];
  const factor = (row: number, k: number): number =>
    row < rows && k < inner ? (left[row * rowStep + k * innerStep] ?? 0) : 0;
  for (let row = 0; row < rows; row += 2) {
    const upper = row * columns;
    const lower = Math.min(row + 1, rows - 1) * columns;
    for (let k = 0; k < inner; k += 4) {
      const [a, b, c, d] = [factor(row, k), factor(row, k + 1), factor(row, k + 2), factor(row, k + 3)];
      const [e, f, g, h] = [factor(row + 1, k), factor(row + 1, k + 1), factor(row + 1, k + 2), factor(row + 1, k + 3)];
      const first = k * columns;
      const second = Math.min(k + 1, inner - 1) * columns;
      const third = Math.min(k + 2, inner - 1) * columns;
      const fourth = Math.min(k + 3, inner - 1) * columns;
      for (let j = 0; j < columns; j++) {
        const w = right[first + j] ?? 0;
        const x = right[second + j] ?? 0;
        const y = right[third + j] ?? 0;
        const z = right[fourth + j] ?? 0;
        out[upper + j] = (out[upper + j] ?? 0) + a * w + b * x + c * y + d * z;
        out[lower + j] = (out[lower + j] ?? 0) + e * w + f * x + g * y + h * z;
      }
    }
  }
}

export function transpose(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[j * rows + i] = matrix[i * columns + j] ?? 0;
  }
  return out;
}

/** target += source, element by element. */
export function addTo(target: Float32Array, source: ArrayLike<number>, scale: number = 1): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) + scale * (source[i] ?? 0);
}
