import { bindShape, sizeOf, type DimSizes, type DType, type Shape } from "@losses/core";
import { elementwiseKernels, type KernelName } from "./elementwise.js";
import { identityOf } from "./folds.js";
import { contiguousStrides, isInOrder, sizeOfDims, type Access, type Dims } from "./layout.js";
import { onlyNeeded } from "./needed.js";
import type { Fold, Instruction, Program } from "./program.js";

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

export interface Matrix extends Access {
  readonly strides: readonly [number, number];
}

export interface MatmulValue extends Sized {
  readonly kind: "matmul";
  readonly a: Matrix;
  readonly b: Matrix;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/** Something that has elements of its own, row-major and contiguous. */
export type Value = SourceValue | MapValue | FoldValue | MatmulValue;

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
  instruction: Exclude<Instruction, { readonly kind: "view" }>,
  shape: readonly number[],
  sizes: DimSizes,
  viewOf: (id: number) => View,
  values: readonly Value[],
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
      const [a, b] = instruction.operands.map((id) => matrix(viewOf(id)));
      const [rows = 0, columns = 0] = shape;
      if (a === undefined || b === undefined) throw new RangeError("resolve: matmul needs two operands");
      const inner = viewOf(instruction.operands[0]).shape[1] ?? 0;
      return { ...sized, kind: "matmul", a, b, rows, inner, columns };
    }
  }
}

function matrix({ value, strides }: View): Matrix {
  return { value, strides: [strides[0] ?? 0, strides[1] ?? 0] };
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
function ownValue({ value, shape, strides }: View, dtype: DType, values: Value[]): number {
  if (sizeOf(shape) === 0) return values.push({ kind: "number", number: 0, size: 0, dtype }) - 1;
  const source = values[value];
  const dims = withoutOnes(shape);
  const walked = strides.filter((_, axis) => shape[axis] !== 1);
  if (source === undefined) throw new RangeError(`resolve: value ${value} does not exist`);
  const computed = source.kind === "map" || source.kind === "fold" || source.kind === "matmul";
  if (computed && isInOrder(walked, dims, source.size)) return value;
  const size = sizeOfDims(dims);
  return values.push({ kind: "map", kernel: "copy", operands: [{ value, strides: walked }], dims, size, dtype }) - 1;
}
