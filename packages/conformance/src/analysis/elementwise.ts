import {
  isElementwise,
  isFloat,
  operandAt,
  opTable,
  unitRoundoff,
  type DType,
  type ElementwiseOp,
  type Node,
  type NodeOf,
} from "@losses/core";
import { boundArithmetic, type ArithmeticOp } from "./arithmetic.js";
import {
  asInteger,
  at,
  between,
  exactly,
  hull,
  isExact,
  isNoNumber,
  mayBeNegativeZero,
  noNumber,
  put,
  spanAt,
  type Bounds,
  type Span,
} from "./bounded.js";
import type { Context } from "./context.js";
import { broadcastOffsets } from "./strides.js";
import { boundComparison, boundLogic, boundWhere } from "./logic.js";
import type { Precision } from "./precision.js";
import { rounded } from "./rounding.js";
import { maximumOf, minimumOf } from "./extremes.js";
import { equalToExtreme } from "./ties.js";

type Rule<N extends Node> = (node: N, operands: readonly Bounds[], to: Bounds, context: Context) => void;

const arithmetic: Rule<NodeOf<ArithmeticOp>> = (node, [x, y], to, { precision }) =>
  boundArithmetic(node, given(x), given(y), to, precision);

const order: Rule<NodeOf<"less" | "lessOrEqual">> = (node, [x, y], to) => boundComparison(node, given(x), given(y), to);

const logic: Rule<NodeOf<"and" | "or">> = (node, [x, y], to) => boundLogic(node.op, given(x), given(y), to);

const clamp: Rule<NodeOf<"clampMin" | "clampMax">> = (node, [x], to, { precision }) =>
  boundClamp(node, given(x), to, precision);

/** Ops of which more is known than their definitions say. */
const known: { readonly [K in ElementwiseOp]?: Rule<NodeOf<K>> } = {
  abs: (_, [x], to) => boundEach(given(x), to, absOf),
  sign: (_, [x], to) => boundEach(given(x), to, (span) => imageOf("up", signOf, true, span)),
  not: (_, [x], to) => boundEach(given(x), to, ({ low, high }) => ({ low: 1 - high, high: 1 - low, nan: false })),
  clampMin: clamp,
  clampMax: clamp,
  cast: (node, [x], to, { precision }) => boundCast(node, given(x), to, precision),
  add: arithmetic,
  sub: arithmetic,
  mul: arithmetic,
  div: arithmetic,
  pow: arithmetic,
  maximum: arithmetic,
  minimum: arithmetic,
  equal: (node, [x, y], to, context) =>
    boundComparison(node, given(x), given(y), to, equalToExtreme(node, to.shape, context)),
  less: order,
  lessOrEqual: order,
  and: logic,
  or: logic,
  where: (_, [c, x, y], to) => boundWhere(given(c), given(x), given(y), to),
};

/** Bounds an element-wise op: by what is known of it, else by its definition alone. */
export function boundElementwise(
  node: NodeOf<ElementwiseOp>,
  operands: readonly Bounds[],
  to: Bounds,
  context: Context,
): void {
  const rule = known[node.op] as Rule<never> | undefined;
  if (rule !== undefined) rule(node as never, operands, to, context);
  else boundByDefinition(node, operands, to, context.precision);
}

export function isElementwiseNode(node: Node): node is NodeOf<ElementwiseOp> {
  return isElementwise(node.op);
}

export function given(operand: Bounds | undefined): Bounds {
  if (operand === undefined) throw new RangeError("analyze: an op must have all its operands, got too few.");
  return operand;
}

interface Definition {
  readonly at: (operands: readonly number[], attrs: unknown) => number;
  readonly ulp: number;
  readonly monotone?: "up" | "down";
  readonly isNonNegative: (operands: readonly boolean[], attrs: unknown, nodes: readonly number[]) => boolean;
}

/** Monotone: the ends are known from the operand's. Else exact operands give their result, and others may give anything. */
function boundByDefinition(
  { op, attrs, inputs }: NodeOf<ElementwiseOp>,
  operands: readonly Bounds[],
  to: Bounds,
  precision: Precision,
): void {
  const { at: f, ulp, monotone, isNonNegative } = opTable[op] as unknown as Definition;
  const floor = operands.map(() => false);
  const isPositive = isNonNegative(floor, attrs, inputs);
  const offsets = operands.map(({ shape }) => broadcastOffsets(shape, to.shape));
  for (let i = 0; i < to.value.length; i++) {
    const spans = operands.map((operand, k) => spanAt(operand, at(operandAt(offsets, k), i)));
    const [first] = spans;
    const isDecided = spans.every(isExact);
    const image =
      monotone !== undefined && first !== undefined && spans.length === 1
        ? imageOf(monotone, (x) => f([x], attrs), isPositive, first)
        : isDecided
          ? exactly(
              f(
                spans.map(({ low }) => low),
                attrs,
              ),
            )
          : anything;
    if (!isFloat(to.dtype)) put(to, i, asInteger(image));
    else put(to, i, ulp > 0 ? rounded(image, ulp, isDecided, precision) : image);
  }
}

const anything: Span = { low: -Infinity, high: Infinity, nan: true };

/** The range of a monotone function, whose domain is an interval. */
function imageOf(way: "up" | "down", f: (x: number) => number, isPositive: boolean, x: Span): Span {
  const ofNaN = exactly(f(Number.NaN));
  if (isNoNumber(x)) return ofNaN;
  const numbers = imageOfNumbers(way, f, isPositive, x);
  const image = x.nan ? hull(numbers, ofNaN) : numbers;
  // What leaves 0 where it is may leave its sign, too.
  return image.low === 0 && mayBeNegativeZero(x) && f(0) === 0 ? { ...image, low: -0 } : image;
}

function imageOfNumbers(way: "up" | "down", f: (x: number) => number, isPositive: boolean, { low, high }: Span): Span {
  const [a, b] = way === "up" ? [f(low), f(high)] : [f(high), f(low)];
  const [isLess, isMore] = [Number.isNaN(a), Number.isNaN(b)];
  if (!isLess && !isMore) return between(a, b, false);
  if (isLess && isMore) {
    // A domain that goes on without end to one side has no part between two numbers outside it.
    const isHalfLine = Number.isNaN(f(-Infinity)) !== Number.isNaN(f(Infinity));
    return isHalfLine || low === high ? noNumber : { ...anything, low: isPositive ? 0 : -Infinity };
  }
  return isLess ? { low: isPositive ? 0 : -Infinity, high: b, nan: true } : { low: a, high: Infinity, nan: true };
}

function boundEach(x: Bounds, to: Bounds, image: (span: Span) => Span): void {
  for (let i = 0; i < to.value.length; i++) {
    const span = image(spanAt(x, i));
    put(to, i, isFloat(to.dtype) ? span : asInteger(span));
  }
}

function absOf(x: Span): Span {
  if (isNoNumber(x)) return noNumber;
  const [a, b] = [Math.abs(x.low), Math.abs(x.high)];
  return { low: x.low < 0 && x.high > 0 ? 0 : Math.min(a, b), high: Math.max(a, b), nan: x.nan };
}

const signOf = (x: number): number => opTable.sign.at([x], {});

/** `clampMin` and `clampMax`: the bound itself may have been rounded. */
function boundClamp(node: NodeOf<"clampMin" | "clampMax">, x: Bounds, to: Bounds, precision: Precision): void {
  const bound = constantOf(node.attrs.bound, node.dtype, precision);
  const extreme = node.op === "clampMin" ? maximumOf : minimumOf;
  boundEach(x, to, (span) => extreme(span, bound));
}

/** What a number that is written in a graph becomes in a machine. */
export function constantOf(value: number, dtype: DType, precision: Precision): Span {
  const span = exactly(value);
  const isKept = !isFloat(dtype) || precision.unit === unitRoundoff("float64") || !Number.isFinite(value);
  return isKept ? span : rounded(span, 0.5, true, precision);
}

/** The same value in another dtype. */
function boundCast(node: NodeOf<"cast">, x: Bounds, to: Bounds, precision: Precision): void {
  const { to: dtype } = node.attrs;
  for (let i = 0; i < to.value.length; i++) {
    const operand = spanAt(x, i);
    if (isFloat(dtype)) put(to, i, holdsAll(x.dtype, operand, precision) ? operand : roundedOnce(operand, precision));
    else put(to, i, dtype === "bool" ? truthOf(operand) : truncated(operand));
  }
}

/** Integers that a floating number has the bits for. */
function holdsAll(dtype: DType, { low, high }: Span, { bits }: Precision): boolean {
  return !isFloat(dtype) && Math.max(-low, high) <= 2 ** bits;
}

function roundedOnce(x: Span, precision: Precision): Span {
  return rounded(x, 0.5, x.low === x.high, precision);
}

/** Everything but 0 is true, NaN too. */
function truthOf(x: Span): Span {
  const mayBeZero = x.low <= 0 && x.high >= 0;
  const mayBeOther = x.nan || x.low < 0 || x.high > 0;
  return { low: mayBeZero ? 0 : 1, high: mayBeOther ? 1 : 0, nan: false };
}

function truncated({ low, high, nan }: Span): Span {
  return asInteger({ low: Math.trunc(low), high: Math.trunc(high), nan });
}
