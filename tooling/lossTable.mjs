// The table of all losses in the READMEs, by field. `npm run gen` writes it.
import { lossFiles } from "./lossFiles.mjs";

/** What each folder of losses is called, in English and in Chinese, in the order of the table. */
const families = {
  matching: ["image-text matching", "图文匹配"],
  contrastive: ["contrastive", "对比学习"],
  classification: ["classification", "分类"],
  ranking: ["ranking", "排序"],
  listwise: ["learning to rank", "列表排序"],
  metric: ["metric learning", "度量学习"],
  regression: ["regression", "回归"],
  distribution: ["distributions", "分布"],
  segmentation: ["segmentation", "分割"],
  imageQuality: ["image quality", "图像质量"],
  sequence: ["speech and sequences", "语音与序列"],
  adversarial: ["adversarial", "对抗"],
  selfSupervised: ["self-supervised", "自监督"],
  distillation: ["distillation", "蒸馏"],
  preference: ["preferences", "偏好"],
};

/** The READMEs that have the table, and its first line in each. */
const heads = {
  "README.md": ["family", "losses"],
  "README.zh-CN.md": ["类别", "损失函数"],
};
export const filesWithTable = /** @type {(keyof typeof heads)[]} */ (Object.keys(heads));

/**
 * The text of a README with the table between its marks.
 * @param {keyof typeof heads} file
 * @param {string} text
 */
export function withLossTable(file, text) {
  const marks = /(<!-- losses -->\n)[\s\S]*?(<!-- end -->)/;
  if (!marks.test(text)) throw new Error(`losses: ${file} must have the mark <!-- losses -->.`);
  const losses = lossFiles();
  const unnamed = losses.find(({ family }) => !(family in families));
  if (unnamed) throw new Error(`losses: tooling/lossTable.mjs must say what losses/${unnamed.family} is called.`);
  const language = filesWithTable.indexOf(file);
  const rows = Object.entries(families).map(([family, titles]) => [
    titles[language],
    losses.flatMap((loss) => (loss.family === family ? [`\`${loss.name}\``] : [])).join(" "),
  ]);
  const table = [heads[file], ["---", "---"], ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
  return text.replace(marks, (_, begin, end) => `${begin}\n${table}\n${end}`);
}
