import type { Tensor } from "@losses/core";
import { drawAxis, numberOf, tensorOf, textOf } from "./params.js";
import type { OpRules } from "./rules.js";

/** Added to positions, so that some are outside. */
const shifts: readonly number[] = [0, 0, 0, 1, -1, 4];

/** Positions with as many axes as values: labels lack the one that they point along. */
function alike(index: Tensor, x: Tensor, axis: number, shift: number): Tensor {
  const missing = index.rank === x.rank - 1 ? index.unsqueeze(axis < 0 ? axis + x.rank : axis) : index;
  return shift === 0 ? missing : missing.add(shift);
}

/** Rules for ops that say, or go by, where elements are. */
export const indexingRules: Pick<OpRules, "argsort" | "gather" | "scatterAdd"> = {
  argsort: {
    operands: ["float"],
    weight: 1.5,
    draw: (random, { rank }) => {
      const axis = drawAxis(random, rank);
      return axis && [...axis, random.chance(0.5)];
    },
    apply: (x, _, [axis, descending]) => x.argsort(numberOf(axis), { descending: descending === true }),
  },
  gather: {
    operands: ["any", "int32"],
    weight: 3,
    draw: (random, { rank }) => {
      const axis = drawAxis(random, rank);
      return axis && [...axis, random.pick(shifts)];
    },
    apply: (x, [index], [axis, shift]) =>
      x.gather(numberOf(axis), alike(tensorOf(index), x, numberOf(axis), numberOf(shift))),
  },
  scatterAdd: {
    operands: ["number", "int32"],
    weight: 3,
    draw: (random, { rank }) => {
      const axis = drawAxis(random, rank);
      return axis && [...axis, random.pick(shifts), random.pick(["own", "own", "one", "five"])];
    },
    apply: (x, [index], [axis, shift, size]) => {
      const at = numberOf(axis);
      const own = x.shape.at(at) ?? 1;
      const room = textOf(size) === "one" ? 1 : textOf(size) === "five" ? 5 : own;
      return x.scatterAdd(at, alike(tensorOf(index), x, at, numberOf(shift)), room);
    },
  },
};
