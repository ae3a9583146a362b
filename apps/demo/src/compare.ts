import { backendNames, openBackend, type Evaluation, type LossEngine, type Numbers } from "./backends.js";
import type { RecordedCall, TrainingResult } from "./training/train.js";

/** The largest differences found, and where. */
export interface Difference {
  readonly valueAbsolute: number;
  /** Relative to the value itself. */
  readonly valueRelative: number;
  readonly gradientAbsolute: number;
  /** Relative to the largest element of the same gradient. */
  readonly gradientRelative: number;
  /** The loss and input of the largest relative difference. */
  readonly where: string;
}

export interface BackendRun {
  readonly name: string;
  /** Mean time of the losses of one training step, with their gradients. */
  readonly secondsPerStep: number;
  /** From the same calls computed in float64. */
  readonly fromExact: Difference;
}

export interface Comparison {
  readonly calls: number;
  readonly runs: readonly BackendRun[];
  /** Backends that do not work here, each with its reason in one line. */
  readonly unavailable: readonly { readonly name: string; readonly reason: string }[];
  /** Between any two of the backends. */
  readonly largest: Difference & { readonly between: string };
}

const repeats = 3;
/** First and last. */
const recordedSteps = 2;
const none: Difference = { valueAbsolute: 0, valueRelative: 0, gradientAbsolute: 0, gradientRelative: 0, where: "" };

/** Gives the recorded calls to every backend that works here, and compares what they answer. */
export async function compareBackends(
  results: readonly TrainingResult[],
  onBackend: (name: string) => void = () => undefined,
): Promise<Comparison> {
  const calls = results.flatMap(({ recorded }) => recorded);
  const steps = results.length * recordedSteps;
  const exact = await answer(await openBackend("js:scalar", "float64"), calls, 0);
  const answers: { readonly name: string; readonly evaluations: readonly Evaluation[]; readonly seconds: number }[] =
    [];
  const unavailable: { readonly name: string; readonly reason: string }[] = [];
  for (const name of backendNames) {
    onBackend(name);
    try {
      answers.push({ name, ...(await answer(await openBackend(name), calls, repeats)) });
    } catch (error) {
      unavailable.push({ name, reason: oneLine(error) });
    }
  }
  const runs = answers.map(({ name, evaluations, seconds }) => ({
    name,
    secondsPerStep: seconds / repeats / steps,
    fromExact: compareAll(calls, evaluations, exact.evaluations),
  }));
  return { calls: calls.length, runs, unavailable, largest: largestBetween(calls, answers) };
}

function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split("\n")[0] ?? message).trim();
}

async function answer(
  engine: LossEngine,
  calls: readonly RecordedCall[],
  timed: number,
): Promise<{ readonly evaluations: readonly Evaluation[]; readonly seconds: number }> {
  try {
    const evaluations: Evaluation[] = [];
    let seconds = 0;
    for (const { spec, inputs, wrt } of calls) {
      // The first run compiles, so it is not timed.
      evaluations.push(await engine.evaluate(spec, inputs, wrt));
      const started = performance.now();
      for (let i = 0; i < timed; i++) await engine.evaluate(spec, inputs, wrt);
      seconds += (performance.now() - started) / 1000;
    }
    return { evaluations, seconds };
  } finally {
    await engine.dispose();
  }
}

function largestBetween(
  calls: readonly RecordedCall[],
  answers: readonly { readonly name: string; readonly evaluations: readonly Evaluation[] }[],
): Comparison["largest"] {
  let largest: Comparison["largest"] = { ...none, between: "" };
  answers.forEach((one, i) => {
    for (const other of answers.slice(i + 1)) {
      const difference = compareAll(calls, one.evaluations, other.evaluations);
      const between = worse(difference, largest) ? `${one.name} and ${other.name}` : largest.between;
      largest = { ...combine(largest, difference), between };
    }
  });
  return largest;
}

function compareAll(
  calls: readonly RecordedCall[],
  one: readonly Evaluation[],
  other: readonly Evaluation[],
): Difference {
  return calls.reduce((largest, { spec }, i) => {
    const [a, b] = [one[i], other[i]];
    return a === undefined || b === undefined ? largest : combine(largest, compareOne(spec.name, a, b));
  }, none);
}

/** How one evaluation differs from another that is taken for right. */
export function compareOne(loss: string, a: Evaluation, b: Evaluation): Difference {
  const valueAbsolute = Math.abs(a.value - b.value);
  const valueRelative = ratio(valueAbsolute, Math.abs(b.value));
  let found: Difference = { ...none, valueAbsolute, valueRelative, where: `${loss} (value)` };
  for (const [name, gradient] of Object.entries(b.gradients)) {
    const gradientAbsolute = largestDistance(a.gradients[name], gradient);
    const size = largestDistance(gradient, new Float32Array(gradient.length));
    const gradientRelative = ratio(gradientAbsolute, size);
    found = combine(found, { ...none, gradientAbsolute, gradientRelative, where: `${loss} (${name})` });
  }
  return found;
}

function ratio(difference: number, size: number): number {
  return difference === 0 ? 0 : difference / size;
}

// NaN on one side only must show as a disagreement.
function largestDistance(a: Numbers | undefined, b: Numbers): number {
  if (a === undefined || a.length !== b.length) return Infinity;
  let most = 0;
  for (let i = 0; i < b.length; i++) {
    const distance = Math.abs((a[i] ?? 0) - (b[i] ?? 0));
    if (!(distance <= most)) most = Number.isNaN(distance) ? Infinity : distance;
  }
  return most;
}

function worse(a: Difference, b: Difference): boolean {
  return Math.max(a.valueRelative, a.gradientRelative) > Math.max(b.valueRelative, b.gradientRelative);
}

function combine(a: Difference, b: Difference): Difference {
  return {
    valueAbsolute: Math.max(a.valueAbsolute, b.valueAbsolute),
    valueRelative: Math.max(a.valueRelative, b.valueRelative),
    gradientAbsolute: Math.max(a.gradientAbsolute, b.gradientAbsolute),
    gradientRelative: Math.max(a.gradientRelative, b.gradientRelative),
    where: worse(b, a) ? b.where : a.where,
  };
}
