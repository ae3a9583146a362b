// Finds the pinned pnpm and installs the workspace, unless what is installed is current.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { readJson, root, workspaceFolders } from "./repository.mjs";

const stamp = join(root, "node_modules", ".losses-installed");

/**
 * How to start the pinned pnpm: the one installed here, else the one on the PATH, else the one npm fetches.
 * @returns {{ command: string, args: string[], shell: boolean }}
 */
export function findPnpm() {
  const [, version = ""] = readJson(join(root, "package.json")).packageManager.split("@");
  const own = join(root, "node_modules", "pnpm");
  if (existsSync(join(own, "package.json")) && readJson(join(own, "package.json")).version === version) {
    return { command: process.execPath, args: [join(own, "bin", "pnpm.cjs")], shell: false };
  }
  const shell = process.platform === "win32"; // there, pnpm and npx are .cmd files, which only a shell can start
  const asked = spawnSync("pnpm", ["--version"], {
    cwd: root,
    encoding: "utf8",
    shell,
    timeout: 60_000,
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, COREPACK_ENABLE_DOWNLOAD_PROMPT: "0" },
  });
  if (asked.status === 0 && asked.stdout.trim() === version) return { command: "pnpm", args: [], shell };
  return { command: "npx", args: ["--yes", `pnpm@${version}`], shell };
}

/** A fingerprint of all that decides what is installed. */
function wanted() {
  const files = ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json"];
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}\n`);
  for (const file of [...files, ...workspaceFolders().map((folder) => `${folder}/package.json`)]) {
    hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

/** Whether node_modules holds what the lock file asks for. */
export function isInstalled() {
  const complete = workspaceFolders().every((folder) => {
    const { dependencies = {}, devDependencies = {} } = readJson(join(root, folder, "package.json"));
    const needed = Object.keys({ ...dependencies, ...devDependencies });
    return needed.every((name) => existsSync(join(root, folder, "node_modules", name)));
  });
  return complete && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted();
}

/** Remembers that the installation succeeded. */
export function markInstalled() {
  writeFileSync(stamp, wanted());
}
