// The loss of logits that do not fit in memory: writes a file of them, reads it plainly and evaluates it in turn, from the disk
// and from the system's cache, and says how fast and in how much memory. Usage: node check/large.mjs [--gigabytes 4] [--rounds 3] [--folder <folder>] [--backend js]
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, openSync, readSync, closeSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const [maxMegabytes, minShare] = [300, 0.5];
const vocabulary = 50257;
const bin = fileURLToPath(new URL("../bin/losses.mjs", import.meta.url));

const { values } = parseArgs({
  options: {
    gigabytes: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
    folder: { type: "string", default: tmpdir() },
    backend: { type: "string", default: "js" },
  },
});

/**
 * An .npy file of many times the same rows.
 * @param {string} path
 * @param {string} descr
 * @param {string} shape
 * @param {Uint8Array} block
 * @param {number} times
 */
function writeNpy(path, descr, shape, block, times) {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117);
  const file = openSync(path, "w");
  writeSync(file, Buffer.from(`\x93NUMPY\x01\x00\x76\x00${text}\n`, "latin1"));
  for (let i = 0; i < times; i++) for (let at = 0; at < block.length;) at += writeSync(file, block, at);
  closeSync(file);
}

/** @param {string} path */
function readPlainly(path) {
  // At the very start of a large buffer some processors copy three times slower.
  const buffer = Buffer.alloc(2 ** 23 + 64).subarray(64);
  const file = openSync(path, "r");
  const start = performance.now();
  let bytes = 0;
  for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) bytes += read;
  closeSync(file);
  return { bytes, seconds: (performance.now() - start) / 1000 };
}

/**
 * Makes the system forget what it has of a file, so that it is read from the disk; says whether it could (GNU dd can).
 * @param {string} path
 */
function forget(path) {
  return spawnSync("dd", [`of=${path}`, "oflag=nocache", "conv=notrunc,fdatasync", "count=0"]).status === 0;
}

/**
 * Runs the command as a user does, and asks it at its end how much memory it ever had.
 * @param {string[]} args
 * @returns {Promise<{ seconds: number, megabytes: number, out: string }>}
 */
function runCommand(args) {
  // What resourceUsage says can be the memory of the process that started it.
  const say = `import { readFileSync } from "node:fs";
    process.on("exit", () => {
      let peak = process.resourceUsage().maxRSS;
      try { peak = /VmHWM:\\s*(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]; } catch {}
      console.error("peak=" + peak);
    });`;
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [
      "--import",
      `data:text/javascript,${encodeURIComponent(say)}`,
      bin,
      ...args,
    ]);
    let [out, err] = ["", ""];
    child.stdout.on("data", (text) => (out += text));
    child.stderr.on("data", (text) => (err += text));
    child.on("close", (status) => {
      const megabytes = Number(/peak=(\d+)/.exec(err)?.[1]) / 1024;
      if (status === 0) resolve({ seconds: (performance.now() - start) / 1000, megabytes, out });
      else reject(new Error(err));
    });
  });
}

const median = (/** @type {number[]} */ list) =>
  [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;

const folder = mkdtempSync(join(values.folder, "losses-large-"));
try {
  const [logits, labels] = [join(folder, "logits.npy"), join(folder, "labels.npy")];
  const inBlock = 64;
  const times = Math.round((Number(values.gigabytes) * 1e9) / (inBlock * vocabulary * 4));
  const rows = inBlock * times;
  const block = Float32Array.from({ length: inBlock * vocabulary }, () => Math.random() * 16 - 8);
  const ids = BigInt64Array.from({ length: inBlock }, () => BigInt(Math.floor(Math.random() * vocabulary)));
  writeNpy(logits, "<f4", `(${rows}, ${vocabulary})`, new Uint8Array(block.buffer), times);
  writeNpy(labels, "<i8", `(${rows},)`, new Uint8Array(ids.buffer), times);
  const gigabytes = (rows * vocabulary * 4) / 1e9;
  const rate = (/** @type {number} */ seconds) => `${seconds.toFixed(2)} s (${(gigabytes / seconds).toFixed(2)} GB/s)`;
  const command = [
    "run",
    "crossEntropy",
    "--input",
    `input=${logits}`,
    "--input",
    `target=${labels}`,
    "--backend",
    values.backend,
  ];
  let megabytes = 0;
  for (const [where, prepare] of /** @type {const} */ ([
    ["disk", () => forget(logits)],
    ["cache", () => readPlainly(logits).bytes > 0],
  ])) {
    /** @type {[number[], number[]]} */
    const [reads, runs] = [[], []];
    for (let round = 0; round < Number(values.rounds); round++) {
      if (!prepare()) throw new Error(`large: cannot read from the ${where} here`);
      const { seconds } = readPlainly(logits);
      prepare();
      const found = await runCommand(command);
      reads.push(seconds);
      runs.push(found.seconds);
      megabytes = Math.max(megabytes, found.megabytes);
      console.log(
        `${gigabytes.toFixed(2)} GB from ${where}: read in ${rate(seconds)}, evaluated in ${rate(found.seconds)}, ${found.megabytes.toFixed(0)} MB; ${found.out.split("\n")[0]}`,
      );
    }
    const share = median(reads) / median(runs);
    console.log(
      `from ${where}: ${(share * 100).toFixed(0)} % of the throughput of reading (medians, the start of the command included)`,
    );
    if (where === "disk" && share < minShare) fail(`from the disk it must be at least ${minShare * 100} % of reading`);
  }
  console.log(`peak memory ${megabytes.toFixed(0)} MB`);
  if (megabytes >= maxMegabytes) fail(`memory must be under ${maxMegabytes} MB`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @param {string} why */
function fail(why) {
  console.error(`large: ${why}`);
  process.exitCode = 1;
}
