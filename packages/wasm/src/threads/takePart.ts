import type { Run, SharePlan } from "../machine/shares.js";

// What threads know of a program that they run together is in words that all of them see, five for the run and five for each step:
// the step that is open, the table of the first share, bytes to that of the next, shares, steps;
// whether it is shared, its first step and the end of its steps in the module, shares that were taken, and that are done.
// A step is open when those before it are done.

/** Words for one run of a plan. */
export function wordsFor(plan: SharePlan, table: number, tableBytes: number, shares: number): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(4 * 5 * (1 + plan.length)));
  words.set([0, table, tableBytes, shares, plan.length]);
  plan.forEach(({ isShared, from, to }, step) => words.set([isShared ? 1 : 0, from, to], 5 * (1 + step)));
  return words;
}

/** How a thread's part in a run ends. */
export type Ending = "done" | "given up" | "timed out";

/** Opens the step after this one, which is done. */
export function advance(words: Int32Array, step: number): void {
  if (Atomics.compareExchange(words, 0, step, step + 1) === step) Atomics.notify(words, 0);
}

/** The part of `Atomics` that not every browser has. */
interface AsyncAtomics {
  readonly waitAsync?: (
    words: Int32Array,
    index: number,
    value: number,
    timeout: number,
  ) => { readonly value: string | Promise<string> };
}

export function canWaitLater(): boolean {
  return (Atomics as AsyncAtomics).waitAsync !== undefined;
}

/** Waits until a step is open, without a claim to the thread. */
export async function opened(words: Int32Array, step: number, patience: number): Promise<Ending> {
  for (let open = Atomics.load(words, 0); open < step; open = Atomics.load(words, 0)) {
    if (open < 0) return "given up";
    const waiting = (Atomics as AsyncAtomics).waitAsync?.(words, 0, open, patience);
    if ((await waiting?.value) === "timed-out") return "timed out";
  }
  return "done";
}

/** Ends a run for all threads. True if others may be at work on it still. */
export function giveUp(words: Int32Array): boolean {
  const open = Atomics.exchange(words, 0, -1);
  Atomics.notify(words, 0);
  return open >= 0 && words[5 * (1 + open)] === 1;
}

/**
 * Does shares until all are done, another thread gives up, or others were waited for longer than `patience`, in milliseconds: they can be
 * waited for again.
 *
 * Its text is the code of workers as well: it uses nothing but its parameters and what JavaScript has, and there is no function
 * inside, to which a bundler might add a helper.
 */
export function takePart(words: Int32Array, run: Run, isCaller: boolean, patience: number): Ending {
  const steps = Atomics.load(words, 4);
  const table = Atomics.load(words, 1);
  const tableBytes = Atomics.load(words, 2);
  const shares = Atomics.load(words, 3);
  for (let step = 0; step <= steps; step++) {
    // Workers are not needed for the end.
    if (step === steps && !isCaller) return "done";
    for (let open = Atomics.load(words, 0); open < step; open = Atomics.load(words, 0)) {
      if (open < 0) return "given up";
      if (Atomics.wait(words, 0, open, patience) === "timed-out") return "timed out";
    }
    const at = 5 * (1 + step);
    const isDone = step === steps || Atomics.load(words, 0) > step;
    if (isDone || (!isCaller && Atomics.load(words, at) === 0)) continue;
    const from = Atomics.load(words, at + 1);
    const to = Atomics.load(words, at + 2);
    let isLast = false;
    if (Atomics.load(words, at) === 0) {
      run(table, from, to, 0, 1);
      isLast = true;
    } else {
      for (let share = Atomics.add(words, at + 3, 1); share < shares; share = Atomics.add(words, at + 3, 1)) {
        run(table + share * tableBytes, from, from + 1, share, shares);
        isLast = Atomics.add(words, at + 4, 1) === shares - 1;
      }
      if (isLast) {
        run(table, from + 1, from + 2, 0, shares);
        run(table, from + 2, to, 0, 1);
      }
    }
    if (isLast && Atomics.compareExchange(words, 0, step, step + 1) === step) Atomics.notify(words, 0);
  }
  return "done";
}
