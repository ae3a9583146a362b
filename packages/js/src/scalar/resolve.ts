import { bindShape, sizeOf, type DimSizes, type DType, type NodeOf, type Shape } from "@losses/core";
import { elementwiseKernels, type KernelName } from "./elementwise.js";
import { identityOf } from "./folds.js";
import { contiguousStrides, isInOrder, runStart, sizeOfDims, type Access, type Dims } from "./access.js";
import { onlyNeeded } from "./needed.js";
import type { Fold, Instruction, Program, Recursion, WholeOp } from "./program.js";

interface Sized {
  readonly size: number;
  readonly dtype: DType;
}

export type SourceValue = Sized &
  (
    | { readonly kind: "input"; readonly name: string }
    /** The same number in every element. */
    | { readonly kind: "number"; readonly number: number }
    | { readonly kind: "iota" }
  );

export interface MapValue extends Sized {
  readonly kind: "map";
  readonly kernel: KernelName;
  readonly operands: readonly Access[];
  readonly dims: Dims;
}

export interface FoldValue extends Sized {
  readonly kind: "fold";
  readonly fold: Fold;
  readonly operands: readonly Access[];
  /** The space that is folded, and where each of its elements goes: stride 0 along folded axes. */
  readonly dims: Dims;
  readonly strides: readonly number[];
}

/** One matrix or several of a value: where each begins, and its strides. */
export interface Matrices extends Access {
  readonly strides: readonly [number, number];
  readonly starts: readonly number[];
}

export interface MatmulValue extends Sized {
  readonly kind: "matmul";
  readonly a: Matrices;
  readonly b: Matrices;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/** What an op makes of whole tensors, which are in order. */
export interface WholeValue extends Sized {
  readonly kind: "whole";
  readonly node: NodeOf<WholeOp>;
  readonly operands: readonly Access[];
  readonly shapes: readonly (readonly number[])[];
}

/** One result of a recursion over whole tensors, which are in order. */
export interface ScanValue extends Sized {
  readonly kind: "scan";
  readonly recursion: Recursion;
  readonly output: number;
  readonly operands: readonly Access[];
  readonly shapes: readonly (readonly number[])[];
}

/** Something that has elements of its own, row-major and contiguous. */
export type Value = SourceValue | MapValue | FoldValue | MatmulValue | WholeValue | ScanValue;

export interface ResolvedOutput {
  readonly value: number;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** A program with all sizes known and all views dissolved into strides. */
export interface Resolved {
  readonly values: readonly Value[];
  readonly outputs: readonly ResolvedOutput[];
}

interface View {
  readonly value: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

export function resolve(program: Program, sizes: DimSizes): Resolved {
  const values: Value[] = [];
  const views: View[] = [];
  const viewOf = (id: number): View => {
    const view = views[id];
    if (view === undefined) throw new RangeError(`resolve: instruction ${id} does not exist`);
    return view;
  };
  for (const instruction of program.instructions) {
    const shape = bindShape(instruction.shape, sizes);
    if (instruction.kind === "view") {
      views.push(rearrange(viewOf(instruction.of), shape, instruction.from));
      continue;
    }
    if (instruction.kind === "reshape") {
      views.push(reshaped(viewOf(instruction.of), shape, values));
      continue;
    }
    const value = valueOf(instruction, shape, sizes, viewOf, values);
    const strides = value.kind === "number" ? shape.map(() => 0) : contiguousStrides(shape);
    views.push({ value: values.push(value) - 1, shape, strides });
  }
  const outputs = program.outputs.map((id): ResolvedOutput => {
    const { shape, dtype } = program.instructions[id] as { shape: Shape; dtype: DType };
    return { value: ownValue(viewOf(id), dtype, values), shape: bindShape(shape, sizes), dtype };
  });
  return onlyNeeded({ values, outputs });
}

function rearrange(view: View, shape: readonly number[], from: readonly number[]): View {
  const strides = from.map((axis, i) =>
    axis < 0 || view.shape[axis] === 1 || shape[i] === 1 ? 0 : (view.strides[axis] ?? 0),
  );
  return { value: view.value, shape, strides };
}

/** The same elements, copied where they are not in order. */
function reshaped(view: View, shape: readonly number[], values: Value[]): View {
  if (values[view.value]?.kind === "number") return { value: view.value, shape, strides: shape.map(() => 0) };
  return { value: inOrder(view, values), shape, strides: contiguousStrides(shape) };
}

/** A value with the elements of a view in their order: its own, or a copy. */
function inOrder(view: View, values: Value[]): number {
  const source = values[view.value];
  if (source === undefined) throw new RangeError(`resolve: value ${view.value} does not exist`);
  const dims = withoutOnes(view.shape);
  return isInOrder(walkedStrides(view), dims, source.size) ? view.value : copyOf(view, source.dtype, values);
}

function walkedStrides({ shape, strides }: View): readonly number[] {
  return strides.filter((_, axis) => shape[axis] !== 1);
}

function copyOf(view: View, dtype: DType, values: Value[]): number {
  const size = sizeOf(view.shape);
  if (size === 0) return values.push({ kind: "number", number: 0, size, dtype }) - 1;
  const operands = [{ value: view.value, strides: walkedStrides(view) }];
  return values.push({ kind: "map", kernel: "copy", operands, dims: withoutOnes(view.shape), size, dtype }) - 1;
}

/** Whole tensors as operands. */
function wholes(views: readonly View[], values: Value[]): Pick<WholeValue, "operands" | "shapes"> {
  return {
    operands: views.map((view) => ({
      value: inOrder(view, values),
      strides: walkedStrides({ ...view, strides: contiguousStrides(view.shape) }),
    })),
    shapes: views.map(({ shape }) => shape),
  };
}

/** How a view is walked by a reader of `shape`, which it broadcasts to. */
function access(view: View, shape: readonly number[]): Access {
  const added = shape.length - view.shape.length;
  const strides = shape.flatMap((dim, axis) => {
    if (dim === 1) return [];
    const own = axis - added;
    return [own < 0 || view.shape[own] === 1 ? 0 : (view.strides[own] ?? 0)];
  });
  return { value: view.value, strides };
}

function withoutOnes(shape: readonly number[]): Dims {
  return shape.filter((dim) => dim !== 1);
}

function valueOf(
  instruction: Exclude<Instruction, { readonly kind: "view" | "reshape" }>,
  shape: readonly number[],
  sizes: DimSizes,
  viewOf: (id: number) => View,
  values: Value[],
): Value {
  const sized: Sized = { size: sizeOf(shape), dtype: instruction.dtype };
  // Nothing is read of what has no elements.
  if (sized.size === 0 && instruction.kind !== "input") return { ...sized, kind: "number", number: 0 };
  switch (instruction.kind) {
    case "input":
      return { ...sized, kind: "input", name: instruction.name };
    case "number":
      return { ...sized, kind: "number", number: instruction.value };
    case "count":
      return { ...sized, kind: "number", number: sizeOf(bindShape(instruction.dims, sizes)) };
    case "iota":
      return { ...sized, kind: "iota" };
    case "map": {
      const operands = instruction.operands.map((id) => access(viewOf(id), shape));
      return (
        folded(sized, instruction.kernel, operands, values) ?? {
          ...sized,
          kind: "map",
          kernel: instruction.kernel,
          operands,
          dims: withoutOnes(shape),
        }
      );
    }
    case "fold": {
      const space = bindShape(instruction.space, sizes);
      if (sizeOf(space) === 0) return { ...sized, kind: "number", number: identityOf(instruction.fold, sized.dtype) };
      const strides = contiguousStrides(space.map((dim, axis) => (instruction.axes.includes(axis) ? 1 : dim)));
      return {
        ...sized,
        kind: "fold",
        fold: instruction.fold,
        operands: instruction.operands.map((id) => access(viewOf(id), space)),
        dims: withoutOnes(space),
        strides: strides.filter((_, axis) => space[axis] !== 1),
      };
    }
    case "matmul": {
      const batch = shape.slice(0, -2);
      const [rows = 0, columns = 0] = shape.slice(-2);
      const [left, right] = instruction.operands.map((id) => viewOf(id));
      if (left === undefined || right === undefined) throw new RangeError("resolve: matmul needs two operands");
      const inner = left.shape.at(-1) ?? 0;
      return { ...sized, kind: "matmul", a: matrices(left, batch), b: matrices(right, batch), rows, inner, columns };
    }
    case "whole": {
      const operands = instruction.operands.map(viewOf);
      return { ...sized, kind: "whole", node: instruction.node, ...wholes(operands, values) };
    }
    case "scan": {
      const { recursion, output } = instruction;
      const twin = values.find((value) => value.kind === "scan" && value.recursion === recursion);
      const { operands, shapes } = twin?.kind === "scan" ? twin : wholes(instruction.operands.map(viewOf), values);
      return { ...sized, kind: "scan", recursion, output, operands, shapes };
    }
  }
}

/** The matrices of a view along its last two axes, for each place of the batch that it broadcasts to. */
function matrices(view: View, batch: readonly number[]): Matrices {
  const { value, shape, strides } = view;
  const [row = 0, column = 0] = strides.slice(-2);
  const outer = { value, shape: shape.slice(0, -2), strides: strides.slice(0, -2) };
  const steps = access(outer, batch).strides;
  const dims = withoutOnes(batch);
  const starts = Array.from({ length: sizeOfDims(dims) }, (_, i) => runStart({ outerDims: [...dims].reverse(), outerStrides: [...steps].reverse() }, i)); // prettier-ignore
  return { value, strides: [row, column], starts };
}

/** A map over known numbers is a known number. */
function folded(
  sized: Sized,
  kernel: KernelName,
  operands: readonly Access[],
  values: readonly Value[],
): SourceValue | undefined {
  const cells = new Float64Array(4);
  for (const [i, { value }] of operands.entries()) {
    const operand = values[value];
    if (operand?.kind !== "number") return undefined;
    cells[i + 1] = operand.number;
  }
  elementwiseKernels[kernel](cells, 0, 1, 2, 3, 1);
  return { ...sized, kind: "number", number: cells[0] ?? Number.NaN };
}

/** The value that an output consists of; a copy where it is only a view of one, or an input passed through. */
function ownValue(view: View, dtype: DType, values: Value[]): number {
  if (sizeOf(view.shape) === 0) return values.push({ kind: "number", number: 0, size: 0, dtype }) - 1;
  const source = values[view.value];
  const isComputed = source?.kind !== "input" && source?.kind !== "number" && source?.kind !== "iota";
  return isComputed ? inOrder(view, values) : copyOf(view, dtype, values);
}
