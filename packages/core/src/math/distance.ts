import type { Tensor } from "../tensor/tensor.js";
import { normalize, vectorNorm } from "./norm.js";

/** `‖x − y + eps‖ₚ` over the last axis, as PyTorch: eps joins the signed difference, so it is not symmetric. */
export function pairwiseDistance(x: Tensor, y: Tensor, p = 2, eps = 1e-6): Tensor {
  const difference = x.sub(y);
  return vectorNorm(eps === 0 ? difference : difference.add(eps), p);
}

/** `‖x − y‖₂` over the last axis; gradient 0 where x = y. */
export function euclideanDistance(x: Tensor, y: Tensor): Tensor {
  return vectorNorm(x.sub(y), 2);
}

/** The cosine of the angle between rows, as PyTorch's `cosine_similarity`; 0 where one of them is a zero vector. */
export function cosineSimilarity(x: Tensor, y: Tensor): Tensor {
  return dot(normalize(x), normalize(y));
}

/** Inner product of rows. */
export function dot(x: Tensor, y: Tensor): Tensor {
  return x.mul(y).sum(-1);
}

export type DistanceName = "pairwise" | "euclidean" | "squaredEuclidean" | "manhattan" | "cosine";

/** A named distance between rows. */
export function distanceOf(name: DistanceName): (x: Tensor, y: Tensor) => Tensor {
  switch (name) {
    case "pairwise":
      return pairwiseDistance;
    case "euclidean":
      return euclideanDistance;
    case "squaredEuclidean":
      return (x, y) => x.sub(y).square().sum(-1);
    case "manhattan":
      return (x, y) => x.sub(y).abs().sum(-1);
    case "cosine":
      return (x, y) => cosineSimilarity(x, y).neg().add(1);
  }
}

export type SimilarityName = "cosine" | "dot" | "negativeEuclidean";

/** A named similarity between rows. */
export function similarityOf(name: SimilarityName): (x: Tensor, y: Tensor) => Tensor {
  switch (name) {
    case "cosine":
      return cosineSimilarity;
    case "dot":
      return dot;
    case "negativeEuclidean":
      return (x, y) => euclideanDistance(x, y).neg();
  }
}
