import type { Tensor } from "../tensor/tensor.js";

/** Boxes by the coordinates of two corners, x₁ ≤ x₂ and y₁ ≤ y₂. */
export interface Boxes {
  readonly x1: Tensor;
  readonly y1: Tensor;
  readonly x2: Tensor;
  readonly y2: Tensor;
}

/** What boxes are to each other, pair by pair. */
export interface BoxPairs {
  readonly intersection: Tensor;
  readonly union: Tensor;
  /** Width and height of the least box around both. */
  readonly around: readonly [width: Tensor, height: Tensor];
  /** The squared distance of their centres. */
  readonly centerDistance: Tensor;
}

/** Corners along the last axis, x₁ y₁ x₂ y₂. */
export function corners(boxes: Tensor): Boxes {
  const at = (i: number): Tensor => boxes.slice(-1, i, 1).squeeze(-1);
  return { x1: at(0), y1: at(1), x2: at(2), y2: at(3) };
}

export function widthOf({ x1, x2 }: Boxes): Tensor {
  return x2.sub(x1);
}

export function heightOf({ y1, y2 }: Boxes): Tensor {
  return y2.sub(y1);
}

/** Boxes that only touch do not intersect: no gradient flows through an intersection of 0. Equal coordinates share theirs. */
export function boxPairs(a: Boxes, b: Boxes): BoxPairs {
  const width = a.x2.minimum(b.x2).sub(a.x1.maximum(b.x1));
  const height = a.y2.minimum(b.y2).sub(a.y1.maximum(b.y1));
  const intersection = width.greater(0).and(height.greater(0)).where(width.mul(height), 0);
  const area = (box: Boxes): Tensor => widthOf(box).mul(heightOf(box));
  const center = (from: Tensor, to: Tensor): Tensor => from.add(to).mul(0.5);
  const [x, y] = [center(a.x1, a.x2).sub(center(b.x1, b.x2)), center(a.y1, a.y2).sub(center(b.y1, b.y2))];
  return {
    intersection,
    union: area(a).add(area(b)).sub(intersection),
    around: [a.x2.maximum(b.x2).sub(a.x1.minimum(b.x1)), a.y2.maximum(b.y2).sub(a.y1.minimum(b.y1))],
    centerDistance: x.square().add(y.square()),
  };
}
