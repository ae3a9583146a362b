import { isListOf, printValue, readable, readOptions, type Rules } from "../arguments.js";
import { LossesError, ShapeError } from "../errors.js";
import { normalizeDim } from "../tensor/dimArithmetic.js";
import { mostAxes, type Dim, type Shape } from "../tensor/dims.js";

export type Axes = number | readonly number[];

export function bounded(op: string, bound: number): number {
  if (typeof bound === "number") return bound;
  throw new LossesError("INVALID_DEFINITION", `${op}: the bound must be a number, got ${printValue(bound)}.`);
}

/** The dimensions of a shape, each read once, in their one spelling. */
export function dimsOf(shape: Shape, op: string): Shape {
  return readable(op, () => {
    const own: Dim[] = [];
    if (isListOf(shape, (dim) => own.push(dim as Dim) <= mostAxes)) return own.map((dim) => normalizeDim(dim));
    throw new ShapeError(
      `${op}: the shape must be a list of at most ${mostAxes} dimensions, got ${printValue(shape)}.`,
    );
  });
}

const flag = { domain: "true or false", accepts: (value: unknown): boolean => typeof value === "boolean" };

export interface CumsumOptions {
  readonly exclusive?: boolean;
  readonly reverse?: boolean;
}

const cumsumRules: Rules<CumsumOptions> = { exclusive: flag, reverse: flag };

export function cumsumOptions(given: CumsumOptions | undefined): Required<CumsumOptions> {
  return { exclusive: false, reverse: false, ...readOptions("cumsum", given, cumsumRules) };
}

export interface SortOptions {
  readonly descending?: boolean;
}

const sortRules: Rules<SortOptions> = { descending: flag };

export function sortOptions(given: SortOptions | undefined): Required<SortOptions> {
  return { descending: false, ...readOptions("argsort", given, sortRules) };
}

/** The axes of a list, each read once, or the one that is given. */
export function axesOf(axes: Axes, op: string): readonly number[] {
  const own: number[] = [];
  const isAxis = (axis: unknown): boolean => typeof axis === "number" && own.push(axis) <= mostAxes;
  if (isListOf(typeof axes === "number" ? [axes] : axes, isAxis)) return own;
  throw new ShapeError(`${op}: axes must be a list of integers, got ${printValue(axes)}.`);
}
