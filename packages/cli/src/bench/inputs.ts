/** Seeded random numbers, so that two processes make the same inputs without sending them to each other. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = state;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `size` numbers of the standard normal distribution (Box and Muller). */
export function normal(seed: number, size: number): Float32Array {
  const next = uniform(seed);
  const result = new Float32Array(size);
  for (let i = 0; i < size; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    const angle = 2 * Math.PI * next();
    result[i] = radius * Math.cos(angle);
    if (i + 1 < size) result[i + 1] = radius * Math.sin(angle);
  }
  return result;
}

/** `size` integers from 0 to `end - 1`. */
export function labels(seed: number, size: number, end: number): Int32Array {
  const next = uniform(seed);
  return Int32Array.from({ length: size }, () => Math.floor(next() * end));
}

/** `size` numbers from 0 to 1. */
export function probabilities(seed: number, size: number): Float32Array {
  return Float32Array.from({ length: size }, uniform(seed));
}

/** Normal rows scaled to length 1. */
export function unitRows(seed: number, rows: number, columns: number): Float32Array {
  const data = normal(seed, rows * columns);
  for (let start = 0; start < data.length; start += columns) {
    const row = data.subarray(start, start + columns);
    const norm = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
    for (let j = 0; j < columns; j++) row[j] = (row[j] ?? 0) / norm;
  }
  return data;
}

/** The logarithms of rows of probabilities: the log-softmax of normal numbers. */
export function logProbabilities(seed: number, rows: number, columns: number): Float32Array {
  const data = normal(seed, rows * columns);
  for (let start = 0; start < data.length; start += columns) {
    const row = data.subarray(start, start + columns);
    const logSum = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
    for (let j = 0; j < columns; j++) row[j] = (row[j] ?? 0) - logSum;
  }
  return data;
}
