import {
  graphInputs,
  isFloat,
  nodeAt,
  type Dim,
  type FloatDType,
  type IndexLimit,
  type IndexRange,
  type NodeOf,
  type NumberRange,
} from "@losses/core";
import { elementType } from "../format.js";
import { areSizesFit } from "./badSizes.js";
import { either } from "./where.js";
import type { EmitContext } from "./context.js";

// A model cannot refuse what it is fed. A class index that is none would pick nothing, and its sample cost nothing.

/** A float32 scalar: 0, or NaN if an input holds, or has a size, that a backend would refuse; `undefined`: 0. */
export function unknownForBadInputs(context: EmitContext, int64Inputs: ReadonlySet<string>): string | undefined {
  const { graph, writer, trustsIndices } = context;
  if (trustsIndices) return undefined;
  const ofInputs = graphInputs(graph).flatMap((input) => unknownOf(input, int64Inputs, context));
  const fit = areSizesFit(context);
  const ofSizes = fit === undefined ? [] : [unknownUnless(fit, context)];
  const [first, ...rest] = [...ofInputs, ...ofSizes];
  return first === undefined ? undefined : rest.reduce((sum, other) => writer.node("Add", [sum, other]), first);
}

/** 0 where a condition holds, NaN elsewhere. */
function unknownUnless(condition: string, { writer }: EmitContext): string {
  return writer.node("Where", [condition, writer.scalar(0, "float32"), writer.scalar(NaN, "float32")]);
}

function unknownOf(input: NodeOf<"input">, int64Inputs: ReadonlySet<string>, context: EmitContext): readonly string[] {
  const { writer, sizes, valueOf } = context;
  const { indices, numbers } = input.attrs;
  const total = (values: string): string => writer.node("ReduceSum", [values], { keepdims: 0 });
  const found: string[] = [];
  if (indices !== undefined) {
    found.push(total(unknownUnless(areAllowed(input, indices, int64Inputs, context), context)));
    if (indices.sum !== undefined) {
      const isWhole = writer.node("Equal", [total(valueOf(input.id)), sizes.int32(indices.sum)]);
      found.push(unknownUnless(isWhole, context));
    }
  }
  const outside = numbers === undefined ? undefined : areOutside(input, numbers, context);
  if (outside !== undefined) found.push(total(unknownUnless(writer.node("Not", [outside]), context)));
  return found;
}

function areAllowed(
  { id, attrs }: NodeOf<"input">,
  { from = 0, below, atMost, except }: IndexRange,
  int64Inputs: ReadonlySet<string>,
  context: EmitContext,
): string {
  const { writer } = context;
  // Another input's elements are at the same place of the line, whatever the shapes.
  const line = (value: string): string => writer.node("Reshape", [value, writer.list([-1])]);
  const own = [below, atMost].some((limit) => typeof limit === "object") ? line : (value: string): string => value;
  const labels = own(context.valueOf(id));
  const within = (op: "Less" | "LessOrEqual", limit: IndexLimit | undefined): readonly string[] => {
    if (typeof limit === "object") {
      const other = graphInputs(context.graph).find((input) => input.attrs.name === limit.input);
      return other === undefined ? [] : [writer.node(op, [labels, line(context.valueOf(other.id))])];
    }
    return limit === undefined || isBeyond(limit) ? [] : [writer.node(op, [labels, context.sizes.int32(limit)])];
  };
  const isFrom = writer.node("LessOrEqual", [writer.scalar(from, "int32"), labels]);
  const inside = [isFrom, ...within("Less", below), ...within("LessOrEqual", atMost)].reduce((a, b) =>
    writer.node("And", [a, b]),
  );
  const allowed =
    except === undefined
      ? inside
      : either(inside, writer.node("Equal", [labels, writer.scalar(except, "int32")]), context);
  if (!int64Inputs.has(attrs.name)) return allowed;
  // What does not fit in 32 bits could be cast to a class.
  const size = writer.node("Abs", [writer.node("Cast", [own(attrs.name)], { to: elementType.float32 })]);
  return writer.node("And", [allowed, writer.node("Less", [size, writer.scalar(2 ** 31, "float32")])]);
}

/** True for a limit that every integer of 32 bits keeps. */
function isBeyond(limit: Dim): boolean {
  return typeof limit === "number" && limit > 2 ** 31 - 1;
}

/** Which numbers are outside a range; NaN is not. */
function areOutside(
  { id, attrs }: NodeOf<"input">,
  { from, to }: NumberRange,
  context: EmitContext,
): string | undefined {
  const { writer, valueOf } = context;
  const isHalf = attrs.dtype === "float16";
  const numbers = isHalf ? writer.node("Cast", [valueOf(id)], { to: elementType.float32 }) : valueOf(id);
  const scalar = (value: number): string => writer.scalar(value, isHalf ? "float32" : (attrs.dtype as FloatDType));
  const low = Number.isFinite(from) ? writer.node("Less", [numbers, scalar(from)]) : undefined;
  const high = Number.isFinite(to) ? writer.node("Less", [scalar(to), numbers]) : undefined;
  return low === undefined || high === undefined ? (low ?? high) : either(low, high, context);
}

/** The value of a node of the graph, and NaN where that scalar is. */
export function addUnknown(id: number, unknown: string, context: EmitContext): string {
  const { graph, writer, valueOf } = context;
  const node = nodeAt(graph, id);
  if (node.op === "cast" && node.dtype === "float16") {
    const exact = addUnknown(node.inputs[0], unknown, context);
    return writer.node("Cast", [exact], { to: elementType.float16 });
  }
  if (!isFloat(node.dtype)) return valueOf(id);
  const own = node.dtype === "float32" ? unknown : writer.node("Cast", [unknown], { to: elementType[node.dtype] });
  return writer.node("Add", [valueOf(id), own]);
}
