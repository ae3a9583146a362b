import { roundsFor } from "./statistics.js";

/** Something that can be timed: calls are repeated until `atLeastMs` are over; gives milliseconds a call. */
export interface Timed {
  readonly time: (atLeastMs: number) => Promise<number>;
}

export interface RoundOptions {
  /** Rounds for calls that are not slow. */
  readonly rounds: number;
  readonly warmUpMs?: number;
  readonly roundMs?: number;
}

/** Warms every contestant up, then times them in turn, A B A B …; gives the times of each, round by round. */
export async function timeInTurn(
  contestants: readonly Timed[],
  { rounds, warmUpMs = 350, roundMs = 25 }: RoundOptions,
): Promise<readonly (readonly number[])[]> {
  let slowest = 0;
  for (const contestant of contestants) slowest = Math.max(slowest, await contestant.time(warmUpMs));
  const times: number[][] = contestants.map(() => []);
  for (let round = roundsFor(slowest, rounds); round > 0; round--) {
    for (const [i, contestant] of contestants.entries()) times[i]?.push(await contestant.time(roundMs));
  }
  return times;
}
