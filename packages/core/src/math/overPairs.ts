import type { LossValue } from "../loss/reduce.js";
import type { Tensor } from "../tensor/tensor.js";
import type { OptionDeclarations } from "../loss/options.js";
import { reducedBy, reducerOption, type BatchReducer, type BatchValue } from "./batchReducer.js";
import { mine, minerOption, type MinedPairs, type Miner } from "./miners.js";

/** What every loss over the pairs or triplets of a batch has besides its own. */
export interface BatchOptions {
  /** Which pairs or triplets count, by name or made by `tripletMarginMiner` and the like. Default `"none"`. */
  readonly miner: Miner;
  /** What is done to their costs before the reduction, as `thresholdReducer` and the like make it. Default `"none"`. */
  readonly reducer: BatchReducer;
}

export function batchOptions(): OptionDeclarations<BatchOptions> {
  return { miner: minerOption(), reducer: reducerOption() };
}

/** A loss over the pairs of a batch that are mined, its costs as the reducer leaves them. */
export function overPairs(
  embeddings: Tensor,
  labels: Tensor,
  { miner, reducer }: BatchOptions,
  value: (pairs: MinedPairs) => BatchValue,
): LossValue {
  return reducedBy(reducer, labels, value(mine(miner, embeddings, labels)));
}
