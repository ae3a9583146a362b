import { ShapeError } from "../../errors.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, list, parameter, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { reduction, type ReductionOption } from "../../loss/options.js";
import { addDims, subtractDims } from "../../tensor/dimArithmetic.js";
import type { Dim } from "../../tensor/dims.js";
import type { Tensor } from "../../tensor/tensor.js";

export type AdaptiveLogSoftmaxWithLossOptions = ReductionOption;

/** How many classes the layers tell apart: those of the head, with those of each cluster in the place of the cluster. */
function classCount(sizes: Readonly<Record<string, Dim>>): Dim {
  const clusters = Object.entries(sizes).flatMap(([letter, size]) => (/^O_\d+_$/.test(letter) ? [size] : []));
  return clusters.reduce((all, size) => addDims(all, subtractDims(size, 1)), sizes["R"] ?? 0);
}

/**
 * Frequent classes have logits of their own, rare ones those of a cluster and of a small layer in it.
 *
 * `−log p(head class)`, for a class of cluster i `−log p(cluster i) − log p(class | cluster i)`
 *
 * Inputs: `input`, features (D) or (N, D); `target`, int32 or int64 class indices () or (N), the frequent classes
 * first; `headWeight` (S + K, D), rows for S frequent classes and then K clusters; `tailProjection` and `tailWeight`,
 * lists of K matrices (P, D) and (O, P) for the O classes of each cluster; optional `headBias` (S + K). Returns the
 * shape of `target` with `reduction: "none"`, else a scalar. Equals the loss of `torch.nn.AdaptiveLogSoftmaxWithLoss`,
 * whose output is minus the values without reduction; its cutoffs are the sizes of the layers here.
 *
 * @formula `-log p(y), or -log p(cluster) - log p(y | cluster) for classes of a cluster`
 * @pytorch `torch.nn.AdaptiveLogSoftmaxWithLoss`
 * @input input - Features.
 * @input target - Class indices.
 * @input headWeight - Rows for the frequent classes, then one for each cluster.
 * @input tailProjection - What each cluster makes of the features.
 * @input tailWeight - Rows for the classes of each cluster.
 * @input headBias - Bias of the head.
 * @note Classes are numbered by falling frequency: those of the head first, then cluster by cluster.
 * @note PyTorch's cutoffs and div_value are the sizes of the layers, which are inputs here.
 * @note PyTorch returns the mean alone; the values without reduction are minus its output.
 * @see Grave et al.: Efficient softmax approximation for GPUs, ICML 2017
 * @throws InputError on an index beyond the classes; ShapeError if there are not as many projections as layers of
 * clusters.
 * @example
 * ```ts
 * const loss = await backend.compile(adaptiveLogSoftmaxWithLoss());
 * const { value } = await loss.valueAndGrad({ input, target, headWeight, tailProjection: [p0, p1], tailWeight: [w0, w1] });
 * ```
 */
export const adaptiveLogSoftmaxWithLoss: Loss<
  AdaptiveLogSoftmaxWithLossOptions,
  {
    input: "float";
    target: "index";
    headWeight: "float";
    tailProjection: "float[]";
    tailWeight: "float[]";
    headBias?: "float";
  } & Sampled
> = defineLoss({
  name: "adaptiveLogSoftmaxWithLoss",
  family: "classification",
  aliases: ["AdaptiveLogSoftmaxWithLoss", "adaptiveSoftmax"],
  inputs: {
    input: float(["N?", "D"]),
    target: labels(["N?"], { below: { computed: "the number of classes", of: classCount } }),
    headWeight: parameter(["R", "D"]),
    tailProjection: list(parameter(["P", "D"])),
    tailWeight: list(parameter(["O", "P"])),
  },
  optionalInputs: { headBias: parameter(["R"]), ...sampleInputs(["N?"]) },
  options: { reduction: reduction() },
  value({ input, target, headWeight, headBias, tailProjection, tailWeight }) {
    if (tailProjection.length !== tailWeight.length) {
      const got = `${tailProjection.length} and ${tailWeight.length}`;
      throw new ShapeError(
        `adaptiveLogSoftmaxWithLoss: tailProjection and tailWeight must have one length, got ${got}.`,
      );
    }
    const [x, y] = input.rank === 1 ? [input.unsqueeze(0), target.unsqueeze(0)] : [input, target];
    const frequent = subtractDims(headWeight.shape[0] ?? 1, tailWeight.length);
    let low = rowsOf(headWeight.slice(0, 0, frequent));
    let position = y;
    let gain: Tensor | undefined;
    tailWeight.forEach((weight, i) => {
      const inside = y.sub(low);
      const rows = rowsOf(weight);
      const isOwn = inside.greaterOrEqual(0).and(inside.less(rows));
      // Other rows have no part in this cluster, whatever they and its layers hold.
      const kept = (all: Tensor): Tensor => isOwn.unsqueeze(1).where(all, 0);
      const hidden = kept(kept(x).matmul((tailProjection[i] ?? weight).transpose()));
      const own = pickRow(kept(hidden.matmul(weight.transpose())).logSoftmax(1), inside);
      gain = isOwn.where(gain === undefined ? own : gain.add(own), gain ?? 0);
      position = isOwn.where(rowsOf(headWeight.slice(0, 0, frequent)).add(i), position);
      low = low.add(rows);
    });
    const linear = x.matmul(headWeight.transpose());
    const head = pickRow((headBias === undefined ? linear : linear.add(headBias)).logSoftmax(1), position);
    const values = (gain === undefined ? head : head.add(gain)).neg();
    return input.rank === 1 ? values.squeeze(0) : values;
  },
});

/** How many rows a matrix has, as an integer. */
function rowsOf(matrix: Tensor): Tensor {
  return matrix.iota(0).count(0).cast("int32");
}

/** The element of each row that `index` names; 0 where it names none. */
function pickRow(rows: Tensor, index: Tensor): Tensor {
  return rows.gather(1, index.unsqueeze(1)).squeeze(1);
}
