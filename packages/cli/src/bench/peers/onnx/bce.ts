import { meanOf, meanOfRows, type HandModel } from "./handGraph.js";

/** The mean of log(1 + eˣ) - x t; gradient (σ(x) - t) / M over M elements. */
export const bce: HandModel = (g, { rows, columns }, part) => {
  const input = g.input("input", "float32", [rows, columns]);
  const target = g.input("target", "float32", [rows, columns]);
  const pointwise = g.op("Sub", [g.op("Softplus", [input]), g.op("Mul", [input, target])]);
  g.output("value", meanOf(g, meanOfRows(g, pointwise)), []);
  if (part === "forward") return;
  const difference = g.op("Sub", [g.op("Sigmoid", [input]), target]);
  g.output("grad:input", g.op("Mul", [difference, g.scalar(1 / (rows * columns))]), [rows, columns]);
};
