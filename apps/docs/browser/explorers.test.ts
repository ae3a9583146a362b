import { allLosses, findLoss } from "@losses/core";
import { createBackendSync } from "@losses/js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Page } from "playwright-core";
import { planExplorer, type ExplorerInput } from "../src/explorer/plan.js";
import { feedsOf } from "../src/explorer/run.js";
import { readLossDocs } from "../src/losses/lossDocs.js";
import { openSite, type Site } from "./site.js";

let site: Site;
beforeAll(async () => void (site = await openSite()));
afterAll(() => site.close());

const backend = createBackendSync({ engine: "scalar" });

/** The inputs as the explorer shows them in its table of numbers. */
async function shownInputs(page: Page, loss: string): Promise<readonly ExplorerInput[]> {
  await page.locator(".numbers summary").click();
  const docs = readLossDocs().find(({ name }) => name === loss);
  if (docs === undefined) throw new Error(`no loss ${loss}`);
  const plan = planExplorer(docs);
  const numbers = await page
    .locator(".numbers input")
    .evaluateAll((fields) => fields.map((field) => Number((field as HTMLInputElement).value)));
  let at = 0;
  return plan.inputs.map((input) => ({ ...input, data: numbers.slice(at, (at += input.data.length)) }));
}

async function reading(page: Page): Promise<number> {
  return Number((await page.locator(".reading-value").innerText()).replace("−", "-"));
}

/** What the library gives for the numbers that are shown. */
async function expectTruth(page: Page, loss: string, options: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const inputs = await shownInputs(page, loss);
  const { value, grads } = backend.compileSync(findLoss(allLosses, loss)(options)).valueAndGradSync(feedsOf(inputs));
  const own = Number(value.data[0]);
  expect(Math.abs((await reading(page)) - own)).toBeLessThanOrEqual(2e-3 * Math.max(0.5, Math.abs(own)));
  const [input] = inputs.filter(({ name }) => grads[name] !== undefined);
  const shown = Number((await page.locator(`[data-gradient="${input?.name} 0"]`).innerText()).replace("−", "-"));
  expect(Math.abs(shown - Number(grads[input?.name ?? ""]?.data[0]))).toBeLessThanOrEqual(
    2e-3 * Math.max(0.5, Math.abs(shown)),
  );
}

describe("an explorer", () => {
  it("shows a scene: points move by mouse and keyboard, and the numbers are the library's", async () => {
    const { page, problems } = await site.open("/losses/tripletMarginLoss");
    await page.waitForSelector("[data-engine]");
    const before = await reading(page);
    const point = page.locator('[data-point="negative 0"]');
    const box = await point.locator(".mark").boundingBox();
    if (box === null) throw new Error("no point");
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x - 90, box.y + 60, { steps: 5 });
    await page.mouse.up();
    await page.locator('[data-point="anchor 1"]').focus();
    for (let i = 0; i < 4; i++) await page.keyboard.press("ArrowRight");
    expect(await reading(page)).not.toBe(before);
    await expectTruth(page, "tripletMarginLoss");
    await page.getByLabel("swap").check();
    await page.locator(".numbers summary").click();
    await expectTruth(page, "tripletMarginLoss", { swap: true });
    expect(problems).toEqual([]);
    await page.close();
  });

  it("steps downhill, and resets", async () => {
    const { page, problems } = await site.open("/losses/clipLoss", { reducedMotion: true });
    await page.waitForSelector("[data-engine]");
    const before = await reading(page);
    await page.getByRole("button", { name: "Step downhill" }).click();
    const after = await reading(page);
    expect(after).toBeLessThan(before);
    await page.getByRole("button", { name: "Play" }).click();
    expect(await reading(page)).toBeLessThan(after);
    expect(await page.locator(".steps").innerText()).toBe("11 steps");
    await expectTruth(page, "clipLoss");
    await page.getByRole("button", { name: "Reset" }).click();
    await page.waitForFunction(
      (text) => document.querySelector(".reading-value")?.textContent?.trim() === text,
      String(before),
    );
    expect(problems).toEqual([]);
    await page.close();
  });

  it("shows bars, a curve and the pull on pairs, with the library's numbers", async () => {
    const bars = await site.open("/losses/crossEntropy");
    await bars.page.waitForSelector("[data-engine]");
    await bars.page.locator(".bar").first().focus();
    for (let i = 0; i < 5; i++) await bars.page.keyboard.press("ArrowUp");
    await expectTruth(bars.page, "crossEntropy");
    const curve = await site.open("/losses/ganGeneratorLoss");
    await curve.page.waitForSelector(".uplot canvas");
    await curve.page.locator(".curve input[type=range]").fill("1.5");
    await expectTruth(curve.page, "ganGeneratorLoss");
    const pairs = await site.open("/losses/vseLoss");
    await pairs.page.waitForSelector(".pairs td span");
    await pairs.page.getByRole("button", { name: "Similarities" }).click();
    await pairs.page.waitForSelector("[data-engine]");
    await pairs.page.getByLabel("maxViolation").check();
    await expectTruth(pairs.page, "vseLoss", { maxViolation: true });
    for (const { page, problems } of [bars, curve, pairs]) {
      expect(problems).toEqual([]);
      await page.close();
    }
  });

  it("answers a touch on a phone", async () => {
    const { page } = await site.open("/losses/clipLoss", { width: 390 });
    await page.waitForSelector("[data-engine]");
    const before = await reading(page);
    const box = await page.locator('[data-point="text 1"] .mark').boundingBox();
    if (box === null) throw new Error("no point");
    const client = await page.context().newCDPSession(page);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", x: number, y: number): Promise<unknown> =>
      client.send("Input.dispatchTouchEvent", { type, touchPoints: type === "touchEnd" ? [] : [{ x, y }] });
    await touch("touchStart", box.x + 8, box.y + 8);
    await touch("touchMove", box.x + 60, box.y + 40);
    await touch("touchMove", box.x + 90, box.y + 70);
    await touch("touchEnd", 0, 0);
    await page.waitForFunction(
      (text) => document.querySelector(".reading-value")?.textContent?.trim() !== text,
      String(before),
    );
    await page.close();
  });
});
