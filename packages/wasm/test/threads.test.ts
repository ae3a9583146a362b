import { afterEach, describe, expect, it, vi } from "vitest";
import type { SharePlan } from "../src/machine/shares.js";
import { planShares } from "../src/machine/shares.js";
import { giveUp, takePart, wordsFor } from "../src/threads/takePart.js";
import { createTeam } from "../src/index.js";

afterEach(() => {
  vi.restoreAllMocks();
});

type Call = readonly [table: number, from: number, to: number, share: number, shares: number];

const plan: SharePlan = [
  { isShared: false, from: 0, to: 4 },
  { isShared: true, from: 4, to: 8 },
  { isShared: true, from: 8, to: 10 },
];

describe("a run that threads have in common", () => {
  const alone: readonly Call[] = [
    [64, 0, 4, 0, 1],
    [64, 4, 5, 0, 2],
    [96, 4, 5, 1, 2],
    [64, 5, 6, 0, 2],
    [64, 6, 8, 0, 1],
    [64, 8, 9, 0, 2],
    [96, 8, 9, 1, 2],
    [64, 9, 10, 0, 2],
    [64, 10, 10, 0, 1],
  ];

  it("is done by the caller where nobody else is there, each step once", () => {
    const words = wordsFor(plan, 64, 32, 2);
    const calls: Call[] = [];
    expect(takePart(words, (...call) => calls.push(call), true, 0)).toBe("done");
    expect(calls).toEqual(alone);
    // Nothing is left for who comes late.
    expect(takePart(words, (...call) => calls.push(call), false, 0)).toBe("done");
    expect(takePart(words, (...call) => calls.push(call), true, 0)).toBe("done");
    expect(calls).toEqual(alone);
  });

  it("waits for a step that only the caller can do, and for shares that others have taken", () => {
    const words = wordsFor(plan, 64, 32, 2);
    const calls: Call[] = [];
    expect(takePart(words, (...call) => calls.push(call), false, 0)).toBe("timed out");
    expect(calls).toEqual([]);
    // Another has taken a share.
    Atomics.add(words, 5 * 2 + 3, 1);
    expect(takePart(words, (...call) => calls.push(call), true, 0)).toBe("timed out");
    expect(calls).toEqual([alone[0], alone[2]]);
    // Both are to be done again.
    words.set([0, 0], 5 * 2 + 3);
    expect(takePart(words, (...call) => calls.push(call), false, 0)).toBe("done");
    expect(calls.slice(2)).toEqual(alone.slice(1));
  });

  it("ends for all when one gives up", () => {
    const words = wordsFor(plan, 64, 32, 2);
    expect(giveUp(words)).toBe(false);
    expect(takePart(words, () => undefined, true, 0)).toBe("given up");
    expect(giveUp(wordsFor(plan.slice(1), 64, 32, 2))).toBe(true);
  });
});

describe("what is shared out", () => {
  const limits = { leastStage: 10, leastProgram: 30 };
  const nest = (dim: number | string, isHere = false) => ({ shared: dim, isHere, dims: [dim, 2], cost: 1 }) as const;
  const host = { shared: undefined, isHere: true, dims: [], cost: 0 } as const;

  it("is large, along an axis that can be cut, and enough to be worth it", () => {
    expect(planShares([nest("N")], { N: 15 }, limits)).toEqual([{ isShared: true, from: 0, to: 2 }]);
    expect(planShares([nest("N")], { N: 14 }, limits)).toBeUndefined();
    expect(planShares([{ ...nest(1), cost: 99 }], {}, limits)).toBeUndefined();
    expect(planShares([nest("N", true)], { N: 15 }, limits)).toBeUndefined();
    expect(planShares([host], {}, { leastStage: 0, leastProgram: 0 })).toBeUndefined();
  });

  it("is followed by what is small; what calls JavaScript is a step of its own", () => {
    expect(planShares([nest(4), nest(20), nest(4), host, nest(4), nest(20)], {}, limits)).toEqual([
      { isShared: false, from: 0, to: 2 },
      { isShared: true, from: 2, to: 6 },
      { isShared: false, from: 6, to: 10 },
      { isShared: true, from: 10, to: 12 },
    ]);
  });
});

describe("a thread", () => {
  /** No thread at all, but it says that it is ready, and takes shares that it never gives back. */
  class Grave {
    readonly #listeners: ((value: unknown) => void)[] = [];
    on(event: string, listener: (value: unknown) => void): void {
      if (event === "message") this.#listeners.push(listener);
    }
    postMessage(message: { readonly memory?: object; readonly words?: Int32Array }): void {
      if (message.memory !== undefined) for (const listener of this.#listeners) listener({ isReady: true });
      if (message.words !== undefined) Atomics.add(message.words, 5 + 3, 1);
    }
    unref(): void {}
    async terminate(): Promise<void> {}
  }

  it("that dies at work is an error, and not a hang", async () => {
    vi.spyOn(process, "getBuiltinModule").mockReturnValue({ Worker: Grave } as never);
    const team = await createTeam("mine", 2, 20);
    const job = { plan: plan.slice(1), table: 64, tableBytes: 32, run: () => undefined };
    const wanted =
      "mine: each thread must answer, got one that does not: it was waited for in vain. Make a new backend.";
    expect(() => team.prepare({}).run(job)).toThrow(wanted);
    expect(() => team.prepare({}).run(job)).toThrow(wanted);
  });

  /** Workers with another program in the place of theirs, and the words of the last run that they were told of. */
  function workersWith(program: string | undefined, workerData?: object): { readonly told: { words: Int32Array } } {
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    const told: { words: Int32Array } = { words: new Int32Array(1) };
    vi.spyOn(process, "getBuiltinModule").mockReturnValue({
      Worker: class extends Worker {
        constructor(source: string, options: object) {
          super(program ?? source, { ...options, workerData });
        }
        override postMessage(message: { readonly words?: Int32Array }): void {
          told.words = message.words ?? told.words;
          super.postMessage(message);
        }
      },
    } as never);
    return { told };
  }

  const takesShareAndEnds = `
    const { parentPort: port, workerData: taken } = require("node:worker_threads");
    port.on("message", ({ memory, words }) => {
      if (memory) port.postMessage({ isReady: true });
      if (words === undefined) return;
      Atomics.add(words, 5 + 3, 1);
      Atomics.store(taken, 0, 1);
      Atomics.notify(taken, 0);
      process.exit();
    });
  `;

  const ended = "mine: each thread must answer, got one that does not: it has ended. Make a new backend.";

  it("that ends with a share of its own is seen by one that waits for it", async () => {
    const taken = new Int32Array(new SharedArrayBuffer(4));
    workersWith(takesShareAndEnds, taken);
    const team = await createTeam("mine", 2);
    const run = (): unknown => Atomics.wait(taken, 0, 0);
    const job = { plan: plan.slice(1), table: 64, tableBytes: 32, run };
    expect(() => team.prepare({}).run(job)).toThrow(ended);
    expect(() => team.prepare({}).run(job)).toThrow(ended);
  });

  it("that ends is heard by one that does something else", async () => {
    workersWith(takesShareAndEnds, new Int32Array(new SharedArrayBuffer(4)));
    const wait = vi.spyOn(Atomics, "wait").mockImplementation(() => {
      throw new TypeError("Atomics.wait cannot be called in this context");
    });
    const team = await createTeam("mine", 2);
    wait.mockRestore();
    const module = team.prepare({});
    const job = { plan: plan.slice(1), table: 64, tableBytes: 32, run: () => undefined };
    const both = await Promise.allSettled([module.runLater?.(job), module.runLater?.(job)]);
    expect(both.map((one) => (one as PromiseRejectedResult).reason.message)).toEqual([ended, ended]);
  });

  it("that fails at work ends the run", async () => {
    const { told } = workersWith(undefined);
    const team = await createTeam("mine", 2);
    // Not until the other has failed, for this is no module.
    const run = (): void => {
      for (let open = 0; open >= 0; open = Atomics.load(told.words, 0)) Atomics.wait(told.words, 0, open);
    };
    const job = { plan: plan.slice(1), table: 64, tableBytes: 32, run };
    expect(() => team.prepare({}).run(job)).toThrow(
      "mine: each thread must answer, got one that does not: it has failed.",
    );
  });

  it("that ends before it is ready is an error of the team", async () => {
    workersWith("process.exit();");
    await expect(createTeam("mine", 2)).rejects.toThrow("it has ended.");
  });

  it("that cannot be started is an error of the team, and leaves no other", async () => {
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    const ends: number[] = [];
    vi.spyOn(process, "getBuiltinModule").mockReturnValue({
      Worker: class extends Worker {
        constructor(source: string, options: object) {
          super(ends.length === 1 ? "throw new Error('not today')" : source, options);
          const index = ends.push(0) - 1;
          this.on("exit", () => (ends[index] = 1));
        }
      },
    } as never);
    await expect(createTeam("mine", 3)).rejects.toThrow("not today");
    await vi.waitFor(() => expect(ends).toEqual([1, 1]));
  });

  it("there are at least two", async () => {
    await expect(createTeam("mine", 1)).rejects.toThrow(
      "createTeam: threads must be a whole number from 2 to 64, got 1.",
    );
  });
});
