// Builds the site: the generator, what it writes, the playground's runtime, and then the pages. Prints how large the result is.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = fileURLToPath(new URL(".", import.meta.url));
const require = createRequire(import.meta.url);

/** @param {string[]} args */
function node(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: here, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

/**
 * @param {string} name
 * @param {string} file
 */
const bin = (name, file) => join(dirname(require.resolve(`${name}/package.json`)), file);

node(join(here, "../../tooling/tsc.mjs"), "tsconfig.build.json");
node("dist/generate/main.js");
node(bin("vitepress", "bin/vitepress.js"), "build", "site");
node("dist/generate/finish.js");

const out = join(here, "site/.vitepress/dist");
const files = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((file) =>
  statSync(join(out, file)).isFile(),
);
const sizes = files.map((file) => ({ file, bytes: statSync(join(out, file)).size }));
const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
const pages = files.filter((file) => file.endsWith(".html")).length;
const home = gzipSync(readFileSync(join(out, "index.html"))).length;
console.log(
  `docs: ${pages} pages, ${(total / 1e6).toFixed(1)} MB in ${files.length} files; the home page's HTML is ${(home / 1e3).toFixed(1)} kB gzipped.`,
);
