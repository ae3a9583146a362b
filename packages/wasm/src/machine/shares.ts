import { bindDim, bindShape, sizeOf, type DimSizes } from "@losses/core";
import type { Work } from "../lowering/work.js";

/** A program's function: a share of the steps from one to another. */
export type Run = (table: number, from: number, to: number, share: number, shares: number) => void;

/** One run of a program by several threads. */
export interface Job {
  readonly plan: SharePlan;
  /** The table of the first share, and the bytes to that of the next. */
  readonly table: number;
  readonly tableBytes: number;
  /** The program in this thread. */
  readonly run: Run;
}

/** A module that several threads have. */
export interface SharedModule {
  readonly run: (job: Job) => void;
  /** Where this thread may not wait for others: the same while it does something else. Here `run` does all alone. */
  readonly runLater: ((job: Job) => Promise<void>) | undefined;
}

/** Threads that work in one memory. */
export interface Team extends ShareLimits {
  /** In how many shares large stages are done: one for each thread. Results depend on it, and not on who does which. */
  readonly shares: number;
  /** Makes a module ready to be run by all. */
  readonly prepare: (module: object) => SharedModule;
}

/** What is enough to be shared out; costs are those of `Work`. */
export interface ShareLimits {
  /** The least cost of a stage. */
  readonly leastStage: number;
  /** The least cost of all such stages of a program together. */
  readonly leastProgram: number;
}

/** Some steps of a program, one after the other. */
export interface ShareStep {
  /** Whether the first is done in shares; those after it are done by whoever is ready last. Else the caller does all of them. */
  readonly isShared: boolean;
  readonly from: number;
  readonly to: number;
}

export type SharePlan = readonly ShareStep[];

/** What is shared out for these sizes; `undefined` where nothing is gained by it. */
export function planShares(
  works: readonly Work[],
  sizes: DimSizes,
  { leastStage, leastProgram }: ShareLimits,
): SharePlan | undefined {
  const plan: ShareStep[] = [];
  let total = 0;
  works.forEach(({ shared, isHere, dims, cost }, stage) => {
    const own = cost * sizeOf(bindShape(dims, sizes));
    const isShared = !isHere && shared !== undefined && bindDim(shared, sizes) > 1 && own >= leastStage;
    const [from, to] = [2 * stage, 2 * stage + 2];
    const before = plan.at(-1);
    if (isShared) {
      total += own;
      plan.push({ isShared, from, to });
    } else if (before !== undefined && !(isHere && before.isShared)) plan[plan.length - 1] = { ...before, to };
    else plan.push({ isShared, from, to });
  });
  return total > 0 && total >= leastProgram ? plan : undefined;
}
