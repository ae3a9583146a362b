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

/** Ends a run for all threads. True if others may be at work on it still. */
export function giveUp(words: Int32Array): boolean {
  const open = Atomics.exchange(words, 0, -1);
  Atomics.notify(words, 0);
  return open >= 0 && words[5 * (1 + open)] === 1;
}

/**
 * Does shares until all are done. 0: they are; 1: another thread gave up; 2: others were waited for longer than `patience`, in
 * milliseconds.
 *
 * Its text is the code of workers as well: it uses nothing but its parameters and what JavaScript has, and there is no function
 * inside, to which a bundler might add a helper.
 */
export function takePart(words: Int32Array, run: Run, isCaller: boolean, patience: number): 0 | 1 | 2 {
  const steps = Atomics.load(words, 4);
  const table = Atomics.load(words, 1);
  const tableBytes = Atomics.load(words, 2);
  const shares = Atomics.load(words, 3);
  for (let step = 0; step <= steps; step++) {
    // Workers are not needed for the end.
    if (step === steps && !isCaller) return 0;
    for (let open = Atomics.load(words, 0); open < step; open = Atomics.load(words, 0)) {
      if (open < 0) return 1;
      if (Atomics.wait(words, 0, open, patience) === "timed-out") return 2;
    }
    const at = 5 * (1 + step);
    if (step === steps || (!isCaller && Atomics.load(words, at) === 0)) continue;
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
  return 0;
}
