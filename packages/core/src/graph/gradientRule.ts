import type { Tensor } from "../tensor/tensor.js";

/** What flows to the inputs of a stated gradient when `gradient` arrives at `value`, the result that it is stated for. */
export type Backward = (gradient: Tensor, value: Tensor) => readonly (Tensor | undefined)[];

/** A gradient stated by hand. */
export interface GradientRule {
  readonly inputs: readonly number[];
  readonly backward: Backward;
}
