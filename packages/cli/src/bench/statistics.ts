/** The value below which a share of all values lies; between two of them it is interpolated. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** How the times of one contestant relate to those of its peer. */
export interface Comparison {
  /** The median of the ratios of each round: below 1 is faster than the peer. */
  readonly ratio: number;
  /** The lower and upper quartile of the ratios. */
  readonly quartiles: readonly [number, number];
  /** Medians, in milliseconds a call. */
  readonly ms: number;
  readonly peerMs: number;
}

/** Compares times of the same rounds. What slows a whole round, such as another program, falls out of the ratio. */
export function compareTimes(own: readonly number[], peer: readonly number[]): Comparison {
  const ratios = own.map((time, round) => time / (peer[round] ?? Number.NaN));
  return {
    ratio: median(ratios),
    quartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
    ms: median(own),
    peerMs: median(peer),
  };
}

/** How many rounds the slowest contestant allows. */
export function roundsFor(slowestMs: number, wanted: number): number {
  if (slowestMs > 1000) return Math.min(wanted, 3);
  return slowestMs > 250 ? Math.min(wanted, 5) : wanted;
}
