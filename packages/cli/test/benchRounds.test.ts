import { describe, expect, it } from "vitest";
import { play } from "../src/bench/driver.js";
import type { Entrant, Job } from "../src/bench/openContestant.js";
import { timeInTurn, type Timed } from "../src/bench/rounds.js";
import type { RunningContestant } from "../src/bench/startContestant.js";
import { compareTimes, median, quantile, roundsFor } from "../src/bench/statistics.js";
import { disagreements, summarise, type Summary } from "../src/bench/summary.js";
import { namedWorkloads } from "../src/bench/workloads.js";

describe("statistics", () => {
  it("interpolate between the middle values", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect([0, 0.25, 0.75, 1].map((share) => quantile([5, 1, 4, 2, 3], share))).toEqual([1, 2, 4, 5]);
  });

  it("take the median of each round's ratio, not the ratio of the medians", () => {
    // The third round is disturbed for both.
    const { ratio, quartiles, ms, peerMs } = compareTimes([1, 2, 30, 1, 4], [2, 2, 60, 1, 2]);
    expect([ratio, ms, peerMs]).toEqual([1, 2, 2]);
    expect(quartiles).toEqual([0.5, 1]);
  });

  it("allow fewer rounds for slow calls, never more than asked for", () => {
    expect([250, 251, 1000, 1001].map((ms) => roundsFor(ms, 9))).toEqual([9, 5, 5, 3]);
    expect(roundsFor(251, 4)).toBe(4);
    expect(roundsFor(5000, 2)).toBe(2);
  });
});

describe("rounds", () => {
  /** Contestants that write down when they are called, and take the times given. */
  function fakes(...times: readonly number[]): { readonly log: string[]; readonly contestants: readonly Timed[] } {
    const log: string[] = [];
    const contestants = times.map((time, i) => ({
      time: async (atLeastMs: number) => {
        log.push(`${"ABC"[i]}${atLeastMs}`);
        return time;
      },
    }));
    return { log, contestants };
  }

  it("warm every contestant up, then let them take turns", async () => {
    const { log, contestants } = fakes(1, 2);
    expect(await timeInTurn(contestants, { rounds: 3 })).toEqual([
      [1, 1, 1],
      [2, 2, 2],
    ]);
    expect(log).toEqual(["A350", "B350", "A25", "B25", "A25", "B25", "A25", "B25"]);
  });

  it("are as few as the slowest needs", async () => {
    const { log, contestants } = fakes(1, 1200, 1);
    const [first] = await timeInTurn(contestants, { rounds: 9 });
    expect(first).toHaveLength(3);
    expect(log).toHaveLength(3 + 9);
  });
});

describe("summaries", () => {
  const answer = { value: 2, grads: { x: Float32Array.of(1, 2, 3, 4) } };

  it("agree within a thousandth", () => {
    const close = { value: 2.001, grads: { x: Float32Array.of(1, 2, 3.0005, 4) } };
    expect(disagreements(summarise(close), summarise(answer))).toEqual([]);
  });

  it("disagree about a value, a gradient that is missing, turned around or permuted, and NaN", () => {
    const wrong = (change: Partial<typeof answer>): readonly string[] =>
      disagreements(summarise({ ...answer, ...change }), summarise(answer));
    expect(wrong({ value: 2.01 })).toEqual([expect.stringContaining("value 2.01 against 2")]);
    expect(wrong({ value: Number.NaN })).toHaveLength(1);
    expect(wrong({ grads: { x: Float32Array.of(-1, -2, -3, -4) } })).toEqual([expect.stringContaining("checksum")]);
    expect(wrong({ grads: { x: Float32Array.of(4, 2, 1, 3) } })).toEqual([expect.stringContaining("checksum")]);
    expect(disagreements(summarise({ value: 2, grads: {} }), summarise(answer))).toEqual([
      "only one has the gradient of x",
    ]);
  });
});

describe("a match", () => {
  const summary: Summary = { value: 1, grads: {} };
  const times: { readonly [E in Entrant]: number } = { losses: 2, toTfjs: 6, tfjs: 4, loops: 8, onnxruntime: 1, jax: 1, torch: 1, "torch.compile": 1 }; // prettier-ignore

  function starter(summaries: Partial<Record<Entrant, Summary>> = {}): {
    readonly killed: Entrant[];
    readonly start: (job: Job) => Promise<RunningContestant>;
  } {
    const killed: Entrant[] = [];
    const start = async ({ entrant }: Job): Promise<RunningContestant> => ({
      summary: summaries[entrant] ?? summary,
      time: async () => times[entrant],
      close: async () => times[entrant] * 2 ** 20,
      kill: () => killed.push(entrant),
    });
    return { killed, start };
  }

  const [contest] = namedWorkloads("W1a");
  if (contest === undefined) throw new Error("there is no W1a");
  const match = { backend: "tfjs:wasm", contest, part: "gradient", rounds: 2 } as const;

  it("gives a row for each contestant against the peer, with the goal", async () => {
    const { killed, start } = starter();
    expect(await play({ ...match, start })).toMatchObject([
      { contestant: "losses", ratio: 0.5, must: 0.42, ok: false, rounds: 2, peakMB: 2, peerPeakMB: 4 },
      { contestant: "toTfjs", ratio: 1.5, must: 0.42, ok: false },
    ]);
    expect(killed).toEqual(["losses", "toTfjs", "tfjs"]);
  });

  it("gives a row for each peer, with the goal where that is the one on the same engine", async () => {
    const { killed, start } = starter();
    const rows = await play({ ...match, part: "forward", peers: ["loops", "tfjs", "torch"], start });
    expect(rows.map(({ contestant, peer, ratio }) => [contestant, peer, ratio])).toEqual([
      ["losses", "loops", 0.25],
      ["losses", "tfjs", 0.5],
      ["losses", "torch", 2],
    ]);
    expect(killed).toEqual(["losses", "loops", "tfjs", "torch"]);
    const all = await play({ ...match, peers: ["loops", "tfjs"], start });
    expect(all.map(({ must }) => must)).toEqual([undefined, 0.42, undefined, 0.42]);
  });

  it("gives a peer that is a backend the same problem, and a row without a goal", async () => {
    const jobs: Job[] = [];
    const { start } = starter();
    const watched = (job: Job): Promise<RunningContestant> => {
      jobs.push(job);
      return start(job);
    };
    const rows = await play({ ...match, part: "forward", peers: ["js:wasm", "loops"], start: watched });
    expect(jobs).toEqual([
      { backend: "tfjs:wasm", problem: contest.problem, part: "forward", entrant: "losses" },
      { backend: "js:wasm", problem: contest.problem, part: "forward", entrant: "losses" },
      { backend: "tfjs:wasm", problem: contest.problem, part: "forward", entrant: "loops" },
    ]);
    expect(rows.map(({ peer, ratio }) => [peer, ratio])).toEqual([
      ["js:wasm", 1],
      ["loops", 0.25],
    ]);
  });

  it("gives threads to the contestant alone", async () => {
    const jobs: Job[] = [];
    const { start } = starter();
    const watched = (job: Job): Promise<RunningContestant> => {
      jobs.push(job);
      return start(job);
    };
    const own = { ...match, backend: "js:wasm", threads: 2, peers: ["js:wasm", "loops"] };
    const rows = await play({ ...own, start: watched });
    expect(jobs.map(({ threads }) => threads)).toEqual([2, undefined, undefined]);
    expect(rows.map(({ threads }) => threads)).toEqual([2, 2]);
  });

  it("is refused when a peer computes something else than the first", async () => {
    const { start } = starter({ torch: { value: 3, grads: {} } });
    const wrong = play({ ...match, peers: ["tfjs", "torch"], start });
    await expect(wrong).rejects.toThrow("torch and tfjs must agree, got value 3 against 1");
  });

  it("is refused when a contestant computes something else, and leaves no process behind", async () => {
    const { killed, start } = starter({ toTfjs: { value: 3, grads: {} } });
    await expect(play({ ...match, start })).rejects.toThrow("toTfjs and tfjs must agree, got value 3 against 1");
    expect(killed).toHaveLength(3);
  });

  it("says who failed to start", async () => {
    const { killed, start } = starter();
    const failing = async (job: Job): Promise<RunningContestant> => {
      if (job.entrant === "tfjs") throw new Error("no such engine");
      return start(job);
    };
    await expect(play({ ...match, start: failing })).rejects.toThrow("tfjs: no such engine");
    expect(killed).toEqual(["losses", "toTfjs"]);
  });
});
