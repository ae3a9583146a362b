// Written by tooling/generate.mjs from the files in this folder; do not edit.
import type { AnyLoss } from "../loss/define.js";
import { adversarialConsistencyLoss } from "./adversarial/adversarialConsistencyLoss.js";
import { ganDiscriminatorLoss } from "./adversarial/ganDiscriminatorLoss.js";
import { ganGeneratorLoss } from "./adversarial/ganGeneratorLoss.js";
import { hingeGanDiscriminatorLoss } from "./adversarial/hingeGanDiscriminatorLoss.js";
import { hingeGanGeneratorLoss } from "./adversarial/hingeGanGeneratorLoss.js";
import { lsganDiscriminatorLoss } from "./adversarial/lsganDiscriminatorLoss.js";
import { lsganGeneratorLoss } from "./adversarial/lsganGeneratorLoss.js";
import { wganDiscriminatorLoss } from "./adversarial/wganDiscriminatorLoss.js";
import { wganGeneratorLoss } from "./adversarial/wganGeneratorLoss.js";
import { adaptiveLogSoftmaxWithLoss } from "./classification/adaptiveLogSoftmaxWithLoss.js";
import { binaryCrossEntropy } from "./classification/binaryCrossEntropy.js";
import { binaryCrossEntropyWithLogits } from "./classification/binaryCrossEntropyWithLogits.js";
import { categoricalFocalLoss } from "./classification/categoricalFocalLoss.js";
import { crossEntropy } from "./classification/crossEntropy.js";
import { focalLoss } from "./classification/focalLoss.js";
import { linearCrossEntropy } from "./classification/linearCrossEntropy.js";
import { multiMarginLoss } from "./classification/multiMarginLoss.js";
import { multilabelMarginLoss } from "./classification/multilabelMarginLoss.js";
import { multilabelSoftMarginLoss } from "./classification/multilabelSoftMarginLoss.js";
import { nllLoss } from "./classification/nllLoss.js";
import { softMarginLoss } from "./classification/softMarginLoss.js";
import { clipLoss } from "./contrastive/clipLoss.js";
import { contrastiveLoss } from "./contrastive/contrastiveLoss.js";
import { cosineEmbeddingLoss } from "./contrastive/cosineEmbeddingLoss.js";
import { hingeEmbeddingLoss } from "./contrastive/hingeEmbeddingLoss.js";
import { knowledgeDistillationLoss } from "./distillation/knowledgeDistillationLoss.js";
import { gaussianNllLoss } from "./distribution/gaussianNllLoss.js";
import { klDiv } from "./distribution/klDiv.js";
import { poissonNllLoss } from "./distribution/poissonNllLoss.js";
import { ssimLoss } from "./imageQuality/ssimLoss.js";
import { listMleLoss } from "./listwise/listMleLoss.js";
import { rankingSoftmaxLoss } from "./listwise/rankingSoftmaxLoss.js";
import { cmpcLoss } from "./matching/cmpcLoss.js";
import { cmpmLoss } from "./matching/cmpmLoss.js";
import { mmcaTripletLoss } from "./matching/mmcaTripletLoss.js";
import { vseLoss } from "./matching/vseLoss.js";
import { dpoLoss } from "./preference/dpoLoss.js";
import { marginRankingLoss } from "./ranking/marginRankingLoss.js";
import { rankingLoss } from "./ranking/rankingLoss.js";
import { tripletMarginLoss } from "./ranking/tripletMarginLoss.js";
import { tripletMarginWithDistanceLoss } from "./ranking/tripletMarginWithDistanceLoss.js";
import { ciouLoss } from "./regression/ciouLoss.js";
import { huberLoss } from "./regression/huberLoss.js";
import { l1Loss } from "./regression/l1Loss.js";
import { logCoshLoss } from "./regression/logCoshLoss.js";
import { mseLoss } from "./regression/mseLoss.js";
import { quantileLoss } from "./regression/quantileLoss.js";
import { smoothL1Loss } from "./regression/smoothL1Loss.js";
import { diceLoss } from "./segmentation/diceLoss.js";
import { jaccardLoss } from "./segmentation/jaccardLoss.js";
import { lovaszHingeLoss } from "./segmentation/lovaszHingeLoss.js";
import { tverskyLoss } from "./segmentation/tverskyLoss.js";
import { barlowTwinsLoss } from "./selfSupervised/barlowTwinsLoss.js";
import { vicRegLoss } from "./selfSupervised/vicRegLoss.js";
import { ctcLoss } from "./sequence/ctcLoss.js";

const losses: readonly unknown[] = [
  adversarialConsistencyLoss,
  ganDiscriminatorLoss,
  ganGeneratorLoss,
  hingeGanDiscriminatorLoss,
  hingeGanGeneratorLoss,
  lsganDiscriminatorLoss,
  lsganGeneratorLoss,
  wganDiscriminatorLoss,
  wganGeneratorLoss,
  adaptiveLogSoftmaxWithLoss,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  categoricalFocalLoss,
  crossEntropy,
  focalLoss,
  linearCrossEntropy,
  multiMarginLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  nllLoss,
  softMarginLoss,
  clipLoss,
  contrastiveLoss,
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  knowledgeDistillationLoss,
  gaussianNllLoss,
  klDiv,
  poissonNllLoss,
  ssimLoss,
  listMleLoss,
  rankingSoftmaxLoss,
  cmpcLoss,
  cmpmLoss,
  mmcaTripletLoss,
  vseLoss,
  dpoLoss,
  marginRankingLoss,
  rankingLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
  ciouLoss,
  huberLoss,
  l1Loss,
  logCoshLoss,
  mseLoss,
  quantileLoss,
  smoothL1Loss,
  diceLoss,
  jaccardLoss,
  lovaszHingeLoss,
  tverskyLoss,
  barlowTwinsLoss,
  vicRegLoss,
  ctcLoss,
];

/** Every loss of this package, for tools that list or look them up; importing it brings all of them along. */
export const allLosses: readonly AnyLoss[] = losses as readonly AnyLoss[];
