import { chromium, type Browser, type Page } from "playwright-core";
import process from "node:process";
import { serve, type Served } from "../src/server/serve.js";

/** The built site in a browser: as a host would serve it, under its policy. */
export interface Site {
  readonly address: string;
  /** A page that remembers everything that went wrong in it. */
  open(path: string, look?: Look): Promise<{ readonly page: Page; readonly problems: string[] }>;
  close(): Promise<void>;
}

export interface Look {
  readonly theme?: "light" | "dark";
  readonly width?: number;
  readonly reducedMotion?: boolean;
}

export async function openSite(): Promise<Site> {
  // vitest.browser.config.ts finds it.
  const { LOSSES_CHROMIUM: executablePath = "", LOSSES_CHROMIUM_FLAGS: flags = "" } = process.env;
  const served: Served = await serve(0);
  const browser: Browser = await chromium.launch({ executablePath, args: flags.split(" ") });
  return {
    address: served.address,
    async open(path, { theme = "light", width = 1280, reducedMotion = false } = {}) {
      const page = await browser.newPage({
        viewport: { width, height: 900 },
        colorScheme: theme,
        reducedMotion: reducedMotion ? "reduce" : "no-preference",
        hasTouch: width < 600,
      });
      const problems: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") problems.push(message.text());
      });
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("requestfailed", (request) => {
        const reason = request.failure()?.errorText ?? "";
        // What a page had still to fetch when it was left.
        if (reason !== "net::ERR_ABORTED") problems.push(`${request.url()}: ${reason}`);
      });
      page.on("request", (request) => {
        const { origin, protocol } = new URL(request.url());
        if (/^https?:$/.test(protocol) && origin !== new URL(served.address).origin)
          problems.push(`another origin: ${request.url()}`);
      });
      await page.goto(new URL(path.replace(/^\//, ""), served.address).href, { waitUntil: "load" });
      return { page, problems };
    },
    async close() {
      await browser.close();
      await served.close();
    },
  };
}
