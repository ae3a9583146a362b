// Written by tooling/generate.mjs from the files in this folder; do not edit.
import type { AnyLoss } from "../loss/define.js";
import { aclGanConsistencyLoss } from "./adversarial/aclGanConsistencyLoss.js";
import { aclGanDiscriminatorLoss } from "./adversarial/aclGanDiscriminatorLoss.js";
import { aclGanFocusLoss } from "./adversarial/aclGanFocusLoss.js";
import { aclGanGeneratorLoss } from "./adversarial/aclGanGeneratorLoss.js";
import { aclGanIdentityLoss } from "./adversarial/aclGanIdentityLoss.js";
import { adversarialConsistencyLoss } from "./adversarial/adversarialConsistencyLoss.js";
import { beganDiscriminatorLoss } from "./adversarial/beganDiscriminatorLoss.js";
import { beganGeneratorLoss } from "./adversarial/beganGeneratorLoss.js";
import { ebganDiscriminatorLoss } from "./adversarial/ebganDiscriminatorLoss.js";
import { ebganGeneratorLoss } from "./adversarial/ebganGeneratorLoss.js";
import { featureMatchingLoss } from "./adversarial/featureMatchingLoss.js";
import { ganDiscriminatorLoss } from "./adversarial/ganDiscriminatorLoss.js";
import { ganGeneratorLoss } from "./adversarial/ganGeneratorLoss.js";
import { gradientPenaltyLoss } from "./adversarial/gradientPenaltyLoss.js";
import { hingeGanDiscriminatorLoss } from "./adversarial/hingeGanDiscriminatorLoss.js";
import { hingeGanGeneratorLoss } from "./adversarial/hingeGanGeneratorLoss.js";
import { lsganDiscriminatorLoss } from "./adversarial/lsganDiscriminatorLoss.js";
import { lsganGeneratorLoss } from "./adversarial/lsganGeneratorLoss.js";
import { pullingAwayLoss } from "./adversarial/pullingAwayLoss.js";
import { r1Loss } from "./adversarial/r1Loss.js";
import { r2Loss } from "./adversarial/r2Loss.js";
import { relativisticAverageDiscriminatorLoss } from "./adversarial/relativisticAverageDiscriminatorLoss.js";
import { relativisticAverageGeneratorLoss } from "./adversarial/relativisticAverageGeneratorLoss.js";
import { relativisticPairedDiscriminatorLoss } from "./adversarial/relativisticPairedDiscriminatorLoss.js";
import { relativisticPairedGeneratorLoss } from "./adversarial/relativisticPairedGeneratorLoss.js";
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
import { cocaLoss } from "./contrastive/cocaLoss.js";
import { contrastiveLoss } from "./contrastive/contrastiveLoss.js";
import { cosineEmbeddingLoss } from "./contrastive/cosineEmbeddingLoss.js";
import { decoupledContrastiveLoss } from "./contrastive/decoupledContrastiveLoss.js";
import { hingeEmbeddingLoss } from "./contrastive/hingeEmbeddingLoss.js";
import { infoNceLoss } from "./contrastive/infoNceLoss.js";
import { multipleNegativesRankingLoss } from "./contrastive/multipleNegativesRankingLoss.js";
import { ntXentLoss } from "./contrastive/ntXentLoss.js";
import { siglipLoss } from "./contrastive/siglipLoss.js";
import { supConLoss } from "./contrastive/supConLoss.js";
import { clipDistillationLoss } from "./distillation/clipDistillationLoss.js";
import { knowledgeDistillationLoss } from "./distillation/knowledgeDistillationLoss.js";
import { gaussianNllLoss } from "./distribution/gaussianNllLoss.js";
import { klDiv } from "./distribution/klDiv.js";
import { poissonNllLoss } from "./distribution/poissonNllLoss.js";
import { ssimLoss } from "./imageQuality/ssimLoss.js";
import { listMleLoss } from "./listwise/listMleLoss.js";
import { rankingSoftmaxLoss } from "./listwise/rankingSoftmaxLoss.js";
import { cmpcLoss } from "./matching/cmpcLoss.js";
import { cmpmLoss } from "./matching/cmpmLoss.js";
import { instanceLoss } from "./matching/instanceLoss.js";
import { mmcaLoss } from "./matching/mmcaLoss.js";
import { mmcaTripletLoss } from "./matching/mmcaTripletLoss.js";
import { scanLoss } from "./matching/scanLoss.js";
import { sdmLoss } from "./matching/sdmLoss.js";
import { sgrafLoss } from "./matching/sgrafLoss.js";
import { vseLoss } from "./matching/vseLoss.js";
import { angularLoss } from "./metric/angularLoss.js";
import { arcFaceLoss } from "./metric/arcFaceLoss.js";
import { circleLoss } from "./metric/circleLoss.js";
import { cosFaceLoss } from "./metric/cosFaceLoss.js";
import { fastApLoss } from "./metric/fastApLoss.js";
import { generalizedLiftedStructureLoss } from "./metric/generalizedLiftedStructureLoss.js";
import { largeMarginSoftmaxLoss } from "./metric/largeMarginSoftmaxLoss.js";
import { liftedStructureLoss } from "./metric/liftedStructureLoss.js";
import { marginLoss } from "./metric/marginLoss.js";
import { metricContrastiveLoss } from "./metric/metricContrastiveLoss.js";
import { metricTripletMarginLoss } from "./metric/metricTripletMarginLoss.js";
import { multiSimilarityLoss } from "./metric/multiSimilarityLoss.js";
import { nPairsLoss } from "./metric/nPairsLoss.js";
import { ncaLoss } from "./metric/ncaLoss.js";
import { normalizedSoftmaxLoss } from "./metric/normalizedSoftmaxLoss.js";
import { proxyAnchorLoss } from "./metric/proxyAnchorLoss.js";
import { proxyNcaLoss } from "./metric/proxyNcaLoss.js";
import { signalToNoiseContrastiveLoss } from "./metric/signalToNoiseContrastiveLoss.js";
import { softTripleLoss } from "./metric/softTripleLoss.js";
import { sphereFaceLoss } from "./metric/sphereFaceLoss.js";
import { subCenterArcFaceLoss } from "./metric/subCenterArcFaceLoss.js";
import { tupletMarginLoss } from "./metric/tupletMarginLoss.js";
import { dpoLoss } from "./preference/dpoLoss.js";
import { marginRankingLoss } from "./ranking/marginRankingLoss.js";
import { rankingLoss } from "./ranking/rankingLoss.js";
import { tripletMarginLoss } from "./ranking/tripletMarginLoss.js";
import { tripletMarginWithDistanceLoss } from "./ranking/tripletMarginWithDistanceLoss.js";
import { ciouLoss } from "./regression/ciouLoss.js";
import { diouLoss } from "./regression/diouLoss.js";
import { giouLoss } from "./regression/giouLoss.js";
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
  aclGanConsistencyLoss,
  aclGanDiscriminatorLoss,
  aclGanFocusLoss,
  aclGanGeneratorLoss,
  aclGanIdentityLoss,
  adversarialConsistencyLoss,
  beganDiscriminatorLoss,
  beganGeneratorLoss,
  ebganDiscriminatorLoss,
  ebganGeneratorLoss,
  featureMatchingLoss,
  ganDiscriminatorLoss,
  ganGeneratorLoss,
  gradientPenaltyLoss,
  hingeGanDiscriminatorLoss,
  hingeGanGeneratorLoss,
  lsganDiscriminatorLoss,
  lsganGeneratorLoss,
  pullingAwayLoss,
  r1Loss,
  r2Loss,
  relativisticAverageDiscriminatorLoss,
  relativisticAverageGeneratorLoss,
  relativisticPairedDiscriminatorLoss,
  relativisticPairedGeneratorLoss,
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
  cocaLoss,
  contrastiveLoss,
  cosineEmbeddingLoss,
  decoupledContrastiveLoss,
  hingeEmbeddingLoss,
  infoNceLoss,
  multipleNegativesRankingLoss,
  ntXentLoss,
  siglipLoss,
  supConLoss,
  clipDistillationLoss,
  knowledgeDistillationLoss,
  gaussianNllLoss,
  klDiv,
  poissonNllLoss,
  ssimLoss,
  listMleLoss,
  rankingSoftmaxLoss,
  cmpcLoss,
  cmpmLoss,
  instanceLoss,
  mmcaLoss,
  mmcaTripletLoss,
  scanLoss,
  sdmLoss,
  sgrafLoss,
  vseLoss,
  angularLoss,
  arcFaceLoss,
  circleLoss,
  cosFaceLoss,
  fastApLoss,
  generalizedLiftedStructureLoss,
  largeMarginSoftmaxLoss,
  liftedStructureLoss,
  marginLoss,
  metricContrastiveLoss,
  metricTripletMarginLoss,
  multiSimilarityLoss,
  nPairsLoss,
  ncaLoss,
  normalizedSoftmaxLoss,
  proxyAnchorLoss,
  proxyNcaLoss,
  signalToNoiseContrastiveLoss,
  softTripleLoss,
  sphereFaceLoss,
  subCenterArcFaceLoss,
  tupletMarginLoss,
  dpoLoss,
  marginRankingLoss,
  rankingLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
  ciouLoss,
  diouLoss,
  giouLoss,
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
