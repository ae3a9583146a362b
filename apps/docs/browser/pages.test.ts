import { allLosses } from "@losses/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeViolations } from "../../../tooling/axe.js";
import { siteUrl } from "../src/site.js";
import { openSite, type Site } from "./site.js";

let site: Site;
beforeAll(async () => void (site = await openSite()));
afterAll(() => site.close());

/** One page of each kind; what holds for all pages is checked in their files. */
const kinds = [
  "/",
  "/losses/",
  "/losses/tripletMarginLoss",
  "/losses/crossEntropy",
  "/losses/ganGeneratorLoss",
  "/guide/numerics",
  "/scoreboard",
  "/api/js",
  "/playground",
  "/zh/",
  "/zh/losses/clipLoss",
  "/zh/guide/start",
];

describe.each(kinds)("%s", (path) => {
  it("loads without an error, violates no rule of axe in light and dark, and fits a phone", async () => {
    const { page, problems } = await site.open(path, { theme: "light" });
    await page.waitForSelector("h1");
    if (path.includes("playground")) await page.waitForSelector("[data-value]", { timeout: 60_000 });
    for (const theme of ["light", "dark"]) {
      await page.evaluate((name) => void (document.documentElement.dataset["theme"] = name), theme);
      expect(await axeViolations(page), theme).toEqual([]);
    }
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    expect(problems).toEqual([]);
    await page.close();
  });
});

/** The pages of losses in Chinese live as those in English do: of each family one is tried. */
const inChinese = new Map([...allLosses].reverse().map(({ lossName, definition }) => [definition.family, lossName]));
const isTried = (path: string): boolean => {
  const [, name] = /^zh\/losses\/(\w+)$/.exec(path) ?? [];
  return name === undefined || [...inChinese.values()].includes(name);
};

it("every page loads without an error, starts what lives in it, and fits a phone", async () => {
  const sitemap = await (await fetch(`${site.address}sitemap.xml`)).text();
  const paths = [...sitemap.matchAll(/<loc>([^<]*)<\/loc>/g)].map(([, at = ""]) => at.slice(siteUrl.href.length));
  expect(paths.length).toBeGreaterThan(2 * allLosses.length);
  const { page, problems } = await site.open("/", { width: 390 });
  const wrong: string[] = [];
  for (const path of paths.filter(isTried)) {
    await page.goto(new URL(path, site.address).href, { waitUntil: "load" });
    // A page that is left while it fetches says so.
    if (path.endsWith("playground")) await page.waitForSelector("[data-value]");
    if (allLosses.some(({ lossName }) => path.endsWith(`losses/${lossName}`)))
      await page.waitForSelector("[data-engine]");
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > 390) problems.push(`${width} pixels wide`);
    wrong.push(...problems.splice(0).map((problem) => `${path}: ${problem}`));
  }
  expect(wrong.join("\n")).toBe("");
  await page.close();
}, 600_000);

it("a loss page fetches no font but those that the size of its first load is counted with", async () => {
  const { page } = await site.open("/losses/tripletMarginLoss");
  await page.evaluate(() => document.fonts.ready);
  const fonts = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .map(({ name }) => name)
      .filter((name) => name.endsWith(".woff2")),
  );
  const counted =
    /source-sans-3-latin-wght-normal|ibm-plex-mono-latin-400-normal|KaTeX_Main-Regular|KaTeX_Math-Italic|KaTeX_Size[12]-Regular/;
  expect(fonts.length).toBeGreaterThan(2);
  expect(fonts.filter((name) => !counted.test(name))).toEqual([]);
  await page.close();
});

describe("finding one's way", () => {
  it("searches in both languages, from the keyboard", async () => {
    const { page, problems } = await site.open("/losses/klDiv");
    await page.waitForSelector("[data-engine]");
    await page.keyboard.press("/");
    await page.locator("dialog input").fill("triplet");
    await page.waitForSelector("[role=option]");
    await page.keyboard.press("Enter");
    await page.waitForURL(/triplet/i);
    await page.goto(`${site.address}zh/`);
    await page.waitForSelector("[data-engine]");
    await page.keyboard.press("Control+k");
    await page.locator("dialog input").fill("交叉熵");
    await page.waitForSelector("[role=option]");
    expect(await page.locator("[role=option]").first().innerText()).toMatch(/crossEntropy|交叉熵/);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("goes to a heading, although what lies before it has never been laid out", async () => {
    const { page } = await site.open("/losses/tripletMarginLoss");
    await page.waitForSelector(".outline li");
    const top = (id: string): Promise<number> =>
      page.evaluate((at) => document.getElementById(at)?.getBoundingClientRect().top ?? Number.NaN, id);
    const isAtTop = (y: number): boolean => y > 40 && y < 145;
    for (const id of ["code", "inputs", "edges"]) {
      await page.locator(`.outline a[href="#${id}"]`).click();
      await expect.poll(() => top(id), { timeout: 10_000 }).toSatisfy(isAtTop);
    }
    await page.goto(`${site.address}losses/crossEntropy#edges`);
    await expect.poll(() => top("edges"), { timeout: 10_000 }).toSatisfy(isAtTop);
    await page.close();
  });

  it("changes the language and keeps the page; changes the colours and keeps them", async () => {
    const { page } = await site.open("/losses/vseLoss");
    await page.locator("a.language").click();
    await page.waitForURL(/\/zh\/losses\/vseLoss$/);
    // The address changes before the page does.
    await page.locator("main h2", { hasText: "何时使用" }).waitFor();
    expect(await page.locator("main h2").first().innerText()).toMatch(/何时使用/);
    await page.getByRole("button", { name: "深色" }).click();
    await page.reload();
    expect(await page.evaluate(() => document.documentElement.dataset["theme"])).toBe("dark");
    await page.close();
  });

  it("answers an address that is none with a page of the site", async () => {
    const { page } = await site.open("/losses/noSuchLoss");
    expect(await page.locator("h1").innerText()).toBe("There is no such page");
    await page.close();
  });
});
