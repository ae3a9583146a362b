import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Page } from "playwright-core";
import { pack } from "../src/playground/share.js";
import { openSite, type Site } from "./site.js";

let site: Site;
beforeAll(async () => void (site = await openSite()));
afterAll(() => site.close());

/** The address of a program. */
async function addressOf(code: string, backend = "js"): Promise<string> {
  return `/playground#state=${await pack({ code, backend, inputs: {} })}`;
}

const settled = (page: Page): Promise<unknown> =>
  page.waitForFunction(
    () =>
      document.querySelector(".outcome")?.getAttribute("aria-busy") === "false" &&
      document.querySelector("[data-value], .outcome .error") !== null,
    undefined,
    { timeout: 90_000 },
  );

describe("the playground", () => {
  it("runs a loss of one's own on js, tfjs and onnxruntime-web, and they agree", async () => {
    const { page, problems } = await site.open("/playground");
    const found: Record<string, string> = {};
    for (const id of ["js", "js:scalar", "tfjs:wasm", "onnxruntime-web:wasm"]) {
      await page.locator(".bar-top select").nth(1).selectOption(id);
      await page.waitForTimeout(100);
      await settled(page);
      expect(await page.locator(".outcome .error").allInnerTexts(), id).toEqual([]);
      found[id] = await page.locator("[data-value]").innerText();
    }
    expect(new Set(Object.values(found))).toEqual(new Set(["0.4457"]));
    expect(await page.locator(".timings li").count()).toBe(4);
    expect(await page.locator(".checked").first().innerText()).toContain("✓");
    expect(await page.locator(".graph-node").count()).toBeGreaterThan(8);
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download pseudoHuber.onnx" }).click();
    expect((await download).suggestedFilename()).toBe("pseudoHuber.onnx");
    expect(problems).toEqual([]);
    await page.close();
  });

  it("says what is wrong with a program, and where", async () => {
    const { page } = await site.open(await addressOf('import { float } from "@losses/core";\nconst = 3;\n'));
    await settled(page);
    expect(await page.locator(".outcome .error").innerText()).toMatch(/SyntaxError, line 2/);
    const thrown = 'import { defineLoss } from "@losses/core";\n\nthrow new Error("not today");\n';
    await page.goto(new URL((await addressOf(thrown)).slice(1), site.address).href);
    await page.reload();
    await settled(page);
    expect(await page.locator(".outcome .error").innerText()).toMatch(/Error, line 3[\s\S]*not today/);
    const shapes =
      'import { tripletMarginLoss } from "@losses/core";\nexport const loss = tripletMarginLoss();\nexport const inputs = { anchor: [[1, 2]], positive: [[1, 2]], negative: [[1, 2, 3]] };\n';
    await page.goto(new URL((await addressOf(shapes)).slice(1), site.address).href);
    await page.reload();
    await settled(page);
    expect(await page.locator(".outcome .error").innerText()).toContain("tripletMarginLoss: negative must have shape");
    await page.close();
  });

  it("ends a loop that does not end, and the page stays alive meanwhile", async () => {
    const { page } = await site.open(await addressOf("for (;;) {}\n"));
    await page.waitForFunction(() => document.querySelector(".outcome")?.getAttribute("aria-busy") === "true");
    expect(await page.evaluate(() => 1 + 1)).toBe(2);
    await settled(page);
    expect(await page.locator(".outcome .error").innerText()).toMatch(/Timeout[\s\S]*no sign of life/);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("button", { name: "Stop" }).click();
    await settled(page);
    expect(await page.locator(".outcome .error").innerText()).toContain("The program was stopped.");
    await page.close();
  });

  it("completes and checks types, takes typed data, and shares its state in the address", async () => {
    const { page } = await site.open("/playground#loss=klDiv");
    await settled(page);
    await page.waitForSelector('.editor[data-types="true"]', { timeout: 60_000 });
    await page.locator(".editor .cm-content").click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type("\nconst wrong: string = 1;\nloss.optio");
    await page.waitForSelector(".editor .cm-lintRange-error", { timeout: 30_000 });
    await page.keyboard.press("Control+Space");
    await page.waitForSelector(".editor .cm-tooltip-autocomplete >> text=options", { timeout: 30_000 });
    await page.keyboard.press("Escape");
    await page.reload();
    await settled(page);
    const before = await page.evaluate(() => location.hash);
    await page.locator(".data textarea").first().fill("[-1, -2, -0.5, -3]");
    await page.locator(".data textarea").first().press("Tab");
    await page.waitForFunction((hash) => location.hash !== hash, before);
    await page.reload();
    await settled(page);
    expect(await page.locator(".data textarea").first().inputValue()).toBe("[-1, -2, -0.5, -3]");
    await page.close();
  });
});
