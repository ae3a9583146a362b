import type { Bytes } from "../assembler/bytes.js";
import { f32x4, v128 } from "../assembler/instructions.js";
import { float, polynomial, withSignOf, type Writer } from "./writer.js";

// (atan(t)/t - 1)/t² in t² for t in [0, 1], to 2·10⁻⁸ of atan t
const arctangentSeries = [
  -0.33333152761, 0.19993773591, -0.14211062243, 0.10666034432, -0.07552282648, 0.043212721919, -0.016368489048,
  0.0029208399607,
];

/** atan |x|, or π/2 - atan 1/|x| above 1. */
export function arctangent(writer: Writer, x: Bytes): Bytes {
  const { keep, multiplyAdd } = writer;
  const one = float(writer, 1);
  const size = keep(f32x4.abs(x));
  const t = keep(f32x4.div(f32x4.pmin(size, one), f32x4.pmax(size, one)));
  const z = keep(f32x4.mul(t, t));
  const angle = keep(multiplyAdd(f32x4.mul(t, z), polynomial(writer, arctangentSeries, z), t));
  const other = f32x4.sub(float(writer, Math.PI / 2), angle);
  return withSignOf(writer, x, v128.select(other, angle, f32x4.lt(one, size)));
}
