import { isObject, printValue } from "../arguments.js";
import type { AnyTypedArray } from "../backend.js";
import { ShapeError } from "../errors.js";
import { formatShape, sizeOf } from "../tensor/dims.js";
import { emptyLike, lengthOf } from "./typedArrays.js";

/** Where an element lies: at `offset`, plus its position along each axis times the step of that axis. */
interface Layout {
  readonly strides: readonly number[];
  readonly offset: number;
}

/**
 * The layout that a view of another library tells of itself: `stride` (ndarray) or `strides` with `offset`, or `fortranOrder` (.npy
 * readers). `undefined` if it says nothing.
 */
export function readLayout(where: string, view: object, shape: readonly number[]): Layout | undefined {
  const { stride, strides = stride, offset, fortranOrder } = view as Readonly<Record<string, unknown>>;
  if (fortranOrder !== undefined && typeof fortranOrder !== "boolean") {
    throw new ShapeError(`${where} must have fortranOrder true or false, got ${printValue(fortranOrder)}.`);
  }
  if (strides === undefined && offset === undefined && fortranOrder !== true) return undefined;
  if (offset !== undefined && !Number.isSafeInteger(offset)) {
    throw new ShapeError(`${where} must have a whole number as offset, got ${printValue(offset)}.`);
  }
  const steps = strides === undefined ? packed(shape, fortranOrder === true) : readSteps(where, strides, shape);
  return { strides: steps, offset: Number(offset ?? 0) };
}

function readSteps(where: string, strides: unknown, shape: readonly number[]): readonly number[] {
  const given = isObject(strides) ? strides : {};
  const steps = shape.map((_, axis) => given[axis]);
  if (given["length"] !== shape.length || !steps.every((step) => Number.isSafeInteger(step))) {
    const wanted = `one whole number as stride for each axis of ${formatShape(shape)}`;
    throw new ShapeError(`${where} must have ${wanted}, got ${printValue(strides)}.`);
  }
  return steps as readonly number[];
}

/** The strides of elements that lie one after the other, the last axis fastest; in Fortran order the first. */
function packed(shape: readonly number[], fortran: boolean): readonly number[] {
  const steps: number[] = [];
  let step = 1;
  for (let i = 0; i < shape.length; i++) {
    const axis = fortran ? i : shape.length - 1 - i;
    steps[axis] = step;
    step *= shape[axis] ?? 1;
  }
  return steps;
}

/** The elements in the order of the axes; the same array where they lie so already. */
export function inOrder(
  where: string,
  data: AnyTypedArray | readonly number[],
  shape: readonly number[],
  { strides, offset }: Layout,
): AnyTypedArray | readonly number[] {
  const size = sizeOf(shape);
  const length = ArrayBuffer.isView(data) ? lengthOf(data) : data.length;
  const isPacked = packed(shape, false).every((step, axis) => step === strides[axis] || (shape[axis] ?? 1) <= 1);
  if (isPacked && offset === 0 && length === size) return data;
  const ends = strides.map((step, axis) => step * ((shape[axis] ?? 1) - 1));
  const lowest = ends.reduce((sum, end) => sum + Math.min(0, end), offset);
  const highest = ends.reduce((sum, end) => sum + Math.max(0, end), offset);
  if (size > 0 && (lowest < 0 || highest >= length)) {
    const view = `a view of shape ${formatShape(shape)} that reaches from ${lowest} to ${highest}`;
    throw new ShapeError(`${where} must lie within its ${length} elements, got ${view}.`);
  }
  const result = ArrayBuffer.isView(data) ? emptyLike(data, size) : new Float64Array(size);
  const position = shape.map(() => 0);
  let at = offset;
  for (let i = 0; i < size; i++) {
    // The class of both arrays is the same, but the compiler cannot know which.
    (result as unknown as number[])[i] = data[at] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [step, extent] = [strides[axis] ?? 0, shape[axis] ?? 1];
      const next = (position[axis] ?? 0) + 1;
      at += step;
      if (next < extent) {
        position[axis] = next;
        break;
      }
      position[axis] = 0;
      at -= step * extent;
    }
  }
  return result;
}
