// Starts a program and waits for it: for the scripts that do what a person would type.
import { spawnSync } from "node:child_process";
import process from "node:process";

// pnpm's launchers name the workspace's folders in it: programs in a stranger's folder, and bundlers in this process, would find packages
// that are not installed there.
delete process.env["NODE_PATH"];

const shell = process.platform === "win32"; // npm and its like are .cmd files there, which only a shell can start

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd: string, input?: string, env?: NodeJS.ProcessEnv, timeout?: number }} options
 * @returns {string} what it printed; an Error with everything it said if it did not end well
 */
export function run(program, args, options) {
  const result = spawnSync(program, args, {
    encoding: "utf8",
    shell: shell && program !== process.execPath,
    maxBuffer: 256 * 1024 * 1024,
    timeout: 600_000,
    ...options,
  });
  if (result.status !== 0) {
    const why = result.error?.message ?? `status ${result.status}`;
    throw new Error(`${program} ${args.join(" ")} ended with ${why}:\n${result.stdout}\n${result.stderr}`);
  }
  return result.stdout;
}
