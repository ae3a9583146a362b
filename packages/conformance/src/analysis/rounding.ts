import type { Span } from "./bounded.js";
import { isRepresentable, type Precision } from "./precision.js";

/** What float64 may lose where an end of a range is computed, relative to it. */
export const slack: number = 2 ** -52;

/**
 * What a machine may have for a result that lies between two numbers, given the op's budget in units in the last place:
 * 1 ulp ≤ 2·unit·|y|.
 *
 * @param isDecided the operands are exact: a correctly rounded op gives a representable result exactly
 */
export function rounded({ low, high, nan }: Span, ulp: number, isDecided: boolean, precision: Precision): Span {
  if (low > high) return { low, high, nan };
  if (isDecided && ulp <= 0.5 && isRepresentable(low, precision)) return { low, high, nan };
  const share = 2 * ulp * precision.unit + (isDecided ? 0 : slack);
  // Between numbers below the smallest normal one lie steps of one size.
  const step = 2 * Math.max(ulp, 0.5) * precision.unit * precision.tiny;
  const away = (end: number): number => {
    const size = Math.abs(end);
    if (end === 0 || size === Infinity) return 0;
    return size * share + (size < precision.tiny ? step : 0);
  };
  return inRange({ low: low - away(low), high: high + away(high), nan }, precision);
}

/** What the ends of the number range can do: results below `tiny` may become 0, those above `huge` infinite. */
export function inRange({ low, high, nan }: Span, { tiny, huge }: Precision): Span {
  if (low > high) return { low, high, nan };
  let [l, h] = [low, high];
  if (l > 0 && l < tiny) l = 0;
  if (h < 0 && h > -tiny) h = 0;
  if (h > huge) [l, h] = [l === Infinity ? l : Math.min(l, huge), Infinity];
  if (l < -huge) [l, h] = [-Infinity, h === -Infinity ? h : Math.max(h, -huge)];
  return { low: l, high: h, nan };
}
