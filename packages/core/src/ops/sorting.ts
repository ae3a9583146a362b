/**
 * The positions of keys in ascending order, equal ones in the order in which they stand: runs of one key are merged to runs of
 * two, four, …. What comes back is one of `work`, which have a place for each key.
 */
export function sortedPositions(keys: Float64Array, work: readonly [Int32Array, Int32Array]): Int32Array {
  const size = keys.length;
  let [from, to] = work;
  for (let i = 0; i < size; i++) from[i] = i;
  for (let width = 1; width < size; width *= 2) {
    for (let low = 0; low < size; low += 2 * width) {
      const middle = Math.min(low + width, size);
      const high = Math.min(low + 2 * width, size);
      let [a, b] = [low, middle];
      for (let k = low; k < high; k++) {
        const isFirst =
          b >= high || (a < middle && (keys[from[a] as number] as number) <= (keys[from[b] as number] as number));
        to[k] = from[isFirst ? a++ : b++] as number;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}
