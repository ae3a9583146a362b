import { addDims, multiplyDims, sizeLimits, subtractDims, termsOf, type Dim, type SizeLimit } from "@losses/core";
import type { EmitContext } from "./context.js";

// Where a picture is smaller than a window, a runtime's Slice takes what there is, and the result is a number.

/** What is known when the model is written, or the value of a bool scalar. */
type Condition = boolean | string;

/** A bool scalar: true if every slice and pad keeps inside its axis; `undefined`: always. */
export function areSizesFit(context: EmitContext): string | undefined {
  const { graph, writer } = context;
  const limits = new Map(sizeLimits(graph).map((limit) => [JSON.stringify(limit), limit]));
  const conditions = [...limits.values()].map((limit) => keepsInside(limit, context));
  const all = [...new Set(conditions)].reduce((a, b) => both(a, b, context), true);
  if (typeof all === "string") return all;
  return all ? undefined : writer.scalar(0, "bool");
}

function keepsInside({ start, step, count, size }: SizeLimit, context: EmitContext): Condition {
  const end = addDims(start, multiplyDims(step, subtractDims(count, 1)));
  const [low, high] = step > 0 ? [start, end] : [end, start];
  const room = subtractDims(subtractDims(size, 1), high);
  const inside = both(isNatural(low, context), isNatural(room, context), context);
  const isCount = isNatural(count, context);
  if (inside === true) return isCount;
  const { writer, sizes } = context;
  const none =
    typeof count === "number" ? count === 0 : writer.node("Equal", [sizes.int32(count), writer.scalar(0, "int32")]);
  return both(isCount, some(none, inside, context), context);
}

/** True for a size that is not negative. */
function isNatural(dim: Dim, { writer, sizes }: EmitContext): Condition {
  if (typeof dim === "number") return dim >= 0;
  const isSum = termsOf(dim).every(
    ({ coefficient, factors }) => coefficient >= 0 && factors.every((factor) => typeof factor === "string"),
  );
  return isSum || writer.node("LessOrEqual", [writer.scalar(0, "int32"), sizes.int32(dim)]);
}

function both(a: Condition, b: Condition, { writer }: EmitContext): Condition {
  if (typeof a === "boolean") return a && b;
  if (typeof b === "boolean") return b && a;
  return a === b ? a : writer.node("And", [a, b]);
}

function some(a: Condition, b: Condition, { writer }: EmitContext): Condition {
  if (typeof a === "boolean") return a || b;
  return typeof b === "boolean" ? b || a : writer.node("Or", [a, b]);
}
