import { operandNode, type NodeOf } from "@losses/core";
import type { EmitContext } from "../context.js";
import { isPlain, runsOf } from "../sumStages.js";

/**
 * A sum over all elements divided by their number as one op, which needs no size; `undefined` for other quotients. Over no elements
 * ONNX Runtime's ReduceMean is 0 where it should be NaN, so this is for tensors that have some.
 */
export function emitMean(node: NodeOf<"div">, context: EmitContext): string | undefined {
  const { graph, writer, stagesOf, hasElements, opset, uses, valueOf } = context;
  if (!hasElements || opset >= 18) return undefined;
  const [total, count] = [operandNode(graph, node, 0), operandNode(graph, node, 1)];
  if (total.op !== "reduceSum" || total.shape.length > 0 || uses(total.id) > 1 || count.op !== "dimSize")
    return undefined;
  const from = operandNode(graph, total, 0);
  if (!runsOf(from.shape, total.attrs.axes).every((run) => isPlain(stagesOf(run)))) return undefined;
  // A product of sizes names them in an order of its own, and no ones.
  const sizes = [from.shape, count.attrs.dims].map((dims) =>
    dims
      .filter((dim) => dim !== 1)
      .map(String)
      .sort()
      .join(),
  );
  if (sizes[0] !== sizes[1]) return undefined;
  return writer.node("ReduceMean", [valueOf(from.id)], { keepdims: 0 });
}
