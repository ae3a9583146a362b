import {
  bindDim,
  bindShape,
  operandAt,
  sizeOf,
  type DimSizes,
  type Graph,
  type NodeOf,
  type OpAttributes,
  type OpName,
} from "@losses/core";
import { concat, pad, permuted, slice, type BoundPositions } from "./arrange.js";
import { binary, expand } from "./broadcast.js";
import {
  absolute,
  castTensor,
  choose,
  clampMax,
  clampMin,
  equal,
  extreme,
  negative,
  relu,
  sign,
} from "./elementwise.js";
import { atan, erf, expm1, log1p, logarithm, softplus, tanh } from "./functions.js";
import { gather, scatterAdd } from "./gather.js";
import { divide, exponential, finitePower, power, sigmoid } from "./gpu.js";
import { lowerLogSoftmax, lowerLogSumExp, lowerSoftmax } from "./normalizers.js";
import { argExtreme, argsort, cumsum } from "./order.js";
import { evaluated, isInMemory, type DefinedOp } from "./memory.js";
import { KernelCallsBuilder, type NewStep, type KernelCalls, type StepContext } from "./kernelCalls.js";
import { lowerPickedLogSoftmax } from "./pickLogSoftmax.js";
import { extremum, matmul, sum } from "./reductions.js";
import { fill, reshape, scalar, type Runtime, type TfDType, type Value } from "./runtime.js";

/** Turns a graph, or what some of its outputs need of it, into kernel calls of one engine. */
export function lower(graph: Graph, device: string, outputs: Graph["outputs"] = graph.outputs): KernelCalls {
  const builder = new KernelCallsBuilder(graph, device, (body, needed) => lower(body, device, needed));
  for (const node of graph.nodes) {
    const operands = node.inputs.map((input) => builder.of(input));
    const lowerNode = lowering[node.op] as Lowering<OpName>;
    builder.set(node.id, lowerNode(builder, node as NodeOf<OpName>, operands));
  }
  return builder.finish(outputs.map(({ node }) => builder.of(node)));
}

/** Adds the steps of a node over its operands' steps; returns the one that holds the result. */
type Lowering<K extends OpName> = (b: KernelCallsBuilder, node: NodeOf<K>, operands: readonly number[]) => number;

type Compute = (rt: Runtime, x: Value, context: StepContext) => Value;

function step<K extends OpName>(node: NodeOf<K>, operands: readonly number[], source: NewStep["source"]): NewStep {
  return { operands, shape: node.shape, dtype: node.dtype, source };
}

function nameOf(node: NodeOf<OpName>): string {
  const number = (_: string, value: unknown): unknown =>
    typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)) ? `${1 / value} ${value}` : value;
  return `${node.op}${JSON.stringify(node.attrs, number)}`;
}

/** One step of one operand. */
function unary<K extends OpName>(compute: (node: NodeOf<K>) => Compute, neutral = 0): Lowering<K> {
  return (b, node, operands) => {
    const run = compute(node);
    const source: NewStep["source"] = (rt, context) => run(rt, operandAt(context.operands, 0), context);
    return b.add(nameOf(node as NodeOf<OpName>), { ...step(node, operands, source), neutral });
  };
}

function unaryKernel<K extends OpName>(kernel: string): Lowering<K> {
  return unary(() => (rt, x) => rt.kernel(kernel, { x }));
}

/** One step that only moves elements: small integers stay small. */
function movement<K extends OpName>(compute: (node: NodeOf<K>, small: boolean) => Compute): Lowering<K> {
  return (b, node, operands) => {
    const small = operands.every((id) => b.step(id).small);
    const run = compute(node, small);
    const source: NewStep["source"] = (rt, context) => run(rt, operandAt(context.operands, 0), context);
    return b.add(nameOf(node as NodeOf<OpName>), { ...step(node, operands, source), small });
  };
}

function pair<K extends OpName>(
  compute: (rt: Runtime, x: Value, y: Value, shape: readonly number[], small: boolean) => Value,
): Lowering<K> {
  return (b, node, operands) => {
    const small = operands.some((id) => b.step(id).small);
    const source: NewStep["source"] = (rt, context) =>
      compute(rt, operandAt(context.operands, 0), operandAt(context.operands, 1), context.shape, small);
    return b.add(nameOf(node as NodeOf<OpName>), step(node, operands, source));
  };
}

function binaryKernel<K extends OpName>(kernel: string): Lowering<K> {
  return pair((rt, x, y, shape) => binary(rt, kernel, x, y, shape));
}

/** A known number as a tensor of the node's shape; anything else as it is. */
function filled(b: KernelCallsBuilder, id: number, node: NodeOf<"where">): number {
  const { value } = b.step(id);
  if (value === undefined || node.dtype === "bool" || node.shape.length === 0) return id;
  const dtype = node.dtype as TfDType;
  return b.add(
    `fill ${1 / value} ${value}`,
    step(node, [], (rt, { shape }) => fill(rt, shape, value, dtype)),
  );
}

const lowestInt = -(2 ** 31);

function reduceExtreme(kernel: "Max" | "Min"): Lowering<"reduceMax"> & Lowering<"reduceMin"> {
  return (b: KernelCallsBuilder, node: NodeOf<"reduceMax" | "reduceMin">, operands: readonly number[]) => {
    const infinite = kernel === "Max" ? -Infinity : Infinity;
    const integer = kernel === "Max" ? lowestInt : -1 - lowestInt;
    const neutral = node.dtype === "int32" ? integer : infinite;
    const { axes } = node.attrs;
    const source: NewStep["source"] = (rt, context) =>
      extremum(rt, kernel, operandAt(context.operands, 0), axes, context.shape);
    return b.add(nameOf(node), { ...step(node, operands, source), neutral });
  };
}

/** An op about where elements are: its definition on engines in memory, kernels elsewhere. */
function defined<K extends DefinedOp>(
  byKernels: (rt: Runtime, attrs: OpAttributes[K], context: StepContext) => Value,
): Lowering<K> {
  return (b, node, operands) => {
    const own = node as NodeOf<DefinedOp>;
    const source: NewStep["source"] = isInMemory(b.device)
      ? (rt, context) => evaluated(rt, own, context)
      : (rt, context) => byKernels(rt, own.attrs as OpAttributes[K], context);
    return b.add(nameOf(own), { ...step(own, operands, source), readsEmpty: own.op === "concat" });
  };
}

function boundPositions({ axis, start, step }: NodeOf<"slice" | "pad">["attrs"], sizes: DimSizes): BoundPositions {
  return { axis, start: bindDim(start, sizes), step };
}

/** How every op is computed. */
const lowering: { readonly [K in OpName]: Lowering<K> } = {
  input: (b, node) => b.add(nameOf(node), step(node, [], node.attrs.name)),
  constant: (b, node) => {
    const { value } = node.attrs;
    const small = node.dtype === "int32" && Math.abs(value) < 2 ** 24;
    const source: NewStep["source"] = (rt) => scalar(rt, value, node.dtype as TfDType);
    return b.add(nameOf(node), { ...step(node, [], source), small, value });
  },
  iota: (b, node) => {
    const source: NewStep["source"] = (rt, { shape }) =>
      rt.make(
        Int32Array.from({ length: shape[0] ?? 0 }, (_, i) => i),
        shape,
        "int32",
      );
    return b.add(nameOf(node), { ...step(node, [], source), small: true });
  },
  dimSize: (b, node) =>
    b.add(
      nameOf(node),
      step(node, [], (rt, { sizes }) =>
        rt.make(Float32Array.of(sizeOf(bindShape(node.attrs.dims, sizes))), [], "float32"),
      ),
    ),
  neg: unary(() => negative),
  abs: unary(() => absolute),
  sign: unary(() => sign),
  floor: unaryKernel("Floor"),
  exp: unary(() => exponential),
  expm1: unary(() => expm1),
  log: unary(() => logarithm),
  log1p: unary(() => log1p),
  sqrt: unaryKernel("Sqrt"),
  tanh: unary(() => tanh),
  atan: unary(() => atan),
  erf: unary(() => erf),
  relu: unary(() => relu),
  sigmoid: unary(() => sigmoid),
  softplus: unary(() => softplus),
  not: unaryKernel("LogicalNot"),
  identity: unary(() => (_, x) => x),
  clampMin: unary((node) => (rt, x) => clampMin(rt, x, node.attrs.bound)),
  clampMax: unary((node) => (rt, x) => clampMax(rt, x, node.attrs.bound)),
  cast: unary((node) => (rt, x) => castTensor(rt, x, node.attrs.to as TfDType)),
  add: binaryKernel("Add"),
  sub: binaryKernel("Sub"),
  mul: binaryKernel("Multiply"),
  div: (b, node, operands) => {
    // The careful division costs four kernels more.
    const divisor = b.step(operandAt(operands, 1)).value ?? 0;
    const run = divisor !== 0 && Number.isFinite(divisor) ? binaryKernel<"div">("RealDiv") : pair<"div">(divide);
    return run(b, node, operands);
  },
  pow: (b, node, operands) => {
    const exponent = b.step(operandAt(operands, 1)).value ?? Number.NaN;
    return pair<"pow">(Number.isFinite(exponent) ? finitePower : power)(b, node, operands);
  },
  maximum: pair((rt, x, y, shape) => extreme(rt, "Maximum", x, y, shape)),
  minimum: pair((rt, x, y, shape) => extreme(rt, "Minimum", x, y, shape)),
  equal: pair(equal),
  less: binaryKernel("Less"),
  lessOrEqual: binaryKernel("LessEqual"),
  and: binaryKernel("LogicalAnd"),
  or: binaryKernel("LogicalOr"),
  where: (b, node, operands) => {
    // A constant side is filled in rather than broadcast.
    const sides = operands.map((id, i) => (i === 0 ? id : filled(b, id, node)));
    const source: NewStep["source"] = (rt, context) =>
      choose(
        rt,
        operandAt(context.operands, 0),
        operandAt(context.operands, 1),
        operandAt(context.operands, 2),
        context.shape,
      );
    return b.add(nameOf(node), step(node, sides, source));
  },
  reduceSum: (b, node, operands) =>
    b.add(
      nameOf(node),
      step(node, operands, (rt, context) => sum(rt, operandAt(context.operands, 0), node.attrs.axes, context.shape)),
    ),
  reduceMax: reduceExtreme("Max"),
  reduceMin: reduceExtreme("Min"),
  reduceLogSumExp: lowerLogSumExp,
  softmax: lowerSoftmax,
  logSoftmax: lowerLogSoftmax,
  argMax: defined((rt, { axis }, context) =>
    argExtreme(rt, "Max", operandAt(context.operands, 0), axis, context.shape),
  ),
  argMin: defined((rt, { axis }, context) =>
    argExtreme(rt, "Min", operandAt(context.operands, 0), axis, context.shape),
  ),
  argsort: defined((rt, { axis, descending }, context) =>
    argsort(rt, operandAt(context.operands, 0), axis, descending),
  ),
  cumsum: defined((rt, attrs, context) => cumsum(rt, operandAt(context.operands, 0), attrs)),
  gather: (b, node, operands) => {
    const take = (rt: Runtime, context: StepContext): Value =>
      isInMemory(b.device)
        ? evaluated(rt, node, context)
        : gather(rt, operandAt(context.operands, 0), operandAt(context.operands, 1), node.attrs.axis, context.shape);
    return lowerPickedLogSoftmax(b, node, take) ?? b.add(nameOf(node), step(node, operands, take));
  },
  scatterAdd: defined((rt, { axis }, context) => {
    const [x, index] = [operandAt(context.operands, 0), operandAt(context.operands, 1)];
    return scatterAdd(rt, x, index, axis, context.shape);
  }),
  matmul: pair((rt, x, y, shape) => matmul(rt, x, y, shape)),
  transpose: movement(
    ({ attrs }) =>
      (rt, x) =>
        permuted(rt, x, attrs.perm),
  ),
  unsqueeze: movement(
    () =>
      (rt, x, { shape }) =>
        reshape(rt, x, shape),
  ),
  squeeze: movement(
    () =>
      (rt, x, { shape }) =>
        reshape(rt, x, shape),
  ),
  expand: movement(
    (_, small) =>
      (rt, x, { shape }) =>
        expand(rt, x, shape, small),
  ),
  reshape: movement(
    () =>
      (rt, x, { shape }) =>
        reshape(rt, x, shape),
  ),
  concat: defined((rt, { axis }, { operands, shape }) => concat(rt, operands, axis, shape)),
  slice: defined((rt, attrs, context) =>
    slice(rt, operandAt(context.operands, 0), boundPositions(attrs, context.sizes), context.shape),
  ),
  pad: defined((rt, attrs, context) =>
    pad(rt, operandAt(context.operands, 0), boundPositions(attrs, context.sizes), context.shape),
  ),
  scan: (b, node, operands) => b.addLoop(node, operands),
};
