// A registry on this machine's loopback: verdaccio, which takes our packages and fetches all others from where npm does.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { run } from "../runProgram.mjs";
import { freePort, whenAnswers } from "./servers.mjs";
import { here } from "./tools.mjs";

/**
 * @param {string} folder for its storage
 * @returns {Promise<{ url: string, npmrc: string, stop: () => void }>} `npmrc`: a file that leads npm to it, and to no other
 */
export async function startRegistry(folder) {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const upstream = run("npm", ["config", "get", "registry"], { cwd: folder }).trim();
  // Ours never come from elsewhere, and nobody needs an account.
  const config = {
    storage: join(folder, "storage"),
    uplinks: { upstream: { url: upstream, cache: true, timeout: "120s" } },
    packages: {
      "@losses/*": { access: "$all", publish: "$all" },
      "**": { access: "$all", publish: "nobody", proxy: "upstream" },
    },
    log: { type: "stdout", format: "pretty", level: "warn" },
    max_body_size: "100mb",
  };
  const file = join(folder, "config.json");
  writeFileSync(file, JSON.stringify(config));
  const npmrc = join(folder, "npmrc");
  // npm asks for a token before it publishes; this registry does not look at it.
  writeFileSync(
    npmrc,
    `registry=${url}\n//127.0.0.1:${port}/:_authToken=none\naudit=false\nfund=false\nignore-scripts=true\nprovenance=false\n`,
  );
  const program = join(here, "node_modules", "verdaccio", "bin", "verdaccio");
  const server = spawn(process.execPath, [program, "--config", file, "--listen", `127.0.0.1:${port}`], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (part) => (said += part));
  await whenAnswers(`${url}-/ping`, () => {
    if (server.exitCode !== null) throw new Error(`registry: verdaccio must start, it said: ${said}`);
  });
  return { url, npmrc, stop: () => void server.kill() };
}
