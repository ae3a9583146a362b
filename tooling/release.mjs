// Publishes what has a new version, after a build and the checks of each package; `--dry-run` publishes nothing and shows what would
// go out: the version that the collected changesets lead to, and the contents of each tarball.
// Usage: npm run release [-- --dry-run]
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { packAll, publishedFolders, tarballFiles } from "./packs.mjs";
import { readJson, root } from "./repository.mjs";
import { run } from "./runProgram.mjs";

/** @param {...string} args */
function changeset(...args) {
  return run(process.execPath, [join(root, "node_modules", "@changesets", "cli", "bin.js"), ...args], { cwd: root });
}

/** @param {...string} tasks */
function turbo(...tasks) {
  run(process.execPath, [join(root, "node_modules", "turbo", "bin", "turbo"), "run", ...tasks], { cwd: root });
}

/**
 * @param {string} folder for scratch files
 * @returns {Map<string, { version: string, kind: string }>} what the changesets lead to
 */
function planned(folder) {
  const output = join(folder, "plan.json");
  changeset("status", "--output", relative(root, output));
  const { releases } = JSON.parse(readFileSync(output, "utf8"));
  return new Map(
    releases.map((/** @type {{ name: string, type: string, newVersion: string }} */ { name, type, newVersion }) => [
      name,
      { version: newVersion, kind: type },
    ]),
  );
}

function dryRun() {
  const folder = mkdtempSync(join(tmpdir(), "losses-release-"));
  try {
    const plan = planned(folder);
    const tarballs = packAll(join(folder, "tarballs"));
    for (const place of publishedFolders()) {
      const { name, version, publishConfig } = readJson(join(root, place, "package.json"));
      const next = plan.get(name);
      const file = (tarballs[name] ?? "").replace(/^file:/, "");
      const files = tarballFiles(file);
      const kilobytes = (statSync(file).size / 1000).toFixed(0);
      const what =
        next === undefined || next.kind === "none"
          ? `stays at ${version}`
          : `${version} → ${next.version} (${next.kind})`;
      console.log(
        `${name.padEnd(20)} ${what.padEnd(26)} ${String(files.length).padStart(4)} files ${kilobytes.padStart(5)} kB, ${publishConfig.access}${publishConfig.provenance ? ", with provenance" : ""}`,
      );
    }
    console.log("Nothing was published.");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const args = process.argv.slice(2);
if (args.some((argument) => argument !== "--dry-run")) {
  console.error(`release: the only option is --dry-run, got ${args.join(" ")}.`);
  process.exitCode = 2;
} else {
  turbo("build", "publint", "attw");
  if (args.length > 0) dryRun();
  else console.log(changeset("publish"));
}
