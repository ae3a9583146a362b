import type { Graph, Node, OpName } from "@losses/core";

/** Whether an op's result can be negative on a machine: never, possibly, or only if a (certain) operand is. */
type Rule = "never" | "possibly" | "if an operand is" | "if the first operand is" | "special";

const rules: { readonly [K in OpName]: Rule } = {
  input: "possibly",
  constant: "special",
  iota: "never",
  dimSize: "never",
  neg: "possibly",
  abs: "never",
  sign: "if an operand is",
  exp: "never",
  log: "possibly",
  sqrt: "never",
  relu: "never",
  sigmoid: "never",
  softplus: "never",
  not: "never",
  clampMin: "special",
  clampMax: "possibly",
  cast: "if an operand is",
  identity: "if an operand is",
  add: "if an operand is",
  sub: "possibly",
  mul: "special",
  div: "if an operand is",
  pow: "if the first operand is",
  maximum: "if an operand is",
  minimum: "if an operand is",
  equal: "never",
  less: "never",
  lessOrEqual: "never",
  and: "never",
  or: "never",
  where: "if an operand is",
  reduceSum: "if an operand is",
  reduceMax: "if an operand is",
  reduceMin: "if an operand is",
  reduceLogSumExp: "possibly",
  softmax: "never",
  logSoftmax: "possibly",
  matmul: "if an operand is",
  transpose: "if an operand is",
  unsqueeze: "if an operand is",
  squeeze: "if an operand is",
  expand: "if an operand is",
};

/** For every node, whether it is ≥ 0 in any arithmetic: there a square root of a rounded 0 is no NaN. */
export function nonNegativeNodes(graph: Graph): readonly boolean[] {
  const known: boolean[] = [];
  for (const node of graph.nodes) known.push(isNonNegative(node, known));
  return known;
}

function isNonNegative(node: Node, known: readonly boolean[]): boolean {
  switch (rules[node.op]) {
    case "never":
      return true;
    case "possibly":
      return false;
    case "if an operand is":
      return node.inputs.every((id) => known[id]);
    case "if the first operand is":
      return known[node.inputs[0] ?? -1] === true;
    case "special":
      if (node.op === "constant") return node.attrs.value >= 0;
      if (node.op === "clampMin") return node.attrs.bound >= 0;
      return node.inputs[0] === node.inputs[1] || node.inputs.every((id) => known[id]);
  }
}
