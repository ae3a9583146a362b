import type { Node } from "@losses/core";
import type { EmitContext } from "../context.js";
import { emitByPosition } from "./byPosition/emitByPosition.js";
import { emitColumn } from "./columns.js";
import { emitMean } from "./mean.js";
import type { PassName } from "./names.js";
import { emitQuotientByNorm } from "./quotientByNorm.js";
import { emitShare } from "./share.js";
import { emitTransposedProduct } from "./transposedProduct.js";

type Emit = (node: Node, inputs: readonly string[], context: EmitContext) => string;
type Try = (node: Node, inputs: readonly string[], context: EmitContext) => string | undefined;

/** Passes that write single nodes, the first that has something to say before the others. */
const passes: readonly (readonly [PassName, Try])[] = [
  [
    "transposes of products",
    (node, _, context) => (node.op === "transpose" ? emitTransposedProduct(node, context) : undefined),
  ],
  ["means", (node, _, context) => (node.op === "div" ? emitMean(node, context) : undefined)],
  [
    "quotients by norms",
    (node, inputs, context) => (node.op === "where" ? emitQuotientByNorm(node, inputs, context) : undefined),
  ],
  [
    "shares of a number",
    (node, inputs, context) => (node.op === "where" ? emitShare(node, inputs, context) : undefined),
  ],
];

/** Writes a node by the passes that are on; `emit`: by the rule of its op, where none has anything to say. */
export function emitByPasses(node: Node, inputs: readonly string[], context: EmitContext, emit: Emit): string {
  const { takes } = context;
  const own: Emit = (same, given) => {
    for (const [name, attempt] of passes) {
      const written = takes(name) ? attempt(same, given, context) : undefined;
      if (written !== undefined) return written;
    }
    return emit(same, given, context);
  };
  const byPosition = takes("by position") ? emitByPosition(node, context) : undefined;
  if (byPosition !== undefined) return byPosition;
  const column = takes("columns without their last axis")
    ? emitColumn(node, inputs, context, (bare) => own(node, bare, context))
    : undefined;
  return column ?? own(node, inputs, context);
}
