/** Points that make a scene worth looking at: each input has its own side, and no two points coincide. */
export function pointsFor(input: number, count: number): readonly number[] {
  const spread = (2 * Math.PI) / Math.max(count, 3);
  const offset = [0, 0.38, 1.5, -1.15, 0.8][input % 5] ?? 0;
  const radius = [1, 0.86, 0.94, 0.78, 1.05][input % 5] ?? 1;
  return Array.from({ length: count }, (_, i) => {
    const wobble = ((i * 7 + input * 3) % 5) / 10 - 0.2;
    const angle = 0.6 + i * spread + offset + wobble;
    return [radius * Math.cos(angle), radius * Math.sin(angle)].map(round);
  }).flat();
}

/** Labels of which some repeat where they only say what belongs together. */
export function labelsFor(count: number, classes: number, grouped: boolean): readonly number[] {
  return Array.from({ length: count }, (_, i) => (grouped ? Math.min(i, classes - 1) : (i + 1) % classes));
}

/** Distributions along the last axis, or their logarithms. */
export function sharesFor(input: number, shape: readonly number[], log: boolean): readonly number[] {
  const classes = shape.at(-1) ?? 1;
  const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  return Array.from({ length: rows }, (_, row) => {
    const raw = Array.from({ length: classes }, (__, c) => 1 + ((c * 3 + row * 2 + input * 2 + 1) % 5));
    const total = raw.reduce((sum, x) => sum + x, 0);
    return raw.map((x) => (log ? Math.log(x / total) : x / total));
  }).flat();
}

/** Numbers that lie on both sides of 0. Factors, temperatures and boxes get what is usual for them. */
export function numbersFor(name: string, input: number, count: number): readonly number[] {
  if (/scale$/i.test(name)) return Array.from({ length: count }, () => 5);
  if (/(lengths?)$/i.test(name)) return Array.from({ length: count }, () => 3);
  if (/(variance|weight)$/i.test(name)) return Array.from({ length: count }, () => 1);
  if (/^boxes/i.test(name)) return Array.from({ length: count }, (_, i) => boxesFor(input, i));
  return Array.from({ length: count }, (_, i) => round(1.1 * Math.sin(1.7 * i + 1.3 * input + 0.5)));
}

/** One of the numbers x1, y1, x2, y2 of boxes of which those of one input overlap those of the next. */
function boxesFor(input: number, i: number): number {
  return round(([-1, -0.8, 0.6, 1][i % 4] ?? 0) + 0.4 * input);
}

/** The same numbers, inside a range that they have to lie in. */
export function withinRange(
  numbers: readonly number[],
  range: readonly [number, number] | undefined,
): readonly number[] {
  if (range === undefined) return numbers;
  const [from, to] = range;
  if (Number.isFinite(from) && Number.isFinite(to)) {
    return numbers.map((x) => round(from + (to - from) * (0.5 + x / 2.5)));
  }
  return numbers.map((x) => round(Number.isFinite(from) ? from + 0.2 + Math.abs(x) : to - 0.2 - Math.abs(x)));
}

const round = (x: number): number => Math.round(x * 100) / 100;
