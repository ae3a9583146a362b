// Servers on this machine's loopback, for as long as a test needs them.
import { createServer } from "node:net";
import process from "node:process";

/** @returns {Promise<number>} a port that is free now */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/**
 * @param {string} url
 * @param {() => void} check called while it does not answer; throws if it never will
 */
export async function whenAnswers(url, check) {
  for (let tries = 0; tries < 600; tries += 1) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer !== undefined) return;
    check();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${url} must answer within two minutes`);
}

/**
 * Ends a program that was started with `detached`, and all that it started.
 * @param {number | undefined} pid
 */
export function endGroup(pid) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
