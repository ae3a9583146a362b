import { movedTo } from "@losses/core";
import { operandsOf } from "./groups.js";
import type { Access } from "./access.js";
import type { Resolved, Value } from "./resolve.js";

/** Without the values that no output is made from, as those that are only read for something without elements. */
export function onlyNeeded({ values, outputs }: Resolved): Resolved {
  const needed = new Set(outputs.map(({ value }) => value));
  for (let id = values.length - 1; id >= 0; id--) {
    const value = values[id];
    if (value !== undefined && needed.has(id)) for (const operand of operandsOf(value)) needed.add(operand.value);
  }
  const moved = new Map([...needed].sort((a, b) => a - b).map((id, at) => [id, at]));
  const move: Change = (access) => ({ ...access, value: movedTo(moved, access.value) });
  return {
    values: values.flatMap((value, id) => (needed.has(id) ? [withOperands(value, move)] : [])),
    outputs: outputs.map(move),
  };
}

type Change = <A extends Pick<Access, "value">>(access: A) => A;

/** The same value, made from other operands. */
export function withOperands(value: Value, change: Change): Value {
  switch (value.kind) {
    case "map":
    case "fold":
    case "whole":
    case "scan":
      return { ...value, operands: value.operands.map(change) };
    case "matmul":
      return { ...value, a: change(value.a), b: change(value.b) };
    default:
      return value;
  }
}
