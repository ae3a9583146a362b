// Runs pages in a browser and collects what they report. A page reports with parent.postMessage({ value } or { error }, "*").
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import process from "node:process";
import { findChromium, softwareFlags } from "../chromium.mjs";
import { endGroup } from "./servers.mjs";

/** @typedef {{ folder: string, headers?: Readonly<Record<string, string>> }} Page a folder with an index.html, and how it is served */
/** @typedef {{ value?: any, error?: string }} Result */

const types = /** @type {Record<string, string>} */ ({
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
});

/** @type {Record<string, () => string | undefined>} */
const finders = {
  chromium: findChromium,
  firefox: () => {
    const named = process.env["LOSSES_FIREFOX"] ?? "";
    return [named, "/usr/bin/firefox-esr", "/usr/bin/firefox"].find((path) => path !== "" && existsSync(path));
  },
};

/**
 * @param {string} browser
 * @returns {string | undefined} its program, if it is installed
 */
export function findBrowser(browser) {
  return finders[browser]?.();
}

/**
 * @param {string} profile
 * @returns {Record<string, string[]>} how each browser is started on an empty profile
 */
function flagsOf(profile) {
  return {
    chromium: [
      "--headless=new",
      "--no-first-run",
      "--disable-extensions",
      `--user-data-dir=${profile}`,
      ...softwareFlags,
    ],
    firefox: ["--headless", "--no-remote", "--profile", profile],
  };
}

/**
 * Opens the pages one after the other, each in a frame of its own.
 * @param {string} browser `chromium` or `firefox`
 * @param {Readonly<Record<string, Page>>} pages
 * @param {{ seconds?: number }} [options] how long each page may take
 * @returns {Promise<Record<string, Result>>}
 */
export async function runPages(browser, pages, { seconds = 60 } = {}) {
  const program = findBrowser(browser);
  if (program === undefined) throw new Error(`pages: ${browser} must be installed, got none`);
  const profile = mkdtempSync(join(tmpdir(), `losses-${browser}-`));
  /** @type {Record<string, Result>} */
  const results = {};
  const names = Object.keys(pages);
  /** @type {() => void} */
  let finish = () => undefined;
  const finished = new Promise((resolve) => (finish = () => resolve(undefined)));
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (request.method === "POST") {
      let body = "";
      request.on("data", (part) => (body += part));
      request.on("end", () => {
        results[decodeURIComponent(url.pathname.slice(1))] = JSON.parse(body);
        response.end();
        if (names.every((name) => results[name] !== undefined)) finish();
      });
      return;
    }
    if (url.pathname === "/") {
      response.setHeader("content-type", "text/html").end(runner(names, seconds));
      return;
    }
    const [, name = "", ...rest] = url.pathname.split("/").map(decodeURIComponent);
    const page = pages[name];
    const file = page && join(page.folder, normalize(`/${rest.join("/") || "index.html"}`));
    if (file === undefined || !statSync(file, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    const type = types[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type, ...page?.headers }).end(readFileSync(file));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const child = spawn(program, [...(flagsOf(profile)[browser] ?? []), `http://127.0.0.1:${port}/`], {
    detached: true, // a group of its own, so that all its processes can be ended
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (part) => (said += part));
  const limit = setTimeout(finish, (seconds * names.length + 60) * 1000);
  try {
    await Promise.race([finished, new Promise((resolve) => child.on("error", resolve))]);
  } finally {
    clearTimeout(limit);
    endGroup(child.pid);
    server.close();
    server.closeAllConnections();
    await new Promise((resolve) =>
      child.exitCode === null && child.signalCode === null ? child.on("exit", resolve) : resolve(undefined),
    );
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
  for (const name of names) results[name] ??= { error: `${browser} reported nothing; it said: ${said.slice(-2000)}` };
  return results;
}

/**
 * The page that opens the others.
 * @param {readonly string[]} names
 * @param {number} seconds
 */
function runner(names, seconds) {
  return `<!doctype html><meta charset="utf-8"><script type="module">
for (const name of ${JSON.stringify(names)}) {
  const frame = document.createElement("iframe");
  const said = [];
  const message = new Promise((resolve) => addEventListener("message", ({ source, data }) => source === frame.contentWindow && resolve(data)));
  const late = new Promise((resolve) => setTimeout(() => resolve({ error: "nothing within ${seconds} s: " + said.join("; ") }), ${seconds * 1000}));
  frame.src = "/" + encodeURIComponent(name) + "/index.html";
  document.body.append(frame);
  for (const type of ["error", "unhandledrejection"]) {
    frame.contentWindow.addEventListener(type, (event) => said.push(String(event.reason ?? event.message)));
  }
  const result = await Promise.race([message, late]);
  frame.remove();
  await fetch("/" + encodeURIComponent(name), { method: "POST", body: JSON.stringify(result) });
}
</script>`;
}
