import { sizeOf } from "@losses/core";
import { pruned, redirected, type Operand, type Program, type Step } from "./program.js";
import type { FuzzFeed, Run } from "./runs.js";

/** A program and what it is run on. */
export interface Trial {
  readonly program: Program;
  readonly runs: readonly Run[];
}

/** How long to look for something smaller. */
export interface ShrinkLimits {
  readonly tries: number;
  readonly seconds: number;
}

/** The smallest trial found that still fails; the first that does is taken each time. */
export async function shrink(
  trial: Trial,
  fails: (trial: Trial) => Promise<boolean>,
  { tries, seconds }: ShrinkLimits,
): Promise<Trial> {
  const end = Date.now() + 1000 * seconds;
  let best = trial;
  let left = tries;
  for (let again = true; again;) {
    again = false;
    for (const next of smaller(best)) {
      left -= 1;
      if (left < 0 || Date.now() > end) return best;
      if (!(await fails(next))) continue;
      best = next;
      again = true;
      break;
    }
  }
  return best;
}

/** Smaller trials, the boldest first. Some are no programs: nothing is smaller that does not fit. */
export function* smaller(trial: Trial): Generator<Trial> {
  yield* fewerRuns(trial);
  yield* fewerSteps(trial);
  yield* fewerInputs(trial);
  yield* smallerSizes(trial);
  yield* plainerNumbers(trial);
}

function* fewerRuns({ program, runs }: Trial): Generator<Trial> {
  if (runs.length > 1) for (const run of runs) yield { program, runs: [run] };
}

function* fewerSteps({ program, runs }: Trial): Generator<Trial> {
  const { inputs, steps, term, ...rest } = program;
  if (term !== undefined) {
    yield { program: pruned({ inputs, steps, ...rest }), runs };
    yield { program: pruned({ inputs, steps, ...rest, output: term }), runs };
  }
  if (program.reduction !== "none") yield { program: { ...program, reduction: "none" }, runs };
  for (let i = steps.length - 1; i >= 0; i--) {
    const at = inputs.length + i;
    if (program.output !== at) yield { program: pruned({ ...program, output: at }), runs };
    // Whatever reads the step reads an earlier value in its place.
    for (let other = at - 1; other >= 0; other--) {
      yield { program: pruned(redirected(program, (one) => (one === at ? other : one))), runs };
    }
    const step = steps[i];
    if (step !== undefined) {
      for (const plainer of plainerSteps(step)) {
        yield { program: pruned({ ...program, steps: steps.map((one, j) => (j === i ? plainer : one)) }), runs };
      }
    }
  }
}

/** The step with 1 or 0 for one of its operands. */
function* plainerSteps(step: Step): Generator<Step> {
  for (const [k, operand] of step.operands.entries()) {
    if (k === 0) continue;
    for (const number of [1, 0]) {
      if ("number" in operand && (operand.number === 1 || operand.number === number)) continue;
      const plain: Operand = { number };
      yield { ...step, operands: step.operands.map((one, j) => (j === k ? plain : one)) };
    }
  }
}

function* fewerInputs({ program, runs }: Trial): Generator<Trial> {
  for (const [i, input] of program.inputs.entries()) {
    if (input.optional === true) {
      const { optional: _, ...required } = input;
      if (runs.every(({ feeds }) => feeds[input.name] !== undefined)) {
        yield { program: { ...program, inputs: program.inputs.map((one, j) => (j === i ? required : one)) }, runs };
      }
    }
    for (const axis of input.shape.keys()) {
      const shape = input.shape.filter((_, j) => j !== axis);
      yield {
        program: { ...program, inputs: program.inputs.map((one, j) => (j === i ? { ...one, shape } : one)) },
        runs: changed(runs, input.name, (feed) => sliced(feed, axis, 0, 1, true)),
      };
    }
  }
}

function* smallerSizes({ program, runs }: Trial): Generator<Trial> {
  const letters = new Set(program.inputs.flatMap(({ shape }) => shape.filter((dim) => typeof dim === "string")));
  for (const letter of letters) {
    const size = Math.max(...runs.map((run) => sizeOfLetter(program, run, letter)));
    for (const less of new Set([0, 1, 2, size >> 1, size - 1])) {
      if (less < 0 || less >= size) continue;
      for (const from of new Set([0, size - less])) {
        yield { program, runs: runs.map((run) => resized(program, run, letter, from, less)) };
      }
    }
  }
}

function* plainerNumbers({ program, runs }: Trial): Generator<Trial> {
  for (const { name, kind } of program.inputs) {
    if (kind !== "float") continue;
    const data = runs.flatMap(({ feeds }) => feeds[name]?.data ?? []);
    for (const value of [0, 1]) {
      if (data.every((x) => x === value || x === 0)) continue;
      yield { program, runs: changed(runs, name, (feed) => ({ ...feed, data: feed.data.map(() => value) })) };
    }
    if (runs.length > 1 || data.length > 60) continue;
    for (const [j, x] of data.entries()) {
      if (x === 0 || x === 1) continue;
      for (const value of new Set([0, 1, 2, Math.round(x)])) {
        if (Object.is(value, x) || Number.isNaN(value) || (x === 2 && value === 2)) continue;
        const put = (feed: FuzzFeed): FuzzFeed => ({
          ...feed,
          data: feed.data.map((one, k) => (k === j ? value : one)),
        });
        yield { program, runs: changed(runs, name, put) };
      }
    }
  }
}

function sizeOfLetter({ inputs }: Program, { feeds }: Run, letter: string): number {
  for (const { name, shape } of inputs) {
    const size = feeds[name]?.shape[shape.indexOf(letter)];
    if (size !== undefined) return size;
  }
  return 0;
}

function changed(runs: readonly Run[], name: string, change: (feed: FuzzFeed) => FuzzFeed): readonly Run[] {
  return runs.map((run) => {
    const feed = run.feeds[name];
    return feed === undefined ? run : { ...run, feeds: { ...run.feeds, [name]: change(feed) } };
  });
}

function resized({ inputs }: Program, run: Run, letter: string, from: number, count: number): Run {
  const feeds = Object.entries(run.feeds).map(([name, feed]): [string, FuzzFeed] => {
    const shape = inputs.find((input) => input.name === name)?.shape ?? [];
    const cut = shape.reduce<FuzzFeed>(
      (left, dim, axis) => (dim === letter ? sliced(left, axis, from, count) : left),
      feed,
    );
    return [name, cut];
  });
  return { ...run, feeds: Object.fromEntries(feeds) };
}

/** Positions `from` to `from + count` of an axis; without it, if it is dropped. */
function sliced({ shape, data }: FuzzFeed, axis: number, from: number, count: number, isDropped = false): FuzzFeed {
  const step = sizeOf(shape.slice(axis + 1));
  const size = shape[axis] ?? 1;
  const position = (i: number): number => (Math.floor(i / step) % size) - from;
  return {
    shape: isDropped
      ? shape.filter((_, j) => j !== axis)
      : shape.map((one, j) => (j === axis ? Math.min(count, size) : one)),
    data: data.filter((_, i) => position(i) >= 0 && position(i) < count),
  };
}
