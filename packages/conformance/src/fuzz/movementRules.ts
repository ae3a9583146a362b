import {
  addDims,
  concat,
  divideDim,
  multiplyDims,
  ShapeError,
  subtractDims,
  type Dim,
  type Positions,
  type Tensor,
} from "@losses/core";
import { drawAxis, listOf, numberOf, numbersOf, range, signed, tensorOf, textOf } from "./params.js";
import type { OpRules, Rule } from "./rules.js";

/** Which elements of an axis of size `n` are kept; some fit no axis that is too short. */
const slices: { readonly [name: string]: (n: Dim) => Omit<Positions, "axis"> } = {
  backwards: (n) => ({ start: subtractDims(n, 1), size: n, step: -1 }),
  even: (n) => ({ start: 0, size: divideDim(addDims(n, 1), 2), step: 2 }),
  odd: (n) => ({ start: 1, size: divideDim(n, 2), step: 2 }),
  firstHalf: (n) => ({ start: 0, size: divideDim(n, 2), step: 1 }),
  secondHalf: (n) => ({ start: divideDim(n, 2), size: subtractDims(n, divideDim(n, 2)), step: 1 }),
  none: () => ({ start: 0, size: 0, step: 1 }),
  first: () => ({ start: 0, size: 1, step: 1 }),
  withoutFirst: (n) => ({ start: 1, size: subtractDims(n, 1), step: 1 }),
  withoutLast: (n) => ({ start: 0, size: subtractDims(n, 1), step: 1 }),
  last: (n) => ({ start: subtractDims(n, 1), size: 1, step: 1 }),
};

/** Where the elements of an axis of size `n` are put among zeros. */
const pads: { readonly [name: string]: (n: Dim) => Omit<Positions, "axis"> } = {
  behind: (n) => ({ start: 0, size: addDims(n, 2), step: 1 }),
  before: (n) => ({ start: 3, size: addDims(n, 3), step: 1 }),
  around: (n) => ({ start: n, size: multiplyDims(3, n), step: 1 }),
  spread: (n) => ({ start: 1, size: addDims(multiplyDims(2, n), 1), step: 2 }),
  backwards: (n) => ({ start: subtractDims(n, 1), size: n, step: -1 }),
};

function positions(op: "slice" | "pad", modes: typeof slices): Rule {
  return {
    operands: [op === "slice" ? "any" : "number"],
    weight: 2,
    draw: (random, { rank }) => {
      const axis = drawAxis(random, rank);
      return axis && [...axis, random.pick(Object.keys(modes))];
    },
    apply: (x, _, [axis, mode]) => {
      const at = numberOf(axis);
      const { start, size, step } = (modes[textOf(mode)] ?? none)(x.shape.at(at) ?? 1);
      return x[op](at, start, size, step);
    },
  };
}

const none = (): Omit<Positions, "axis"> => ({ start: 0, size: 0, step: 1 });

/** A product of sizes as its first factor and the rest, and twice a size as two of it; otherwise as it is. */
function factors(dim: Dim): readonly Dim[] {
  if (typeof dim === "number") return dim % 2 === 0 ? [2, dim / 2] : [dim];
  const [first = "", ...rest] = dim.split("*");
  if (rest.length === 0 || /[-+(]/.test(dim)) return [dim];
  return [/^\d+$/.test(first) ? Number(first) : first, rest.join("*")];
}

const reshapes: { readonly [name: string]: (x: Tensor, axis: number) => Tensor } = {
  flat: (x) => x.flatten(),
  merged: (x, axis) => x.flatten(axis, axis + 1),
  split: (x, axis) => x.reshape(x.shape.flatMap((dim, i) => (i === axis ? factors(dim) : [dim]))),
  crossed: (x, axis) => {
    const [a, b] = x.shape.slice(axis, axis + 2);
    if (a === undefined || b === undefined) throw new ShapeError("program: there must be two axes to cross, got one.");
    return x.reshape([...x.shape.slice(0, axis), b, a, ...x.shape.slice(axis + 2)]);
  },
};

/** Rules for ops that rearrange elements. */
export const movementRules: Pick<
  OpRules,
  "transpose" | "unsqueeze" | "squeeze" | "expand" | "reshape" | "concat" | "slice" | "pad"
> = {
  transpose: {
    operands: ["any"],
    weight: 2,
    draw: (random, { rank }) => [random.chance(0.4) ? [] : random.shuffled(range(rank))],
    apply: (x, _, [permutation]) =>
      x.transpose(listOf(permutation).length === x.rank ? numbersOf(permutation) : undefined),
  },
  unsqueeze: {
    operands: ["any"],
    draw: (random, { rank }) => [
      random.chance(0.7) ? [signed(random, random.below(rank + 1), rank + 1)] : [0, rank + 1],
    ],
    apply: (x, _, [axes]) => x.unsqueeze(numbersOf(axes) ?? []),
  },
  squeeze: {
    operands: ["any"],
    draw: (random, { shape }) => {
      const ones = random.some(
        [...shape.keys()].filter((axis) => shape[axis] === 1),
        0.8,
      );
      return ones.length === 0 ? undefined : [ones];
    },
    apply: (x, _, [axes]) => x.squeeze(numbersOf(axes) ?? []),
  },
  expand: {
    operands: ["any"],
    draw: (random, { shape }, letters) => {
      const leading = random.some(letters, 0.2);
      return [[...leading, ...shape.map((dim) => (dim === 1 ? random.pick([...letters, 1, 2]) : dim))]];
    },
    apply: (x, _, [shape]) => x.expand(listOf(shape)),
  },
  reshape: {
    operands: ["any"],
    weight: 2,
    draw: (random, { rank }) => (rank === 0 ? undefined : [random.below(rank), random.pick(Object.keys(reshapes))]),
    apply: (x, _, [axis, mode]) => (reshapes[textOf(mode)] ?? ((y: Tensor) => y.flatten()))(x, numberOf(axis)),
  },
  concat: {
    operands: ["any", "same"],
    weight: 2,
    draw: (random, { rank }) => {
      const axis = drawAxis(random, rank);
      return axis && [...axis, random.chance(0.5)];
    },
    apply: (x, [y], [axis, isTwice]) => concat(isTwice === true ? [x, x] : [x, tensorOf(y), x], numberOf(axis)),
  },
  slice: positions("slice", slices),
  pad: positions("pad", pads),
};
