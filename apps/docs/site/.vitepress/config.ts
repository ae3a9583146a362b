import { tex } from "@mdit/plugin-tex";
import { readFileSync } from "node:fs";
import { defineConfigWithTheme, type HeadConfig } from "vitepress";
import type { Navigation } from "../../dist/generate/navigation.js";
import { renderMath } from "../../dist/markdown/math.js";
import { codeTheme, tokensAsClasses } from "../../dist/markdown/code.js";
import { firstFonts, putHeadRight } from "../../dist/generate/head.js";
import { slug } from "../../dist/i18n/markdown.js";
import { siteUrl } from "../../dist/site.js";
import type { SiteConfig } from "./theme/texts.js";

const navigation = (locale: string): Navigation =>
  JSON.parse(
    readFileSync(new URL(`../../.generated/data/navigation.${locale}.json`, import.meta.url), "utf8"),
  ) as Navigation;

/** The address of a page in both languages, from its path in English. */
const addressOf = (page: string): string =>
  new URL(page.replace(/(^|\/)index\.md$/, "$1").replace(/\.md$/, ""), siteUrl).href;

export default defineConfigWithTheme<SiteConfig>({
  title: "@losses",
  titleTemplate: ":title – @losses",
  base: siteUrl.pathname,
  srcDir: "../.generated",
  srcExclude: ["public/**"],
  cleanUrls: true,
  metaChunk: true,
  appearance: false,
  locales: {
    root: { label: "English", lang: "en", themeConfig: { locale: "en", navigation: navigation("en") } },
    zh: { label: "中文", lang: "zh-CN", themeConfig: { locale: "zh", navigation: navigation("zh") } },
  },
  contentProps: { class: "doc" },
  markdown: {
    theme: codeTheme,
    codeTransformers: [tokensAsClasses],
    anchor: { slugify: slug, permalink: () => undefined },
    // VitePress carries declarations of markdown-it of its own; the plugin is the same for both.
    config: (md) =>
      void md.use(tex as unknown as Parameters<typeof md.use>[0], { render: renderMath, delimiters: "dollars" }),
  },
  head: [
    ["link", { rel: "icon", href: `${siteUrl.pathname}icon.svg`, type: "image/svg+xml" }],
    ["meta", { name: "color-scheme", content: "light dark" }],
  ],
  transformHead({ assets, pageData: { relativePath, title, description, frontmatter } }): HeadConfig[] {
    const fonts = firstFonts(assets).map((href): HeadConfig => {
      return ["link", { rel: "preload", href, as: "font", type: "font/woff2", crossorigin: "" }];
    });
    if (relativePath === "404.md") return fonts;
    const english = relativePath.replace(/^zh\//, "");
    const picture = new URL("social.png", siteUrl).href;
    const full = frontmatter["kind"] === "home" ? title : `${title} – @losses`;
    return [
      ...fonts,
      ["link", { rel: "canonical", href: addressOf(relativePath) }],
      ["link", { rel: "alternate", hreflang: "en", href: addressOf(english) }],
      ["link", { rel: "alternate", hreflang: "zh-CN", href: addressOf(`zh/${english}`) }],
      ["link", { rel: "alternate", type: "text/markdown", href: `${siteUrl.pathname}${relativePath}` }],
      ["meta", { property: "og:type", content: "article" }],
      ["meta", { property: "og:title", content: full }],
      ["meta", { property: "og:description", content: description }],
      ["meta", { property: "og:url", content: addressOf(relativePath) }],
      ["meta", { property: "og:image", content: picture }],
      ["meta", { name: "twitter:card", content: "summary_large_image" }],
    ];
  },
  transformHtml: putHeadRight,
  vite: {
    resolve: { alias: { "@app": new URL("../../dist", import.meta.url).pathname } },
    worker: { format: "es" },
    // The policy takes fonts from files alone, so that none may become a part of the style sheet.
    build: { chunkSizeWarningLimit: 20_000, assetsInlineLimit: 0 },
  },
});
