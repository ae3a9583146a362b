// One loop for each step, as one writes array code without a library.

export function subtract(a: Float32Array, b: Float32Array): Float32Array {
  const result = new Float32Array(a.length);
  for (let i = 0; i < result.length; i++) result[i] = at(a, i) - at(b, i);
  return result;
}

export function add(a: Float32Array, b: Float32Array): Float32Array {
  const result = new Float32Array(a.length);
  for (let i = 0; i < result.length; i++) result[i] = at(a, i) + at(b, i);
  return result;
}

export function multiply(a: Float32Array, b: Float32Array): Float32Array {
  const result = new Float32Array(a.length);
  for (let i = 0; i < result.length; i++) result[i] = at(a, i) * at(b, i);
  return result;
}

export function plus(a: Float32Array, x: number): Float32Array {
  const result = new Float32Array(a.length);
  for (let i = 0; i < result.length; i++) result[i] = at(a, i) + x;
  return result;
}

export function times(a: Float32Array, x: number): Float32Array {
  const result = new Float32Array(a.length);
  for (let i = 0; i < result.length; i++) result[i] = at(a, i) * x;
  return result;
}

export function exp(a: Float32Array): Float32Array {
  const result = new Float32Array(a.length);
  for (let i = 0; i < result.length; i++) result[i] = Math.exp(at(a, i));
  return result;
}

export function sum(a: Float32Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += at(a, i);
  return total;
}

export function rowSums(a: Float32Array, columns: number): Float32Array {
  const result = new Float32Array(a.length / columns);
  for (let i = 0; i < result.length; i++) {
    let total = 0;
    for (let j = 0; j < columns; j++) total += at(a, i * columns + j);
    result[i] = total;
  }
  return result;
}

export function rowMaxima(a: Float32Array, columns: number): Float32Array {
  const result = new Float32Array(a.length / columns);
  for (let i = 0; i < result.length; i++) {
    let most = -Infinity;
    for (let j = 0; j < columns; j++) most = Math.max(most, at(a, i * columns + j));
    result[i] = most;
  }
  return result;
}

/** Each row minus its own number. */
export function subtractFromRows(a: Float32Array, numbers: Float32Array, columns: number): Float32Array {
  const result = new Float32Array(a.length);
  for (let i = 0; i < numbers.length; i++) {
    for (let j = 0; j < columns; j++) result[i * columns + j] = at(a, i * columns + j) - at(numbers, i);
  }
  return result;
}

/** Each row times its own number. */
export function multiplyRows(a: Float32Array, numbers: Float32Array, columns: number): Float32Array {
  const result = new Float32Array(a.length);
  for (let i = 0; i < numbers.length; i++) {
    for (let j = 0; j < columns; j++) result[i * columns + j] = at(a, i * columns + j) * at(numbers, i);
  }
  return result;
}

export function transpose(a: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(a.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = at(a, i * columns + j);
  return result;
}

/** A Bᵀ for matrices whose rows have `inner` numbers. */
export function multiplyByTransposed(a: Float32Array, b: Float32Array, inner: number): Float32Array {
  const [rows, columns] = [a.length / inner, b.length / inner];
  const result = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let total = 0;
      for (let k = 0; k < inner; k++) total += at(a, i * inner + k) * at(b, j * inner + k);
      result[i * columns + j] = total;
    }
  }
  return result;
}

/** Softmax of each row, and the mean of -log softmax at one place of each row. */
export function softmaxRows(
  x: Float32Array,
  columns: number,
  place: (row: number) => number,
): { readonly softmax: Float32Array; readonly loss: number } {
  const shifted = subtractFromRows(x, rowMaxima(x, columns), columns);
  const powers = exp(shifted);
  const sums = rowSums(powers, columns);
  const rows = sums.length;
  let loss = 0;
  for (let i = 0; i < rows; i++) loss += Math.log(at(sums, i)) - at(shifted, i * columns + place(i));
  return {
    softmax: multiplyRows(
      powers,
      sums.map((s) => 1 / s),
      columns,
    ),
    loss: loss / rows,
  };
}

/** An element that is there: the loops stay within their arrays. */
export function at(a: Float32Array, i: number): number {
  return a[i] as number;
}
