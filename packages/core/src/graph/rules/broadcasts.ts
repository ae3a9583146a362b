import { opNames, isElementwise } from "../../ops/table.js";
import { sameShape, type Dim } from "../../tensor/dims.js";
import { isFloat } from "../../tensor/dtype.js";
import type { GraphBuilder } from "../builder.js";
import { numberOf, sizeNode } from "./constants.js";
import { rule, type Rule, type Site } from "./rule.js";

// What only repeats elements moves towards the outputs: ops before it see fewer of them.

const elementwise = opNames.filter(isElementwise);

/** The source of axes of size 1 in front of it, which broadcasting puts there anyway. */
function withoutLeadingOnes(b: GraphBuilder, id: number): number {
  const node = b.node(id);
  return node.op === "unsqueeze" && node.attrs.axes.every((axis, i) => axis === i) ? node.inputs[0] : id;
}

/** Operands that are stretched only to the shape that the op would stretch them to anyway. */
function bareOperands({ b, node, inputs }: Site<(typeof elementwise)[number]>): readonly number[] {
  const bare: number[] = [...inputs];
  bare.forEach((id, i) => {
    const operand = b.node(id);
    const source = operand.op === "expand" ? operand.inputs[0] : withoutLeadingOnes(b, id);
    if (source === id) return;
    const shapes = bare.map((other, j) => b.type(j === i ? source : other).shape);
    const isCovered = node.shape.every((dim, axis) =>
      shapes.some((shape) => shape[axis - node.shape.length + shape.length] === dim),
    );
    if (isCovered && node.shape.length === Math.max(...shapes.map((shape) => shape.length))) bare[i] = source;
  });
  return bare;
}

/** `squeeze` and `unsqueeze` of the same axes undo each other; both pass through a stretched scalar. */
function otherAxes({ b, node, inputs: [x] }: Site<"squeeze" | "unsqueeze">): number | undefined {
  const operand = b.node(x);
  const value = numberOf(b, x);
  if (value !== undefined) return b.add("expand", [b.constant(value, node.dtype)], { shape: node.shape });
  if (operand.op !== "expand") return undefined;
  const source = withoutLeadingOnes(b, operand.inputs[0]);
  return b.type(source).shape.length === 0 ? b.add("expand", [source], { shape: node.shape }) : undefined;
}

/** `x · size`, and 0 for a size of 0, which infinite and NaN x would not give. */
function repeated(b: GraphBuilder, x: number, size: number): number {
  const count = b.node(size);
  const product = b.add("mul", [x, size], {});
  if (count.op === "constant" ? count.attrs.value > 0 : isAlwaysFinite(b, x)) return product;
  const zero = b.constant(0, count.dtype);
  return b.add("where", [b.add("equal", [size, zero], {}), zero, product], {});
}

/** True for numbers that are finite whatever the graph is fed. */
function isAlwaysFinite(b: GraphBuilder, id: number): boolean {
  const node = b.node(id);
  if (node.op === "constant") return Number.isFinite(node.attrs.value);
  return node.op === "dimSize" && node.dtype !== "float16";
}

export const broadcasts: readonly Rule[] = [
  rule("leading axes of size 1 before a stretch", ["expand"], ({ b, node, inputs: [x] }) => {
    const source = withoutLeadingOnes(b, x);
    return source === x ? undefined : b.add("expand", [source], node.attrs);
  }),
  rule("a stretch of a stretch", ["expand"], ({ b, node, inputs: [x] }) => {
    const operand = b.node(x);
    return operand.op === "expand" ? b.add("expand", operand.inputs, node.attrs) : undefined;
  }),
  rule("stretched where the op stretches anyway", elementwise, (site) => {
    const bare = bareOperands(site);
    return bare.every((id, i) => id === site.inputs[i]) ? undefined : site.b.again(site.node, bare);
  }),
  // f(expand x, expand y) = expand f(x, y)
  rule("the op first, the stretch after it", elementwise, ({ b, node, inputs }) => {
    const sources = inputs.map((id) => {
      const operand = b.node(id);
      return operand.op === "expand" ? withoutLeadingOnes(b, operand.inputs[0]) : id;
    });
    if (sources.every((id, i) => id === inputs[i])) return undefined;
    const inner = b.again(node, sources);
    return sameShape(b.type(inner).shape, node.shape) ? inner : b.add("expand", [inner], { shape: node.shape });
  }),
  rule("axes that come and go", ["squeeze", "unsqueeze"], ({ b, node, inputs: [x] }) => {
    const operand = b.node(x);
    const inverse = node.op === "squeeze" ? "unsqueeze" : "squeeze";
    if (operand.op !== "squeeze" && operand.op !== "unsqueeze") return undefined;
    const isUndone = operand.op === inverse && operand.attrs.axes.join() === node.attrs.axes.join();
    return isUndone ? operand.inputs[0] : undefined;
  }),
  rule("axes of a stretched scalar", ["squeeze", "unsqueeze"], otherAxes),
  rule("transposed twice", ["transpose"], ({ b, node, inputs: [x] }) => {
    const operand = b.node(x);
    if (operand.op !== "transpose") return undefined;
    const perm = node.attrs.perm.map((axis) => operand.attrs.perm[axis] ?? axis);
    return b.add("transpose", operand.inputs, { perm });
  }),
  rule("transposed in no way", ["transpose"], ({ node, inputs: [x] }) =>
    node.attrs.perm.every((axis, i) => axis === i) ? x : undefined,
  ),
  rule("reshaped twice", ["reshape"], ({ b, node, inputs: [x] }) => {
    const operand = b.node(x);
    return operand.op === "reshape" ? b.add("reshape", operand.inputs, node.attrs) : undefined;
  }),
  rule("reshaped to its own shape", ["reshape"], ({ b, node, inputs: [x] }) =>
    sameShape(b.type(x).shape, node.shape) ? x : undefined,
  ),
  rule("reduced along axes of size 1", ["reduceSum", "reduceMax", "reduceMin"], ({ b, node, inputs: [x] }) => {
    const { axes, keepdims } = node.attrs;
    const { shape } = b.type(x);
    if (!axes.every((axis) => shape[axis] === 1)) return undefined;
    return keepdims ? x : b.add("squeeze", [x], { axes });
  }),
  rule("the sum of what was stretched is a product", ["reduceSum"], ({ b, node, inputs: [x] }) => {
    const operand = b.node(x);
    const { axes, keepdims } = node.attrs;
    if (operand.op !== "expand" || !isFloat(operand.dtype)) return undefined;
    const source = operand.inputs[0];
    const inner = b.type(source).shape;
    const offset = operand.shape.length - inner.length;
    const isStretched = (axis: number): boolean =>
      axis < offset || (inner[axis - offset] === 1 && operand.shape[axis] !== 1);
    if (!axes.every(isStretched)) return undefined;
    const size = sizeNode(
      b,
      axes.map((axis): Dim => operand.shape[axis] ?? 1),
      operand.dtype,
    );
    const removed = axes.filter((axis) => axis >= offset).map((axis) => axis - offset);
    const core = keepdims || removed.length === 0 ? source : b.add("squeeze", [source], { axes: removed });
    const product = repeated(b, core, size);
    return sameShape(b.type(product).shape, node.shape) ? product : b.add("expand", [product], { shape: node.shape });
  }),
];
