// Writes what can only be written when the pages are there: the sitemap and the files of the hosting's headers.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { headersFile } from "../server/policy.js";
import { siteUrl } from "../site.js";
import { appFolder, write } from "./paths.js";

const out = join(appFolder, "site/.vitepress/dist");
const pages = readdirSync(out, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".html") && file !== "404.html")
  .map((file) =>
    file
      .split("\\")
      .join("/")
      .replace(/(^|\/)index\.html$/, "$1")
      .replace(/\.html$/, ""),
  )
  .sort();

const address = (page: string): string => new URL(page, siteUrl).href;
const entry = (page: string): string => {
  const english = page.replace(/^zh\/?/, "");
  return `  <url><loc>${address(page)}</loc><xhtml:link rel="alternate" hreflang="en" href="${address(english)}"/><xhtml:link rel="alternate" hreflang="zh-CN" href="${address(`zh/${english}`)}"/></url>`;
};

write(
  out,
  "sitemap.xml",
  `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n${pages.map(entry).join("\n")}\n</urlset>\n`,
);
write(out, "robots.txt", `User-agent: *\nAllow: /\n\nSitemap: ${address("sitemap.xml")}\n`);
write(out, "_headers", headersFile());

// The pages don't ask for it.
const icons = join(out, "vp-icons.css");
if (readFileSync(icons, "utf8").trim() !== "") {
  throw new Error(`docs: no page may use icons of VitePress, got some in ${icons}.`);
}
rmSync(icons);
