import { divideDim } from "../tensor/dimArithmetic.js";
import type { Tensor } from "../tensor/tensor.js";
import { radians, sine } from "./angles.js";
import { unit } from "./norm.js";
import { oneHot, pick } from "./select.js";

/** Cosines of embeddings (N, D) with the classes that are the columns of a weight (D, C). */
export function classCosines(embeddings: Tensor, weight: Tensor): Tensor {
  return unit(embeddings).matmul(unit(weight.transpose()).transpose());
}

/** Cosines with several centres of each class, whose columns lie side by side in (D, C·K): (N, C, K). */
export function centerCosines(embeddings: Tensor, weight: Tensor, centers: number): Tensor {
  const cosines = classCosines(embeddings, weight);
  const [n = 1, columns = 1] = cosines.shape;
  return cosines.reshape([n, divideDim(columns, centers), centers]);
}

/** Scores (N, C) whose target is changed, the others left. */
export function changeTarget(scores: Tensor, labels: Tensor, change: (target: Tensor) => Tensor): Tensor {
  const changed = change(pick(scores, labels, 1));
  return oneHot(scores, labels, 1).where(changed.unsqueeze(1), scores);
}

/** Cross-entropy of each row of (N, C) logits against its label. */
export function classEntropy(logits: Tensor, labels: Tensor): Tensor {
  return pick(logits.logSoftmax(1), labels, 1).neg();
}

/** cos(θ + margin) for cos θ, and beyond 180° the straight line `cos θ − margin · sin margin`, which goes on falling. */
export function angularMargin(degrees: number): (cosine: Tensor) => Tensor {
  const m = radians(degrees);
  return (cosine) => {
    const cos = cosine.clampMin(-1).clampMax(1);
    // cos(θ + m) = cos θ cos m − sin θ sin m; θ ≤ π − m where cos θ ≥ −cos m
    const widened = cos.mul(Math.cos(m)).sub(sine(cos).mul(Math.sin(m)));
    return cos.greaterOrEqual(-Math.cos(m)).where(widened, cos.sub(m * Math.sin(m)));
  };
}

/** `(−1)^k cos(mθ) − 2k` for cos θ, `k = ⌊mθ / π⌋`. */
export function multipleAngle(m: number): (cosine: Tensor) => Tensor {
  return (cosine) => {
    // cos(jθ) = 2 cos θ cos((j − 1)θ) − cos((j − 2)θ)
    let [before, multiple] = [cosine.mul(0).add(1), cosine];
    for (let j = 2; j <= m; j++) [before, multiple] = [multiple, cosine.mul(2).mul(multiple).sub(before)];
    // θ ≥ jπ/m where cos θ ≤ cos(jπ/m)
    let value = multiple;
    for (let j = 1; j <= m; j++) {
      const isBeyond = cosine.lessOrEqual(Math.cos((j * Math.PI) / m));
      value = isBeyond.where(multiple.mul((-1) ** j).sub(2 * j), value);
    }
    return value;
  };
}
