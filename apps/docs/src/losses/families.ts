/** How the site groups losses: the families that specs name, in the order of the site, with what each is for. */
export interface FamilyDocs {
  readonly name: string;
  readonly title: string;
  readonly intro: string;
  /** The questions that lead to a loss: one condition, one loss each, in the order in which to ask. */
  readonly path: readonly { readonly when: string; readonly take: string }[];
}

/** A family that is not listed here gets its own name as title, and comes last. */
export const families: readonly FamilyDocs[] = [
  {
    name: "matching",
    title: "Image-text matching",
    intro: "An image and its caption should be found by each other, in both directions.",
    path: [
      { when: "You pre-train two encoders on large batches of pairs", take: "clipLoss" },
      { when: "You pre-train on many devices, or batches are small", take: "siglipLoss" },
      { when: "You fine-tune for retrieval and captions are clean", take: "vseLoss" },
      { when: "Pairs have identities that repeat, as in person search", take: "cmpmLoss" },
      { when: "You choose the negatives yourself", take: "mmcaTripletLoss" },
    ],
  },
  {
    name: "contrastive",
    title: "Contrastive",
    intro: "What belongs together is drawn together, everything else in the batch is pushed away.",
    path: [
      { when: "Two views of each sample in one batch", take: "clipLoss" },
      { when: "One query, one match, explicit hard negatives", take: "infoNceLoss" },
      { when: "Labels say which samples belong together", take: "supConLoss" },
      { when: "Only pairs with yes or no", take: "contrastiveLoss" },
    ],
  },
  {
    name: "classification",
    title: "Classification",
    intro: "One or several labels out of a fixed list.",
    path: [
      { when: "One label out of C, from logits", take: "crossEntropy" },
      { when: "One label out of C, from log-probabilities", take: "nllLoss" },
      { when: "Several labels at once", take: "binaryCrossEntropyWithLogits" },
      { when: "One class is rare and easy samples drown it", take: "focalLoss" },
    ],
  },
  {
    name: "ranking",
    title: "Ranking",
    intro: "The order counts, not the level.",
    path: [
      { when: "Two scores and which should be higher", take: "marginRankingLoss" },
      { when: "Anchor, positive and negative, by distance", take: "tripletMarginLoss" },
      { when: "The same by similarity", take: "rankingLoss" },
      { when: "The same by a distance of your own", take: "tripletMarginWithDistanceLoss" },
    ],
  },
  { name: "listwise", title: "Learning to rank", intro: "A list of documents is ordered as a whole.", path: [] },
  {
    name: "metric",
    title: "Metric learning",
    intro: "Embeddings with labels: near within a class, far between.",
    path: [],
  },
  { name: "regression", title: "Regression", intro: "A number should come close to another.", path: [] },
  {
    name: "distribution",
    title: "Distributions",
    intro: "A predicted distribution should be like a given one.",
    path: [{ when: "Both distributions are given over the same classes", take: "klDiv" }],
  },
  {
    name: "segmentation",
    title: "Segmentation",
    intro: "A label for every pixel, where most pixels are background.",
    path: [],
  },
  { name: "imageQuality", title: "Image quality", intro: "Pictures compared as people compare them.", path: [] },
  { name: "sequence", title: "Speech and sequences", intro: "The alignment of input and output is unknown.", path: [] },
  {
    name: "adversarial",
    title: "Generative and adversarial",
    intro: "One network tells real from made, the other tries not to be told.",
    path: [
      { when: "You begin, and the discriminator ends in a logit", take: "ganGeneratorLoss" },
      { when: "Gradients vanish because the discriminator wins", take: "lsganGeneratorLoss" },
      { when: "The critic is kept Lipschitz", take: "wganDiscriminatorLoss" },
      { when: "A large model with spectral normalisation", take: "hingeGanDiscriminatorLoss" },
      { when: "Images translated back need only be plausible", take: "adversarialConsistencyLoss" },
    ],
  },
  { name: "selfSupervised", title: "Self-supervised", intro: "Two views of one sample, and no labels.", path: [] },
  { name: "distillation", title: "Distillation", intro: "A small model learns from a large one.", path: [] },
  { name: "preference", title: "Preferences", intro: "People said which answer is better.", path: [] },
];

/** The family of that name, or one that only has its name. */
export function familyOf(name: string): FamilyDocs {
  const known = families.find((family) => family.name === name);
  return known ?? { name, title: name.charAt(0).toUpperCase() + name.slice(1), intro: "", path: [] };
}

/** Losses in the order of the site: by family, then as given. */
export function groupByFamily<T extends { readonly family: string }>(
  losses: readonly T[],
): readonly { readonly family: FamilyDocs; readonly losses: readonly T[] }[] {
  const order = [...families.map(({ name }) => name), ...losses.map(({ family }) => family)];
  return [...new Set(order)]
    .map((name) => ({ family: familyOf(name), losses: losses.filter(({ family }) => family === name) }))
    .filter((group) => group.losses.length > 0);
}

/** Every text above: families that have no loss yet are translated before the first one comes. */
export const familyTexts: readonly string[] = families.flatMap(({ title, intro, path }) => [
  title,
  intro,
  ...path.map(({ when }) => when),
]);
