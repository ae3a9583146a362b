import { addDims, isFloat, operandAt, operandNode, type NodeOf, type Shape } from "@losses/core";
import { elementType } from "../format.js";
import { choose } from "./where.js";
import type { EmitContext, Emitter, EmitterTable } from "./context.js";
import { productOf } from "./counts.js";
import { expanded, padded, reshaped } from "./movement.js";
import { extremeAlong, reduceAlong } from "./normalize.js";
import { insideAxis, placesAlong, mayLack, stepsFromEnd } from "./places.js";
import { emitScatterAdd } from "./scatter.js";

/** The first position of an extreme; the size of the axis where a NaN is, which equals nothing, or no element. */
const emitFirst =
  (opType: "Max" | "Min") =>
  (node: NodeOf<"argMax" | "argMin">, inputs: readonly string[], context: EmitContext): string => {
    const { writer, sizes, hasElements } = context;
    const { axis, keepdims } = node.attrs;
    const isFast = hasElements && context.takes("places of extremes");
    const from = operandNode(context.graph, node, 0);
    const x = operandAt(inputs, 0);
    const size = sizes.int32(from.shape[axis] ?? 1);
    const extreme = (): string =>
      extremeAlong(
        `Reduce${opType}`,
        { value: x, id: from.id, dtype: from.dtype },
        { axes: [axis], keepdims: false },
        context,
      );
    const axes = writer.list([axis]);
    const kept = (bare: string): string => (keepdims ? writer.node("Unsqueeze", [bare, axes]) : bare);
    const dropped = (line: string): string => (keepdims ? line : writer.node("Squeeze", [line, axes]));
    if (isFast && axis === from.shape.length - 1) {
      // ONNX Runtime's own kernel is the fastest along neighbours, and the slowest elsewhere.
      const place = writer.node(`Arg${opType}`, [x], { axis, keepdims: 0 });
      const first = writer.node("Cast", [place], { to: elementType.int32 });
      return kept(isFloat(from.dtype) ? writer.node("Where", [equal(extreme(), context), first, size]) : first);
    }
    const hits = writer.node("Equal", [x, writer.node("Unsqueeze", [extreme(), axes])]);
    if (isFast) {
      return dropped(writer.node("Sub", [size, stepsFromEnd(hits, from.shape, axis, size, context)]));
    }
    const places = writer.node("Where", [hits, placesAlong(from.shape, axis, context), size]);
    const first = reduceAlong("ReduceMin", places, { axes: [axis], keepdims }, context);
    return hasElements ? first : writer.node("Min", [first, size]);
  };

/** True where a value is a number. */
function equal(x: string, { writer }: EmitContext): string {
  return writer.node("Equal", [x, x]);
}

const emitArgsort: Emitter<"argsort"> = (node, inputs, context) => {
  const { writer, sizes, can, hasElements } = context;
  const { axis, descending } = node.attrs;
  const x = operandAt(inputs, 0);
  const infinite = writer.scalar(Infinity, operandNode(context.graph, node, 0).dtype);
  const keys = writer.node("Where", [equal(x, context), x, infinite]);
  if (!can.sortsStably) return sortedByRank(keys, node, context);
  // Of equal elements TopK takes the first first.
  const all = sizes.list([node.shape[axis] ?? 1]);
  // ONNX Runtime ends the process where there are elements to take of each line, and no line.
  const mayLackLines = !hasElements && node.shape.length > 1;
  const count = mayLackLines ? writer.node("Min", [all, sizes.list([productOf(node.shape)])]) : all;
  const [, order = ""] = writer.values("TopK", [keys, count], { axis, largest: descending ? 1 : 0, sorted: 1 }, 2);
  const places = writer.node("Cast", [order], { to: elementType.int32 });
  return mayLackLines ? reshaped(places, node.shape, context) : places;
};

/** An element's rank is how many come before it; what has rank p is p-th. Every element is compared with every other. */
function sortedByRank(keys: string, { attrs, shape }: NodeOf<"argsort">, context: EmitContext): string {
  const { writer } = context;
  const { axis, descending } = attrs;
  const pairs = [...shape.slice(0, axis), shape[axis] ?? 1, ...shape.slice(axis)];
  const [own, other] = [axis + 1, axis].map((added) => writer.node("Unsqueeze", [keys, writer.list([added])]));
  const [ownPlace, otherPlace] = [axis, axis + 1].map((along) => placesAlong(pairs, along, context));
  const [x, y, i, j] = [own ?? "", other ?? "", ownPlace ?? "", otherPlace ?? ""];
  const isBefore = writer.node("Less", descending ? [x, y] : [y, x]);
  const isTied = writer.node("And", [writer.node("Equal", [x, y]), writer.node("Less", [j, i])]);
  const [one, zero] = [writer.scalar(1, "int32"), writer.scalar(0, "int32")];
  // Only one of them is true.
  const comes = writer.node("Where", [isBefore, one, writer.node("Where", [isTied, one, zero])]);
  const total = (x: string): string => writer.node("ReduceSum", [x, writer.list([axis + 1])], { keepdims: 0 });
  const ranks = writer.node("Unsqueeze", [total(comes), writer.list([axis])]);
  return total(writer.node("Where", [writer.node("Equal", [ranks, i]), j, zero]));
}

/** The elements at positions along an axis, 0 where there is none. */
const emitGather: Emitter<"gather"> = (node, inputs, context) => {
  const { writer } = context;
  const [x, index] = [operandAt(inputs, 0), operandAt(inputs, 1)];
  if (node.dtype !== "bool") return gathered(node, x, index, context);
  // Not every provider gathers bool, and none chooses between two.
  const numbers = writer.node("Cast", [x], { to: elementType.int32 });
  return writer.node("Cast", [gathered(node, numbers, index, context)], { to: elementType.bool });
};

function gathered(node: NodeOf<"gather">, x: string, index: string, context: EmitContext): string {
  const { writer, sizes } = context;
  const { axis } = node.attrs;
  const { shape } = operandNode(context.graph, node, 0);
  const places = operandNode(context.graph, node, 1);
  const size = shape[axis] ?? 1;
  const inside = insideAxis(index, places.id, size, context);
  if (inside === undefined) return elementsAt(node, x, shape, index, context);
  if (mayLack(size, places.shape[axis], context)) {
    // Where the axis may be empty, there is a 0 behind its end to take.
    const there = writer.node("Where", [inside, index, sizes.int32(size)]);
    const longer = shape.map((dim, i) => (i === axis ? addDims(dim, 1) : dim));
    return elementsAt(node, padded(x, shape.length, axis, [0, 1], context), longer, there, context);
  }
  const zero = writer.scalar(0, "int32");
  const found = elementsAt(node, x, shape, writer.node("Where", [inside, index, zero]), context);
  const dtype = node.dtype === "bool" ? "int32" : node.dtype;
  return choose(inside, found, writer.scalar(0, dtype), dtype, context);
}

/** What is at positions that are there. */
function elementsAt(node: NodeOf<"gather">, x: string, shape: Shape, index: string, context: EmitContext): string {
  const { writer } = context;
  const { axis } = node.attrs;
  const places = operandNode(context.graph, node, 1).shape;
  const others = places.flatMap((_, i) => (i === axis ? [] : [i]));
  if (others.every((i) => places[i] === 1)) {
    const line = others.length === 0 ? index : writer.node("Squeeze", [index, writer.list(others)]);
    return writer.node("Gather", [x, line], { axis });
  }
  const whole = node.shape.map((dim, i) => (i === axis ? (shape[axis] ?? 1) : dim));
  const [from, at] = [expanded(x, shape, whole, context), expanded(index, places, node.shape, context)];
  return writer.node("GatherElements", [from, at], { axis });
}

/** Ops that say, or go by, where elements are. */
export const indexingEmitters: Pick<EmitterTable, "argMax" | "argMin" | "argsort" | "gather" | "scatterAdd"> = {
  argMax: emitFirst("Max"),
  argMin: emitFirst("Min"),
  argsort: emitArgsort,
  gather: emitGather,
  scatterAdd: emitScatterAdd,
};
