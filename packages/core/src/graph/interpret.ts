import { evaluateScalar, isElementwise, opDefinition } from "../ops/table.js";
import type { EvaluateContext, Numbers, OpName, Values } from "../ops/types.js";
import { eachRun, rowMajor, sizeOfShape, stridesOver } from "../ops/strided.js";
import { bindShape, type DimSizes } from "../tensor/dims.js";
import { nodeAt, type Graph, type Node } from "./graph.js";

/**
 * Evaluates a graph in float64, node by node, by what each op says that it means: slow, and the reference for everything that
 * is fast. Feeds and results are row-major; bools are 0 and 1.
 */
export function interpret(graph: Graph, feeds: Readonly<Record<string, Numbers>>, sizes: DimSizes): readonly Values[] {
  const values: Values[] = [];
  const valueOf = (id: number): Values => {
    const value = values[id];
    if (value === undefined) throw new RangeError(`graph ${graph.name} has no node %${id} yet`);
    return value;
  };
  for (const node of graph.nodes) values.push(interpretNode(node, node.inputs.map(valueOf), feeds, sizes));
  return graph.outputs.map(({ node }) => valueOf(nodeAt(graph, node).id));
}

/** The value of one node, given those of its operands. */
export function interpretNode(
  node: Node,
  inputs: readonly Numbers[],
  feeds: Readonly<Record<string, Numbers>>,
  sizes: DimSizes,
): Values {
  const shape = bindShape(node.shape, sizes);
  const { op, attrs } = node;
  if (isElementwise(op)) {
    const data = new Float64Array(sizeOfShape(shape));
    const operands = inputs.map(() => 0);
    const strides = [rowMajor(shape), ...inputs.map((input) => stridesOver(input.shape, shape.length))];
    eachRun({ dims: shape, strides }, ([to = 0, ...from], length, [step = 0, ...steps]) => {
      for (let i = 0; i < length; i++) {
        inputs.forEach((input, k) => (operands[k] = input.data[(from[k] ?? 0) + i * (steps[k] ?? 0)] ?? NaN));
        data[to + i * step] = evaluateScalar(op, operands, attrs);
      }
    });
    return { shape, data };
  }
  const { evaluate } = opDefinition(op) as { readonly evaluate: (context: EvaluateContext<OpName>) => Float64Array };
  const run: EvaluateContext<OpName>["run"] = (inner, given) => interpret(inner, given, sizes);
  return { shape, data: evaluate({ inputs, attrs, shape, sizes, feeds, run } as EvaluateContext<OpName>) };
}
