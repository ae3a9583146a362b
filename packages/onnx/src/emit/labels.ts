import { graphInputs, isFloat, nodeAt, type NodeOf } from "@losses/core";
import { elementType } from "../format.js";
import { either } from "./where.js";
import type { EmitContext } from "./context.js";

// A model cannot refuse what it is fed. A class index that is none would pick nothing, and its sample cost nothing.

/** A float32 scalar: 0, or NaN if an input of class indices holds one that is no class and is not to be ignored; `undefined`: 0. */
export function unknownForBadLabels(context: EmitContext, int64Inputs: ReadonlySet<string>): string | undefined {
  const { graph, writer, trustsIndices } = context;
  const unchecked = trustsIndices ? [] : graphInputs(graph).filter(({ attrs }) => attrs.indices !== undefined);
  const [first, ...rest] = unchecked.map((input) => {
    const [zero, nan] = [writer.scalar(0, "float32"), writer.scalar(NaN, "float32")];
    return writer.node("ReduceSum", [writer.node("Where", [areClasses(input, int64Inputs, context), zero, nan])], {
      keepdims: 0,
    });
  });
  return first === undefined ? undefined : rest.reduce((sum, other) => writer.node("Add", [sum, other]), first);
}

function areClasses({ id, attrs }: NodeOf<"input">, int64Inputs: ReadonlySet<string>, context: EmitContext): string {
  const { writer, sizes, valueOf } = context;
  const { below = 0, except } = attrs.indices ?? {};
  const labels = valueOf(id);
  const inside = writer.node("And", [
    writer.node("LessOrEqual", [writer.scalar(0, "int32"), labels]),
    writer.node("Less", [labels, sizes.int32(below)]),
  ]);
  const allowed =
    except === undefined
      ? inside
      : either(inside, writer.node("Equal", [labels, writer.scalar(except, "int32")]), context);
  if (!int64Inputs.has(attrs.name)) return allowed;
  // What does not fit in 32 bits could be cast to a class.
  const size = writer.node("Abs", [writer.node("Cast", [attrs.name], { to: elementType.float32 })]);
  return writer.node("And", [allowed, writer.node("Less", [size, writer.scalar(2 ** 31, "float32")])]);
}

/** The value of a node of the graph, and NaN where that scalar is. */
export function addUnknown(id: number, unknown: string, context: EmitContext): string {
  const { graph, writer, valueOf } = context;
  const node = nodeAt(graph, id);
  if (node.op === "cast" && node.dtype === "float16") {
    const exact = addUnknown(node.inputs[0] ?? -1, unknown, context);
    return writer.node("Cast", [exact], { to: elementType.float16 });
  }
  if (!isFloat(node.dtype)) return valueOf(id);
  const own = node.dtype === "float32" ? unknown : writer.node("Cast", [unknown], { to: elementType[node.dtype] });
  return writer.node("Add", [valueOf(id), own]);
}
