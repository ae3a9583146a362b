const { NaN: nan } = Number;

/** Deterministic numbers in [-scale, scale). */
export function noise(length: number, scale = 1, seed = 1): number[] {
  let state = seed * 2654435761;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround(scale * (state / 2 ** 31 - 1));
  });
}

/** Numbers where ops have their limits. */
export const kinks: readonly number[] = [
  nan, Infinity, -Infinity, 0, -0, 1, -1, 0.5, -0.5, 88, -88, 104, -104, 1e-8, -1e-8, 2e-38, -2e-38, 3e38, -3e38,
]; // prettier-ignore

/** Numbers that devices may take for 0. */
export const subnormals: readonly number[] = [1e-40, -1e-40, 1e-45, 0, 1, -1e-8, -0.5];
