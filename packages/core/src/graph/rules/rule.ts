import type { OpName } from "../../ops/types.js";
import type { GraphBuilder } from "../builder.js";
import type { NodeOf } from "../graph.js";

/** A node that is about to be added again, its operands already moved into the new graph. */
export interface Site<K extends OpName> {
  readonly b: GraphBuilder;
  readonly node: NodeOf<K>;
  /** The operands in the new graph. */
  readonly inputs: NodeOf<K>["inputs"];
  /** True if nothing but this node reads the operand. */
  readonly isUsedOnce: (operand: number) => boolean;
  /** Who reads a node of the new graph, as far as it was there before. */
  readonly readersOf: (id: number) => readonly Reader[];
}

/** Where a node is read: as which operand of what op, or as an output. */
export interface Reader {
  readonly op: OpName | "output";
  readonly operand: number;
}

/** One way to say the same with less. */
export interface Rule {
  readonly name: string;
  readonly ops: readonly OpName[];
  /** The node that stands for it instead; `undefined` where the rule says nothing. */
  readonly apply: (site: Site<OpName>) => number | undefined;
}

export function rule<K extends OpName>(
  name: string,
  ops: readonly K[],
  apply: (site: Site<K>) => number | undefined,
): Rule {
  return { name, ops, apply: apply as unknown as Rule["apply"] };
}
