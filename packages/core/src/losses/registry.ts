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
import { crossEntropy } from "./classification/crossEntropy.js";
import { nllLoss } from "./classification/nllLoss.js";
import { clipLoss } from "./contrastive/clipLoss.js";
import { contrastiveLoss } from "./contrastive/contrastiveLoss.js";
import { klDiv } from "./distribution/klDiv.js";
import { cmpcLoss } from "./matching/cmpcLoss.js";
import { cmpmLoss } from "./matching/cmpmLoss.js";
import { instanceLoss } from "./matching/instanceLoss.js";
import { mmcaLoss } from "./matching/mmcaLoss.js";
import { mmcaTripletLoss } from "./matching/mmcaTripletLoss.js";
import { scanLoss } from "./matching/scanLoss.js";
import { sdmLoss } from "./matching/sdmLoss.js";
import { sgrafLoss } from "./matching/sgrafLoss.js";
import { vseLoss } from "./matching/vseLoss.js";
import { marginRankingLoss } from "./ranking/marginRankingLoss.js";
import { rankingLoss } from "./ranking/rankingLoss.js";
import { tripletMarginLoss } from "./ranking/tripletMarginLoss.js";
import { tripletMarginWithDistanceLoss } from "./ranking/tripletMarginWithDistanceLoss.js";

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
  crossEntropy,
  nllLoss,
  clipLoss,
  contrastiveLoss,
  klDiv,
  cmpcLoss,
  cmpmLoss,
  instanceLoss,
  mmcaLoss,
  mmcaTripletLoss,
  scanLoss,
  sdmLoss,
  sgrafLoss,
  vseLoss,
  marginRankingLoss,
  rankingLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
];

/** Every loss of this package, for tools that list or look them up; importing it brings all of them along. */
export const allLosses: readonly AnyLoss[] = losses as readonly AnyLoss[];
