// Writes everything that VitePress makes the site of: pages in every language, data, search, and the files for machines.
// `--list-missing` prints missing translations as JSON and ends.
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import MarkdownIt from "markdown-it";
import { tex } from "@mdit/plugin-tex";
import { translateMarkdown } from "../i18n/markdown.js";
import { english, readDictionary, Translator, type Translate } from "../i18n/translator.js";
import { familyTexts } from "../losses/families.js";
import { inputPhrases } from "../losses/inputTexts.js";
import { allLossDocs, homePage, lossPages } from "../losses/lossPages.js";
import { mathCss, renderMath } from "../markdown/math.js";
import { localPath, locales, type Locale } from "../site.js";
import { interfaceTexts } from "./interface.js";
import type { Page } from "./page.js";
import { llmsIndex, machineMarkdown } from "./machines.js";
import { navigation } from "./navigation.js";
import { appFolder, pagesFolder, publicFolder, write } from "./paths.js";
import { writePlayground } from "./playground.js";
import { searchIndex, sectionsOf } from "./search.js";
import { apiPages, readApi } from "./api.js";
import { scoreboardPage, scoreboardTexts } from "../scoreboard/page.js";
import { migrationTables } from "./migrations.js";

const titleOf = (markdown: string): string => /^title: "?(.*?)"?$/m.exec(markdown)?.[1] ?? "";

function pagesOf(locale: Locale, translate: (part: string) => Translate): readonly Page[] {
  const guides = readdirSync(join(appFolder, "content/guide"))
    .filter((file) => file.endsWith(".md"))
    .map((file) => {
      const source = migrationTables(readFileSync(join(appFolder, "content/guide", file), "utf8"));
      const markdown = locale === "en" ? source : translateMarkdown(source, translate(`guide/${file}`));
      return { path: `guide/${file.slice(0, -3)}`, markdown };
    });
  const t = translate("pages");
  return [
    homePage(translate),
    ...lossPages(translate),
    {
      path: "playground",
      markdown: shellPage(
        "playground",
        t("Playground"),
        t("Write a loss and run it on every backend of this browser."),
        "<PlaygroundPage />",
      ),
    },
    scoreboardPage(t),
    ...guides,
    ...apiPages(t),
  ];
}

function shellPage(kind: string, title: string, description: string, component: string): string {
  return [
    "---",
    `title: ${JSON.stringify(title)}`,
    `description: ${JSON.stringify(description)}`,
    `kind: ${kind}`,
    "---",
    "",
    `# ${title}`,
    "",
    `<p class="lead">${description}</p>`,
    "",
    component,
    "",
  ].join("\n");
}

const listOnly = process.argv.includes("--list-missing");
await readApi();
if (!listOnly) rmSync(pagesFolder, { recursive: true, force: true });
if (!listOnly) cpSync(join(appFolder, "static"), publicFolder, { recursive: true });
const markdownIt = new MarkdownIt({ html: true }).use(tex, { render: renderMath, delimiters: "dollars" });
const untranslated: Record<string, string> = {};
const unused: string[] = [];
const indexes: Record<string, readonly Page[]> = {};
for (const locale of locales) {
  const translator =
    locale === "en" ? undefined : new Translator(readDictionary(join(appFolder, "translations"), locale));
  const translate = (part: string): Translate => translator?.for(part) ?? english;
  const pages = pagesOf(locale, translate);
  const nav = navigation(locale, pages, translate("interface"));
  for (const text of [...familyTexts, ...inputPhrases, ...scoreboardTexts]) translate("pages")(text);
  for (const text of interfaceTexts(join(appFolder, "site/.vitepress/theme"))) translate("interface")(text);
  const entries = pages.flatMap(({ path, markdown }) =>
    sectionsOf(`/${localPath(locale, path)}`, markdown, titleOf(markdown)),
  );
  for (const { path, markdown } of listOnly ? [] : pages) {
    markdownIt.render(markdown);
    write(pagesFolder, `${localPath(locale, path)}.md`, markdown);
    write(publicFolder, `${localPath(locale, path)}.md`, machineMarkdown(markdown));
  }
  if (!listOnly) {
    write(publicFolder, `search/${locale}.json`, searchIndex(entries));
    write(pagesFolder, `data/navigation.${locale}.json`, JSON.stringify(nav));
    write(publicFolder, localPath(locale, "llms.txt"), llmsIndex(locale, nav, pages));
  }
  indexes[locale] = pages;
  if (translator !== undefined) {
    for (const [text, part] of translator.missing) untranslated[text] = part;
    unused.push(...translator.unused());
  }
}
if (!listOnly) {
  write(pagesFolder, "data/math.css", mathCss());
  for (const { name } of allLossDocs)
    write(pagesFolder, `data/losses/${name}.ts`, `export { ${name} as default } from "@losses/core";\n`);
  await writePlayground();
}

if (listOnly) {
  console.log(JSON.stringify({ missing: untranslated, unused }, undefined, 1));
} else {
  const missing = Object.entries(untranslated);
  for (const [text, part] of missing)
    console.error(`docs: "${text}" (${part}) must have a Chinese translation, got none.`);
  for (const text of unused)
    console.error(`docs: the translation of "${text}" must be used, got no such English text.`);
  const count = Object.values(indexes).reduce((sum, pages) => sum + pages.length, 0);
  console.log(`docs: ${count} pages in ${locales.length} languages.`);
  if (missing.length + unused.length > 0) process.exitCode = 1;
}
