// The backends that there are, for scripts: `node tooling/backends.mjs ci` prints those that a run must not do without.
// "ci": everything that works on a Linux machine with Chromium and software graphics; "runner": what works on any machine.
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** @type {readonly { id: string, browserOnly?: boolean, required: readonly string[] }[]} */
const backends = JSON.parse(readFileSync(new URL("../packages/cli/backends.json", import.meta.url), "utf8"));

/** The backends that only a browser can run. */
export const browserBackends = backends.filter(({ browserOnly }) => browserOnly === true).map(({ id }) => id);

/**
 * @param {string | undefined} place
 * @returns {readonly string[]} the backends that a run in such a place must not do without
 */
export function requiredBackends(place) {
  const required = backends
    .filter((backend) => place !== undefined && backend.required.includes(place))
    .map(({ id }) => id);
  if (required.length === 0) throw new Error(`backends: the place must be ci or runner, got ${place}.`);
  return required;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(`${requiredBackends(process.argv[2]).join(" ")}\n`);
}
