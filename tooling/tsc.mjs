// The native TypeScript compiler, ten times as fast as `typescript`, which stays for the tools that call its API.
// Usage: node tooling/tsc.mjs <project> [<project>...]
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import process from "node:process";

const program = join(dirname(fileURLToPath(import.meta.resolve("typescript7/package.json"))), "bin", "tsc");

for (const project of process.argv.slice(2)) {
  const { status } = spawnSync(process.execPath, [program, "-p", project], { stdio: "inherit" });
  if (status !== 0) process.exitCode = status ?? 1;
}
