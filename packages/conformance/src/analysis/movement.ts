import { bindDim, sizeOf, type DimSizes, type NodeOf, type Positions } from "@losses/core";
import { at, copy, type Bounds } from "./bounded.js";
import { broadcastOffsets, sliceOffsets, transposeOffsets } from "./strides.js";

type MovingOp = "transpose" | "expand" | "slice";

/** Each element of the result is one of the operand's. */
export function boundMoving(node: NodeOf<MovingOp>, x: Bounds, to: Bounds, sizes: DimSizes): void {
  const offsets = offsetsOf(node, x.shape, to.shape, sizes);
  for (let i = 0; i < offsets.length; i++) copy(to, i, x, at(offsets, i));
}

function offsetsOf(
  node: NodeOf<MovingOp>,
  from: readonly number[],
  to: readonly number[],
  sizes: DimSizes,
): Int32Array {
  switch (node.op) {
    case "transpose":
      return transposeOffsets(from, node.attrs.perm);
    case "expand":
      return broadcastOffsets(from, to);
    case "slice":
      return sliceOffsets(from, to, node.attrs, startOf(node.attrs, to, sizes));
  }
}

/** The same elements in the same order. */
export function boundReshaped(x: Bounds, to: Bounds): void {
  for (let i = 0; i < to.value.length; i++) copy(to, i, x, i);
}

/** One operand after the other. */
export function boundConcat(node: NodeOf<"concat">, operands: readonly Bounds[], to: Bounds): void {
  const { axis } = node.attrs;
  let start = 0;
  for (const x of operands) {
    place(x, to, sliceOffsets(to.shape, x.shape, { axis, step: 1 }, start));
    start += x.shape[axis] ?? 0;
  }
}

/** The operand among zeros, which results are made of from the start. */
export function boundPad(node: NodeOf<"pad">, x: Bounds, to: Bounds, sizes: DimSizes): void {
  place(x, to, sliceOffsets(to.shape, x.shape, node.attrs, startOf(node.attrs, x.shape, sizes)));
}

/** Where positions start; of none, that may be before the axis. */
export function startOf({ start }: Positions, part: readonly number[], sizes: DimSizes): number {
  return sizeOf(part) === 0 ? 0 : bindDim(start, sizes);
}

function place(x: Bounds, to: Bounds, offsets: Int32Array): void {
  for (let i = 0; i < offsets.length; i++) copy(to, at(offsets, i), x, i);
}
