import { power } from "../ops/power.js";
import type { Node } from "./graph.js";

/** The value of an element-wise op on constants; `undefined` where the op is not folded. Bools are 0 and 1. */
export function foldScalar(node: Node, operands: readonly number[]): number | undefined {
  const [x = Number.NaN, y = Number.NaN, z = Number.NaN] = operands;
  switch (node.op) {
    case "neg":
      return -x;
    case "abs":
      return Math.abs(x);
    case "sign":
      return Number(x > 0) - Number(x < 0);
    case "exp":
      return Math.exp(x);
    case "log":
      return Math.log(x);
    case "sqrt":
      return Math.sqrt(x);
    case "relu":
      return x > 0 || Number.isNaN(x) ? x : 0;
    case "sigmoid":
      return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
    case "softplus":
      return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    case "not":
      return x === 0 ? 1 : 0;
    case "clampMin":
      return Math.max(x, node.attrs.bound);
    case "clampMax":
      return Math.min(x, node.attrs.bound);
    case "add":
      return x + y;
    case "sub":
      return x - y;
    case "mul":
      return x * y;
    case "div":
      return x / y;
    case "pow":
      return power(x, y);
    case "maximum":
      return Math.max(x, y);
    case "minimum":
      return Math.min(x, y);
    case "equal":
      return x === y ? 1 : 0;
    case "less":
      return x < y ? 1 : 0;
    case "lessOrEqual":
      return x <= y ? 1 : 0;
    case "and":
      return x !== 0 && y !== 0 ? 1 : 0;
    case "or":
      return x !== 0 || y !== 0 ? 1 : 0;
    case "where":
      return x !== 0 ? y : z;
    case "cast":
      return node.attrs.to === "int32" ? Math.trunc(x) : node.attrs.to === "bool" ? (x === 0 ? 0 : 1) : x;
    case "identity":
      return x;
    default:
      return undefined;
  }
}
