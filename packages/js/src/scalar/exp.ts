// e^x = 2^(k/64) · e^r with k = round(64·x / ln 2) and |r| ≤ ln 2 / 128: a table, a short polynomial and a power of two.
// About one unit in the last place, and half the time of Math.exp.

const STEPS = 64;
const STEPS_PER_UNIT = STEPS / Math.LN2;
// ln 2 / 64 in two parts: the first has its 21 low bits zero, so that k times it is exact.
const LN2_HIGH = 0.6931471803691238 / STEPS;
const LN2_LOW = 1.9082149292705877e-10 / STEPS;
const BIAS = 65536;
/** Beyond this the result over- or underflows, or nearly so: Math.exp takes over. */
const LIMIT = 700;
const LOWEST_EXPONENT = -1022;

const fractions = Float64Array.from({ length: STEPS }, (_, j) => 2 ** (j / STEPS));
const powers = Float64Array.from({ length: 1024 - LOWEST_EXPONENT }, (_, i) => 2 ** (i + LOWEST_EXPONENT));

/** Element-wise e^x over the arena: see `ElementwiseKernel`. */
export function exp(S: Float64Array, o: number, a: number, _b: number, _c: number, n: number): void {
  for (let i = 0; i < n; i++) {
    const x = S[a + i] as number;
    if (!(Math.abs(x) < LIMIT)) {
      S[o + i] = Math.exp(x);
      continue;
    }
    const k = ((x * STEPS_PER_UNIT + (BIAS * STEPS + 0.5)) | 0) - BIAS * STEPS;
    const r = x - k * LN2_HIGH - k * LN2_LOW;
    const tail = r + r * r * (0.5 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120))));
    const fraction = fractions[k & (STEPS - 1)] as number;
    S[o + i] = (fraction + fraction * tail) * (powers[(k >> 6) - LOWEST_EXPONENT] as number);
  }
}
