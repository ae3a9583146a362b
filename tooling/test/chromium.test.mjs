import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it, vi } from "vitest";
import { findChromium } from "../chromium.mjs";

afterEach(() => vi.unstubAllEnvs());

it("LOSSES_CHROMIUM is taken as it is", () => {
  vi.stubEnv("LOSSES_CHROMIUM", process.execPath);
  expect(findChromium()).toBe(process.execPath);
});

it("a file that is not there is an error, never another browser", () => {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  for (const named of [join(folder, "no-chromium"), folder]) {
    vi.stubEnv("LOSSES_CHROMIUM", named);
    expect(findChromium).toThrow(`LOSSES_CHROMIUM must name the program file of Chromium, got ${named}`);
  }
});

it("an empty variable is none", () => {
  vi.stubEnv("LOSSES_CHROMIUM", "");
  const empty = findChromium();
  vi.stubEnv("LOSSES_CHROMIUM", undefined);
  expect(findChromium()).toBe(empty);
});
