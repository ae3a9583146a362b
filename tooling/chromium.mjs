// Finds the Chromium (or Chrome) that browser tests run in, and says how to start it so that WebGL and WebGPU work without a GPU.
import { existsSync, statSync } from "node:fs";
import process from "node:process";
import { browserBackends } from "./backends.mjs";

const usual = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/**
 * @returns {string | undefined} the program named by LOSSES_CHROMIUM, else the first that is in one of the usual places
 * @throws {Error} if the variable names no file: another browser than the one asked for would be a wrong answer
 */
export function findChromium() {
  const named = process.env["LOSSES_CHROMIUM"] ?? "";
  if (named === "") return usual.find((path) => existsSync(path));
  if (statSync(named, { throwIfNoEntry: false })?.isFile() === true) return named;
  throw new Error(`LOSSES_CHROMIUM must name the program file of Chromium, got ${named}, which is no file.`);
}

/** Flags for a headless run on software devices. */
export const softwareFlags = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-unsafe-swiftshader",
];

/** @returns {boolean} whether LOSSES_REQUIRE names a backend that only a browser can run */
export function browserRequired() {
  const required = (process.env["LOSSES_REQUIRE"] ?? "").split(/[\s,]+/).filter((name) => name !== "");
  return required.some((name) =>
    browserBackends.some((id) => id === name || (id.startsWith(`${name}:`) && name !== "tfjs")),
  );
}
