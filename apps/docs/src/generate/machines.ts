import { localPath, siteUrl, type Locale } from "../site.js";
import type { Page } from "./page.js";
import type { NavGroup, Navigation } from "./navigation.js";

/** A page as a program reads it: no components, no tags around text, tabs as titled blocks. */
export function machineMarkdown(markdown: string): string {
  const title = /^title: "?(.*?)"?$/m.exec(markdown)?.[1] ?? "";
  const description = /^description: "?(.*?)"?$/m.exec(markdown)?.[1] ?? "";
  const body = markdown
    .replace(/^---\n[\s\S]*?\n---\n/, "")
    .replace(/^:::.*\n/gm, "")
    .replace(/^```(\w+) \[(.*)\]$/gm, "**$2**\n\n```$1")
    .replace(/^<p class="edge-title">(.*)<\/p>$/gm, "\n**$1**\n")
    .replace(/<\/span><span[^>]*>/g, "; ")
    .replace(/<\/strong><span>/g, "; ")
    .replace(/^<code class="edge-in" v-pre>(.*)<\/code>$/gm, "- in: $1")
    .replace(/^<code class="edge-out" v-pre>(.*)<\/code>$/gm, "- out: $1")
    .replace(/<summary>.*?<\/summary>/g, "")
    .replace(/<a class="card" href="(.*?)"><strong>(.*?)<\/strong><span>(.*?)<\/span><\/a>/g, "- [$2]($1): $3")
    .replace(/<\/?[A-Za-z][^>]*>/g, "")
    .replace(/ \{#[\w-]+\}$/gm, "")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&amp;/g, "&")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
  return body.startsWith("# ") ? `${body}\n` : `# ${title}\n\n${description}\n\n${body}\n`;
}

/** The index for language models: what this is, and each page's Markdown. */
export function llmsIndex(locale: Locale, nav: Navigation, pages: readonly Page[]): string {
  const descriptions = new Map(
    pages.map(({ path, markdown }) => [
      `/${localPath(locale, path)}`,
      /^description: "?(.*?)"?$/m.exec(markdown)?.[1] ?? "",
    ]),
  );
  const list = (groups: readonly NavGroup[]): string =>
    groups
      .flatMap(({ links }) => links)
      .map(({ title, href }) => {
        const page = href.endsWith("/") ? `${href}index` : href;
        const about = descriptions.get(page) ?? "";
        return `- [${title}](${new URL(`.${page}.md`, siteUrl).href})${about === "" ? "" : `: ${about}`}`;
      })
      .join("\n");
  const home = descriptions.get(`/${localPath(locale, "index")}`) ?? "";
  return `# @losses\n\n> ${home}\n\n## Guides\n\n${list(nav.guides)}\n\n## Losses\n\n${list(nav.losses)}\n\n## API\n\n${list(nav.api)}\n`;
}
