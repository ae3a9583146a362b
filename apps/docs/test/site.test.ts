// The built site, read as files: what holds for every page.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { allLosses } from "@losses/core";
import { describe, expect, it } from "vitest";
import { readLossDocs } from "../src/losses/lossDocs.js";
import { contentSecurityPolicy } from "../src/server/policy.js";

const out = fileURLToPath(new URL("../site/.vitepress/dist", import.meta.url));
const files = readdirSync(out, { recursive: true, encoding: "utf8" }).map((file) => file.split("\\").join("/"));
const pages = files.filter((file) => file.endsWith(".html") && file !== "404.html");
const html = new Map(pages.map((page) => [page, readFileSync(join(out, page), "utf8")]));

/** The file behind an address of the site. */
function fileAt(path: string): string | undefined {
  const clean = decodeURI(path).replace(/^\//, "");
  return [clean, `${clean}.html`, join(clean, "index.html")].find(
    (file) => existsSync(join(out, file)) && statSync(join(out, file)).isFile(),
  );
}

describe("the built site", () => {
  it("has every page in both languages, and each as Markdown beside it", () => {
    const english = pages.filter((page) => !page.startsWith("zh/"));
    expect(english.length).toBeGreaterThan(allLosses.length + 20);
    for (const page of english) {
      expect(pages, page).toContain(`zh/${page}`);
      for (const one of [page, `zh/${page}`]) expect(files, one).toContain(one.replace(/\.html$/, ".md"));
    }
    for (const { lossName } of allLosses) expect(pages).toContain(`losses/${lossName}.html`);
  });

  it("works under its policy: one script in a page, named by its hash, and no style or handler", () => {
    expect(contentSecurityPolicy).not.toMatch(/unsafe-inline|unsafe-eval'(?!;)|https?:|\*/);
    const named = [...contentSecurityPolicy.matchAll(/'sha256-([^']+)'/g)].map(([, hash]) => hash);
    expect(named).toHaveLength(1);
    for (const [page, given] of [...html, ["404.html", readFileSync(join(out, "404.html"), "utf8")] as const]) {
      const own = /<script>([\s\S]*?)<\/script>/.exec(given);
      expect(
        createHash("sha256")
          .update(own?.[1] ?? "")
          .digest("base64"),
        page,
      ).toBe(named[0]);
      // It would wait for styles that stand before it.
      expect(own?.index, page).toBeLessThan(given.indexOf("stylesheet"));
      const text = given.replace(own?.[0] ?? "", "");
      const inline = [...text.matchAll(/<script(?![^>]*\bsrc=)[^>]*>|<style[\s>]|<[a-z][^>]*\s(?:style|on[a-z]+)="/g)];
      expect(
        inline.map(([found]) => found),
        page,
      ).toEqual([]);
    }
  });

  it("draws before it lives: nothing but the style sheet is waited for, and the first fonts come with it", () => {
    for (const [page, text] of html) {
      const [head = ""] = text.split("</head>");
      const waited = [
        ...head.matchAll(/<link[^>]*rel="[^"]*stylesheet[^>]*>|<script(?![^>]*type="module")[^>]*src=[^>]*>/g),
      ];
      expect(waited, page).toHaveLength(1);
      for (const [tag] of head.matchAll(/<script[^>]*\ssrc=[^>]*>|<link rel="modulepreload"[^>]*>/g))
        expect(tag, page).toContain('fetchpriority="low"');
      const fonts = [...head.matchAll(/<link rel="preload" href="\/([^"]+)" as="font"/g)].map(([, file = ""]) => file);
      expect(fonts, page).toHaveLength(2);
      for (const file of fonts) expect(files).toContain(file);
    }
  });

  it("asks nothing of another origin", () => {
    for (const [page, text] of html) {
      const outside = [
        ...text.matchAll(
          /<(?:script|img|iframe|source)[^>]*\ssrc="(https?:[^"]*)"|<link[^>]*rel="(?:stylesheet|preload|modulepreload|icon)[^>]*href="(https?:[^"]*)"/g,
        ),
      ];
      expect(
        outside.map(([found]) => found),
        page,
      ).toEqual([]);
    }
  });

  it("has no link that leads nowhere, down to the heading", () => {
    const ids = new Map(
      [...html].map(([page, text]) => [page, new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id))]),
    );
    const broken: string[] = [];
    for (const [page, text] of html) {
      for (const [, href = ""] of text.matchAll(/<a[^>]*\shref="([^"]+)"/g)) {
        if (/^(https?:|mailto:)/.test(href)) continue;
        const { pathname, hash } = new URL(
          href.replace(/&amp;/g, "&"),
          `http://site/${page.replace(/\.html$/, "").replace(/(^|\/)index$/, "$1")}`,
        );
        const file = fileAt(pathname);
        const isMissing =
          file === undefined ||
          (hash !== "" && !hash.includes("=") && ids.get(file)?.has(decodeURIComponent(hash.slice(1))) === false);
        if (isMissing) broken.push(`${page}: ${href}`);
      }
    }
    // Anchors inside the API reference are TypeDoc's; it names overloads by numbers of its own.
    expect(broken.filter((line) => !/api\/\w+\.html: .*#/.test(line))).toEqual([]);
  });

  it("has a title, a description, a canonical address and both languages in the head of each page", () => {
    const titles = new Set<string>();
    for (const [page, text] of html) {
      const [, title = ""] = /<title>([^<]*)<\/title>/.exec(text) ?? [];
      titles.add(`${page.startsWith("zh/") ? "zh " : ""}${title}`);
      expect(title, page).not.toBe("");
      expect(text, page).toMatch(/<meta name="description" content="[^"]{8,}/);
      expect(text, page).toMatch(/<link rel="canonical" href="https:\/\/[^"]+"/);
      expect(text, page).toContain('hreflang="zh-CN"');
      expect(text, page).toContain(`<html lang="${page.startsWith("zh/") ? "zh-CN" : "en"}"`);
    }
    expect(titles.size).toBe(pages.length);
  });

  it("tells machines of every page: sitemap and llms.txt", () => {
    const sitemap = readFileSync(join(out, "sitemap.xml"), "utf8");
    expect([...sitemap.matchAll(/<loc>/g)]).toHaveLength(pages.length);
    for (const file of ["llms.txt", "zh/llms.txt"]) {
      const text = readFileSync(join(out, file), "utf8");
      for (const { lossName } of allLosses) expect(text).toContain(`losses/${lossName}.md`);
      for (const [, path = ""] of text.matchAll(/\]\(https:\/\/[^/]+\/([^)]+)\)/g)) expect(files, path).toContain(path);
    }
  });

  it("keeps the first load of a loss page under 200 kB gzipped, fonts included, before the engine comes", () => {
    const zipped = (file: string): number =>
      /\.(woff2|png)$/.test(file) ? statSync(join(out, file)).size : gzipSync(readFileSync(join(out, file))).length;
    const fonts = files.filter((file) =>
      /(source-sans-3-latin-wght-normal|ibm-plex-mono-latin-400-normal|KaTeX_Main-Regular|KaTeX_Math-Italic|KaTeX_Size[12]-Regular).*\.woff2$/.test(
        file,
      ),
    );
    expect(fonts).toHaveLength(6);
    const size = (page: string): number => {
      const text = html.get(page) ?? "";
      const linked = [
        ...text.matchAll(
          /<(?:script[^>]*\ssrc|link[^>]*rel="(?:preload stylesheet|modulepreload|icon)"[^>]*href)="\/([^"]+)"/g,
        ),
      ].map(([, file = ""]) => file);
      return [page, ...new Set(linked), ...fonts].reduce((sum, file) => sum + zipped(file), 0);
    };
    const sizes = allLosses.map(({ lossName }) => ({ lossName, kB: size(`losses/${lossName}.html`) / 1000 }));
    console.log(
      `first load: ${Math.min(...sizes.map(({ kB }) => kB)).toFixed(0)} to ${Math.max(...sizes.map(({ kB }) => kB)).toFixed(0)} kB`,
    );
    for (const { lossName, kB } of sizes) expect(kB, lossName).toBeLessThan(200);
  });
});

describe.each(readLossDocs().map((loss) => [loss.name, loss] as const))("the page of %s", (name, loss) => {
  const text = html.get(`losses/${name}.html`) ?? "";

  it("tells inputs, options, formula, edges, code and references", () => {
    for (const { name: input } of loss.inputs) expect(text).toContain(`<code>${input}</code>`);
    for (const { name: option } of loss.options) expect(text).toContain(`<code>${option}</code>`);
    expect(text).toContain('class="katex-display"');
    for (const id of ["formula", "inputs", "options", "edges", "code"]) expect(text).toContain(`id="${id}"`);
    expect([...text.matchAll(/class="edge"/g)].length).toBeGreaterThanOrEqual(2);
    for (const tab of ["core + js", "TensorFlow.js", "ONNX Runtime", "ONNX in Python"]) expect(text).toContain(tab);
    if (loss.pytorch !== undefined) expect(text).toContain("PyTorch</label>");
  });

  it("says the same in Chinese", () => {
    const chinese = html.get(`zh/losses/${name}.html`) ?? "";
    const body =
      /<main[\s\S]*<\/main>/.exec(chinese)?.[0].replace(/<pre[\s\S]*?<\/pre>|<code[\s\S]*?<\/code>|<[^>]+>/g, " ") ??
      "";
    expect((body.match(/\p{Script=Han}/gu) ?? []).length).toBeGreaterThan(300);
    for (const id of ["formula", "inputs", "options", "edges", "code"]) expect(chinese).toContain(`id="${id}"`);
  });
});
