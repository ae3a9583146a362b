import type { Shape, Tensor } from "@losses/core";
import type { Param } from "./program.js";
import type { Random } from "./random.js";

// What rules draw for their parameters, and how they read it.

export function range(n: number): readonly number[] {
  return Array.from({ length: n }, (_, i) => i);
}

/** Axes may be counted from the end. */
export function signed(random: Random, axis: number, rank: number): number {
  return random.chance(0.3) ? axis - rank : axis;
}

export function drawAxis(random: Random, rank: number): readonly Param[] | undefined {
  return rank === 0 ? undefined : [signed(random, random.below(rank), rank)];
}

/** Some axes, or all (`"all"`). */
export function drawAxes(random: Random, rank: number): Param {
  if (random.chance(0.2) || rank === 0) return "all";
  return random.chance(0.5) ? [signed(random, random.below(rank), rank)] : random.some(range(rank));
}

export function numberOf(param: Param | undefined): number {
  return typeof param === "number" ? param : 0;
}

export function textOf(param: Param | undefined): string {
  return typeof param === "string" ? param : "";
}

export function listOf(param: Param | undefined): Shape {
  return typeof param === "object" ? param : [];
}

export function numbersOf(param: Param | undefined): readonly number[] | undefined {
  return typeof param === "object" ? param.filter((one) => typeof one === "number") : undefined;
}

export function tensorOf(operand: Tensor | number | undefined): Tensor {
  if (operand === undefined || typeof operand === "number")
    throw new RangeError("program: the operand must be a tensor.");
  return operand;
}
