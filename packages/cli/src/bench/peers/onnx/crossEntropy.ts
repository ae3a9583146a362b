import { count, meanOf, softmaxParts, sumAlong, type HandModel } from "./handGraph.js";

/** SoftmaxCrossEntropyLoss; gradient (e^logp - onehot) / N. */
export const crossEntropy: HandModel = (g, { rows, columns }, part, place) => {
  const input = g.input("input", "float32", [rows, columns]);
  const target = g.input("target", "int32", [rows]);
  const asColumn = (): string => g.op("Unsqueeze", [target, g.constant("int64", [1], [1])]);
  if (place === "gpu") {
    const { exp, shifted, sum } = softmaxParts(g, input, 1);
    const hot = g.op("Equal", [asColumn(), g.constant("int32", [1, columns], count(columns))]);
    const own = sumAlong(g, g.op("Where", [hot, shifted, g.scalar(0)]), 1);
    g.output("value", meanOf(g, g.op("Sub", [g.op("Log", [sum]), own])), []);
    if (part === "forward") return;
    const difference = g.op("Sub", [g.op("Div", [exp, sum]), g.op("Where", [hot, g.scalar(1), g.scalar(0)])]);
    g.output("grad:input", g.op("Mul", [difference, g.scalar(1 / rows)]), [rows, columns]);
    return;
  }
  if (part === "forward") {
    g.output("value", g.op("SoftmaxCrossEntropyLoss", [input, target]), []);
    return;
  }
  const [value, logp] = g.twoOf("SoftmaxCrossEntropyLoss", [input, target]);
  g.output("value", value, []);
  const share = g.op("Mul", [g.op("Exp", [logp]), g.scalar(1 / rows)]);
  const updates = g.constant("float32", [rows, 1], Array<number>(rows).fill(-1 / rows));
  g.output("grad:input", g.op("ScatterElements", [share, asColumn(), updates], { axis: 1, reduction: "add" }), [
    rows,
    columns,
  ]);
};
