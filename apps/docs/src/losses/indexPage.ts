import type { Translate } from "../i18n/translator.js";
import { groupByFamily } from "./families.js";
import type { LossDocs } from "./lossDocs.js";
import { inlineHtml } from "./lossPage.js";

/** The page of all losses: by field, each with the questions that lead to one of them. */
export function indexPage(losses: readonly LossDocs[], t: Translate): string {
  const groups = groupByFamily(losses).map(({ family, losses: members }) => {
    const path = family.path.filter(({ take }) => losses.some(({ name }) => name === take));
    return [
      `## ${t(family.title)} {#${family.name}}`,
      "",
      t(family.intro),
      "",
      ...(path.length < 2
        ? []
        : [
            '<div class="path">',
            "",
            ...path.map(({ when, take }) => `- ${t(when)} → [${take}](./${take})`),
            "",
            "</div>",
            "",
          ]),
      '<div class="cards">',
      ...members.map(
        ({ name, summary }) =>
          `<a class="card" href="./${name}"><strong>${name}</strong><span>${inlineHtml(t(summary))}</span></a>`,
      ),
      "</div>",
      "",
    ].join("\n");
  });
  return [
    "---",
    `title: ${JSON.stringify(t("Losses"))}`,
    `description: ${JSON.stringify(t("Every loss by field, and which one to take when."))}`,
    "kind: index",
    "---",
    "",
    `# ${t("Which loss when")}`,
    "",
    `<p class="lead">${t("{count} losses by field. Follow the questions; each page shows its loss alive.", { count: losses.length })}</p>`,
    "",
    ...groups,
  ].join("\n");
}

/** The mistakes of the survey that this project grew out of, collected from the notes of the losses. */
export function surveyPage(losses: readonly LossDocs[], t: Translate): string {
  const notes = losses.flatMap(({ name, notes: all }) =>
    all
      .filter((note) => /\bsurvey\b/i.test(note))
      .map((note) => `| [${name}](./${name}) | ${t(note).replace(/\|/g, "\\|")} |`),
  );
  return [
    "---",
    `title: ${JSON.stringify(t("The survey, corrected"))}`,
    `description: ${JSON.stringify(t("What the survey of losses says, where it is mistaken, and the right values."))}`,
    "kind: page",
    "---",
    "",
    `# ${t("The survey, corrected")}`,
    "",
    t(
      "This project began with a Chinese article that sorts loss functions by field. It is a good map. Where it is mistaken, the right value stands here, and on the page of each loss.",
    ),
    "",
    `| ${t("Loss")} | ${t("What is right")} |`,
    "| --- | --- |",
    ...notes,
    "",
  ].join("\n");
}
