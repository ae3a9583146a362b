import { nodeAt, type NodeOf } from "@losses/core";
import { isFactor, times } from "../where.js";
import type { EmitContext } from "../context.js";

/** `where(c, a / n, 0) = where(c, a, 0) / n` for a number a of which each of n elements gets its share. */
export function emitShare(
  node: NodeOf<"where">,
  [condition = ""]: readonly string[],
  context: EmitContext,
): string | undefined {
  const { graph, writer, sizes, hasElements } = context;
  const [, yes, no] = node.inputs.map((id) => nodeAt(graph, id));
  if (!hasElements || node.shape.length === 0) return undefined;
  if (yes?.op !== "div" || no?.op !== "constant" || !Object.is(no.attrs.value, 0)) return undefined;
  const [whole, count] = yes.inputs.map((id) => nodeAt(graph, id));
  if (whole?.op !== "constant" || !isFactor(whole.attrs.value) || count?.op !== "dimSize") return undefined;
  const taken = times(condition, whole.attrs.value, count.attrs.dtype, context);
  return writer.node("Div", [taken, sizes.productLine(count.attrs.dims, count.attrs.dtype)]);
}
