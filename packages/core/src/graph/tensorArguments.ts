import { isListOf, printValue } from "../arguments.js";
import { LossesError, ShapeError } from "../errors.js";
import { mostAxes } from "../tensor/dims.js";

export type Axes = number | readonly number[];

export function bounded(op: string, bound: number): number {
  if (typeof bound === "number") return bound;
  throw new LossesError("INVALID_DEFINITION", `${op}: the bound must be a number, got ${printValue(bound)}.`);
}

/** The axes of a list, each read once, or the one that is given. */
export function axesOf(axes: Axes, op: string): readonly number[] {
  const own: number[] = [];
  const isAxis = (axis: unknown): boolean => typeof axis === "number" && own.push(axis) <= mostAxes;
  if (isListOf(typeof axes === "number" ? [axes] : axes, isAxis)) return own;
  throw new ShapeError(`${op}: axes must be a list of integers, got ${printValue(axes)}.`);
}
