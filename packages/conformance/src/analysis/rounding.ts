import { isRepresentable, type Precision } from "./precision.js";

/**
 * The error of a computed `y`, given the error that came with its operands and the op's own budget in units in the
 * last place: 1 ulp ≤ 2·unit·|y|.
 */
export function rounded(y: number, inherited: number, ulp: number, precision: Precision): number {
  if (!Number.isFinite(y) || inherited === Infinity || Number.isNaN(inherited)) return unlessCertain(inherited);
  // A correctly rounded op on exact operands gives a representable result exactly.
  if (inherited === 0 && ulp <= 0.5 && isRepresentable(y, precision)) return 0;
  return limit(y, inherited + 2 * ulp * precision.unit * (Math.abs(y) + inherited), precision);
}

/** Adds what the ends of the number range can cost: results below `tiny` may become 0, above `huge` infinite. */
export function limit(y: number, error: number, { tiny, huge }: Precision): number {
  const size = Math.abs(y);
  if (size + error > huge) return Infinity;
  return size - error < tiny && (y !== 0 || error !== 0) ? error + tiny : error;
}

/** Operands whose doubt cannot change an infinity or NaN leave it certain. */
function unlessCertain(inherited: number): number {
  return inherited === 0 ? 0 : Infinity;
}

/** The ends of `x ± error`, moved outward by what computing them in float64 can lose. */
export function ends(x: number, error: number, atLeast: number = -Infinity): readonly [number, number] {
  if (error === 0 || Number.isNaN(x)) return [x, x];
  const wide = error + Math.abs(x) * 2 ** -52;
  return [Math.max(atLeast, x - wide), x + wide];
}

/** The largest distance from `y` to the results at the corners of the operands' ranges; infinite where one is NaN. */
export function spread(y: number, corners: readonly number[]): number {
  let widest = 0;
  for (const corner of corners) {
    if (Object.is(corner, y) || corner === y) continue;
    const distance = Math.abs(corner - y);
    if (!(distance < Infinity)) return Infinity;
    if (distance > widest) widest = distance;
  }
  return widest === 0 ? 0 : widest + Math.abs(y) * 2 ** -52;
}
