import { meanOf, type HandModel } from "./handGraph.js";

/** The mean of e^t (t - x); gradients -e^t / M and e^t (t - x + 1) / M over M elements. */
export const kl: HandModel = (g, { rows, columns }, part) => {
  const input = g.input("input", "float32", [rows, columns]);
  const target = g.input("target", "float32", [rows, columns]);
  const probability = g.op("Exp", [target]);
  const pointwise = g.op("Mul", [probability, g.op("Sub", [target, input])]);
  g.output("value", meanOf(g, pointwise), []);
  if (part === "forward") return;
  const share = 1 / (rows * columns);
  const shape = [rows, columns];
  g.output("grad:input", g.op("Mul", [probability, g.scalar(-share)]), shape);
  g.output("grad:target", g.op("Mul", [g.op("Add", [pointwise, probability]), g.scalar(share)]), shape);
};
