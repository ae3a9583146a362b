import { tripletOptions } from "../../problems.js";
import { meanOf, sumAlong, type HandModel } from "./handGraph.js";

/** max(|a - p + ε| - |a - n + ε| + margin, 0); gradients along the unit vectors of the two differences. */
export const triplet: HandModel = (g, { rows, columns }, part) => {
  const [anchor, positive, negative] = ["anchor", "positive", "negative"].map((name) =>
    g.input(name, "float32", [rows, columns]),
  ) as [string, string, string];
  const eps = g.scalar(tripletOptions.eps);
  const between = (other: string): readonly [string, string] => {
    const difference = g.op("Add", [g.op("Sub", [anchor, other]), eps]);
    return [difference, g.op("Sqrt", [sumAlong(g, g.op("Mul", [difference, difference]), 1)])];
  };
  const [toPositive, positiveDistance] = between(positive);
  const [toNegative, negativeDistance] = between(negative);
  const violation = g.op("Add", [g.op("Sub", [positiveDistance, negativeDistance]), g.scalar(tripletOptions.margin)]);
  g.output("value", meanOf(g, g.op("Relu", [violation])), []);
  if (part === "forward") return;
  const active = g.op("Where", [g.op("Greater", [violation, g.scalar(0)]), g.scalar(1 / rows), g.scalar(0)]);
  const away = g.op("Mul", [toPositive, g.op("Div", [active, positiveDistance])]);
  const towards = g.op("Mul", [toNegative, g.op("Div", [active, negativeDistance])]);
  const shape = [rows, columns];
  g.output("grad:anchor", g.op("Sub", [away, towards]), shape);
  g.output("grad:positive", g.op("Neg", [away]), shape);
  g.output("grad:negative", towards, shape);
};
