import { addDims, defineLoss, float, labels, reduction, type Loss, type Reduction, type Tensor } from "@losses/core";

export interface LovaszOptions {
  readonly reduction: Reduction;
}

/** How the Jaccard loss grows with each error, along the first axis, where `truth` has the order of falling errors. */
function lovaszGradient(truth: Tensor): Tensor {
  const size = truth.shape[0] ?? 1;
  const total = truth.sum(0, true);
  const jaccard = total
    .sub(truth.cumsum(0))
    .div(total.add(truth.neg().add(1).cumsum(0)))
    .neg()
    .add(1);
  return jaccard.sub(jaccard.pad(0, 1, addDims(size, 1)).slice(0, 0, size));
}

/** `Σ errorᵢ · gradientᵢ` along the first axis, errors falling. */
function lovasz(errors: Tensor, truth: Tensor): Tensor {
  const order = errors.argsort(0, { descending: true });
  return errors
    .gather(0, order)
    .mul(lovaszGradient(truth.gather(0, order)))
    .sum(0);
}

/** The Lovász hinge of Berman et al., CVPR 2018, over all pixels of one image. */
export const lovaszHinge: Loss<LovaszOptions, { logits: "float"; labels: "index" }> = defineLoss({
  name: "lovaszHinge",
  inputs: { logits: float(["P"]), labels: labels(["P"]) },
  options: { reduction: reduction("none") },
  value({ logits, labels: given }) {
    const truth = given.cast(logits.dtype);
    const errors = logits.mul(truth.mul(2).sub(1)).neg().add(1);
    const order = errors.argsort(0, { descending: true });
    return errors
      .gather(0, order)
      .relu()
      .mul(lovaszGradient(truth.gather(0, order)))
      .sum(0);
  },
});

/** The Lovász-softmax of the same paper, the mean over the classes that are present. */
export const lovaszSoftmax: Loss<LovaszOptions, { logits: "float"; labels: "index" }> = defineLoss({
  name: "lovaszSoftmax",
  inputs: { logits: float(["P", "C"]), labels: labels(["P"], "", { below: "C" }) },
  options: { reduction: reduction("none") },
  value({ logits, labels: given }) {
    const truth = logits.iota(1).equal(given.unsqueeze(1)).cast(logits.dtype);
    const isPresent = truth.sum(0).greater(0);
    const perClass = lovasz(truth.sub(logits.softmax(1)).abs(), truth);
    return isPresent.where(perClass, 0).sum().div(isPresent.cast(logits.dtype).sum());
  },
});
