import { collectFactors, negateFactor, negateLater } from "../factors.js";
import { rule, type Rule } from "./rule.js";

/** Signs and numbers that every element is multiplied by move towards the outputs, where they meet. */
export const signs: readonly Rule[] = [
  rule("the sign of a product goes to its smaller factor", ["neg"], ({ b, inputs: [x], isUsedOnce }) =>
    negateFactor(b, x, isUsedOnce(0)),
  ),
  rule("signs go further down", ["div", "where", "unsqueeze", "reduceSum"], ({ b, node, inputs }) =>
    negateLater(b, node, inputs),
  ),
  rule(
    "numbers that multiply all elements are collected",
    ["mul", "add", "sub"],
    ({ b, node, inputs: [x, y], isUsedOnce, readersOf }) => collectFactors(b, node, x, y, { isUsedOnce, readersOf }),
  ),
];
