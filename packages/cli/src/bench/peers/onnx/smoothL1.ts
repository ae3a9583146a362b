import { meanOf, meanOfRows, type HandModel } from "./handGraph.js";

/** The mean of c (|d| - c / 2) with d = x - t, c = min(|d|, 1); gradient d within [-1, 1] / M over M elements. */
export const smoothL1: HandModel = (g, { rows, columns }, part) => {
  const input = g.input("input", "float32", [rows, columns]);
  const target = g.input("target", "float32", [rows, columns]);
  const difference = g.op("Sub", [input, target]);
  const size = g.op("Abs", [difference]);
  const clipped = g.op("Min", [size, g.scalar(1)]);
  const pointwise = g.op("Mul", [clipped, g.op("Sub", [size, g.op("Mul", [clipped, g.scalar(0.5)])])]);
  g.output("value", meanOf(g, meanOfRows(g, pointwise)), []);
  if (part === "forward") return;
  const slope = g.op("Clip", [difference, g.scalar(-1), g.scalar(1)]);
  g.output("grad:input", g.op("Mul", [slope, g.scalar(1 / (rows * columns))]), [rows, columns]);
};
