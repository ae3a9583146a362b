import { sizeOf } from "@losses/core";
import type { Program, ProgramInput } from "./program.js";
import type { Random } from "./random.js";

/** What one input is given. */
export interface FuzzFeed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** The inputs of one call; a program is run on several, of different sizes. */
export interface Run {
  readonly style: Style;
  readonly feeds: Readonly<Record<string, FuzzFeed>>;
}

/** What the numbers of a run are like. */
export type Style = "normal" | "ties" | "positive" | "zeros" | "huge" | "tiny" | "special";

const styles: { readonly [S in Style]: (random: Random) => number } = {
  normal: (random) => random.normal(),
  ties: (random) => random.below(4) - 1,
  positive: (random) => random.next() + 0.01,
  zeros: (random) => random.pick([0, -0]),
  huge: (random) => random.pick([-1e4, 1e4, 9999, 1, 3e37]) * (1 + random.below(3)),
  tiny: (random) => random.normal() * 10 ** -(30 + random.below(14)),
  special: (random) =>
    random.chance(0.15) ? random.pick([Number.NaN, Infinity, -Infinity, 0, -0, 1e-40]) : random.normal(),
};

const drawn: readonly Style[] = ["normal", "normal", "ties", "positive", "zeros", "huge", "tiny", "special"];

/** Around the widths of vectors and blocks. */
const sizes: readonly number[] = [
  0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129, 255, 257, 511, 513, 1023, 1024, 1025,
];

const letters = ["A", "B", "C", "D"] as const;

/** What an input is given in a run, if it is. */
export function feedOf({ feeds }: Pick<Run, "feeds">, name: string): FuzzFeed | undefined {
  return Object.hasOwn(feeds, name) ? feeds[name] : undefined;
}

/** Runs of a program; none of its inputs gets more than `most` elements. */
export function makeRuns(random: Random, { inputs }: Program, most: number): readonly Run[] {
  return [1, 2, 3].map(() => {
    let bound = drawSizes(random);
    while (!suits(inputs, bound, most)) bound = drawSizes(random);
    const style = random.pick(drawn);
    const given = inputs.filter(({ optional }) => optional !== true || random.chance(0.5));
    return {
      style,
      feeds: Object.fromEntries(given.map((input) => [input.name, makeFeed(random, input, bound, style)])),
    };
  });
}

/** No input is too large, and there are classes for all labels. */
function suits(inputs: readonly ProgramInput[], bound: Readonly<Record<string, number>>, most: number): boolean {
  return inputs.every(({ shape, below }) => {
    const size = sizeOf(shapeOf(shape, bound));
    return size <= most && (below === undefined || size === 0 || (bound[below] ?? 0) > 0);
  });
}

function drawSizes(random: Random): Readonly<Record<string, number>> {
  const limit = random.pick([3, 5, 9, 17, 33, 129]);
  const common = sizes.filter((size) => size <= limit);
  // One axis may be much longer than the others.
  const long = random.chance(0.25) ? random.pick(letters) : undefined;
  return Object.fromEntries(letters.map((letter) => [letter, random.pick(letter === long ? sizes : common)]));
}

function shapeOf(shape: ProgramInput["shape"], bound: Readonly<Record<string, number>>): readonly number[] {
  return shape.map((dim) => (typeof dim === "number" ? dim : (bound[dim] ?? 1)));
}

function makeFeed(
  random: Random,
  { shape, kind, below }: ProgramInput,
  bound: Readonly<Record<string, number>>,
  style: Style,
): FuzzFeed {
  const own = shapeOf(shape, bound);
  const classes = below === undefined ? undefined : (bound[below] ?? 0);
  const number = (): number => Math.fround(styles[random.chance(0.8) ? style : "normal"](random));
  const index = (): number => (classes === undefined ? random.below(6) - 1 : random.below(classes));
  return { shape: own, data: Array.from({ length: sizeOf(own) }, kind === "index" ? index : number) };
}

/** True if every label names a class. */
export function hasValidLabels({ inputs }: Program, { feeds }: Run): boolean {
  const bound = boundSizes(inputs, feeds);
  return inputs.every(({ name, below }) => {
    const labels = feedOf({ feeds }, name);
    return below === undefined || labels === undefined || labels.data.every((one) => one < (bound[below] ?? 0));
  });
}

function boundSizes(
  inputs: readonly ProgramInput[],
  feeds: Readonly<Record<string, FuzzFeed>>,
): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const { name, shape } of inputs) {
    shape.forEach((dim, axis) => {
      const size = feedOf({ feeds }, name)?.shape[axis];
      if (typeof dim === "string" && size !== undefined) found[dim] = size;
    });
  }
  return found;
}
