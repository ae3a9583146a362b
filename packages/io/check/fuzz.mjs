// Reads damaged files of every format: each must end in numbers or in a typed error, within a second of the processor, and all
// together within 256 MB. Usage: node check/fuzz.mjs [--count 10000] [--seed 1] [--format npy] [--only <case>]
import { existsSync, readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { LossesError } from "@losses/core";
import { openBytes, readArray } from "@losses/io";
import { damage, randomFrom, zipOf } from "./mutate.mjs";

const folder = new URL("../test/fixtures/files/", import.meta.url);
const [maxSeconds, maxMegabytes] = [1, 256];

/** @typedef {{ name: string, bytes: Buffer, options: import("@losses/io").OpenOptions }} Seed */

const text = (/** @type {string} */ name, /** @type {string} */ contents, options = {}) => ({
  name,
  bytes: Buffer.from(contents),
  options,
});

/** @param {string} ending */
function filesOf(ending) {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => ({ name, bytes: readFileSync(new URL(name, folder)) }));
}

/** @type {Record<string, () => Seed[]>} */
const seeds = {
  npy: () => filesOf(".npy").map((file) => ({ ...file, options: {} })),
  npz: () =>
    filesOf(".npz").flatMap((file) => ["image", "text", "x"].map((input) => ({ ...file, options: { input } }))),
  safetensors: () =>
    filesOf(".safetensors").flatMap((file) =>
      ["half", "brain", "single", "ids", "flags"].map((key) => ({ ...file, options: { key } })),
    ),
  json: () => [
    text("rows.json", "[[1, 2.5, -3e1], [4, 5, 6], [7, 8, 9]]"),
    text("numbers.json", `[${Array.from({ length: 40 }, (_, i) => i / 4).join(",")}]`),
    text("object.json", '{"a": [[1,2],[3,4]], "b": {"c": [null, true, "x"]}}', { key: "a" }),
    text("lines.jsonl", '{"x": [1, 2], "y": 0}\n{"x": [3, "NaN"], "y": 1}\n', { key: "x" }),
    text("deep.json", "[[[[1], [2]], [[3], [4]]], [[[5], [6]], [[7], [8]]]]"),
  ],
  csv: () => [
    text("names.csv", "a,b,label\n1,2.5,0\n-3e1,nan,1\n5,inf,2\n"),
    text("numbers.csv", "1,2\n3,4\n5,6\n", { key: "1" }),
    text("quotes.csv", '"x","y"\r\n"1"," 2"\r\n"3","4"\r\n'),
    text("tabs.tsv", "x\ty\n1\t2\n3\t4\n", { header: true }),
  ],
  parquet: () =>
    filesOf(".parquet").flatMap((file) =>
      ["embedding", "fixed", "half", "single", "label", "flag", "ragged"].map((key) => ({ ...file, options: { key } })),
    ),
  raw: () => [
    { name: "x.bin", bytes: Buffer.alloc(96, 7), options: { raw: { dtype: "float32", shape: ["*", 3] } } },
    { name: "x.bin", bytes: Buffer.alloc(96, 1), options: { raw: { dtype: "int64", isBigEndian: true } } },
  ],
};

/**
 * A damaged file of a format.
 * @param {string} format
 * @param {number} seed
 * @returns {Seed}
 */
function makeCase(format, seed) {
  const random = randomFrom(seed);
  const all = known[format] ?? [];
  const pick = () => all[Math.floor(random() * all.length)] ?? { name: "", bytes: Buffer.alloc(0), options: {} };
  const { name, bytes, options } = pick();
  if (format === "npz" && random() < 0.5) {
    // What is inside an archive is protected by a checksum; damage it before it is packed.
    const inner = known["npy"]?.[seed % (known["npy"]?.length ?? 1)]?.bytes ?? Buffer.alloc(0);
    return { name, bytes: zipOf("x.npy", damage(inner, random, inner)), options: { key: "x" } };
  }
  return { name, bytes: damage(bytes, random, pick().bytes), options };
}

/**
 * @param {Seed} file
 * @returns {Promise<"numbers" | "error">}
 */
async function readOne({ name, bytes, options }) {
  try {
    const source = await openBytes(name, bytes, options);
    for await (const { data } of source.batches(7)) if (!(data.length >= 0)) throw new Error("no numbers");
    await readArray(source);
    await source.close();
    return "numbers";
  } catch (error) {
    if (error instanceof LossesError) return "error";
    throw error;
  }
}

/** @type {Record<string, Seed[]>} */
const known = Object.fromEntries(Object.entries(seeds).map(([format, make]) => [format, make()]));

async function work() {
  const { count, seed, formats, only, place } = workerData;
  const now = new Int32Array(place);
  for (const [index, format] of formats.entries()) {
    const found = { numbers: 0, error: 0 };
    let slowest = 0;
    for (let i = only ?? 0; i < (only === undefined ? count : only + 1); i++) {
      now.set([index, i]);
      const file = makeCase(format, seed * 1_000_003 + i);
      const start = process.cpuUsage();
      try {
        found[await readOne(file)] += 1;
      } catch (error) {
        parentPort?.postMessage({
          failure: `${format} case ${i} (${file.name}): ${error instanceof Error ? error.stack : String(error)}`,
        });
        return;
      }
      const { user, system } = process.cpuUsage(start);
      const seconds = (user + system) / 1e6;
      slowest = Math.max(slowest, seconds);
      if (seconds > maxSeconds) {
        parentPort?.postMessage({ failure: `${format} case ${i} (${file.name}): took ${seconds.toFixed(2)} s` });
        return;
      }
    }
    const all = found.numbers + found.error;
    parentPort?.postMessage({
      line: `${format}: ${all} files, ${found.numbers} gave numbers, ${found.error} a typed error; slowest ${(slowest * 1000).toFixed(0)} ms`,
    });
  }
}

function main() {
  const { values } = parseArgs({
    options: {
      count: { type: "string", default: "10000" },
      seed: { type: "string", default: "1" },
      format: { type: "string" },
      only: { type: "string" },
    },
  });
  const formats = values.format === undefined ? Object.keys(seeds) : values.format.split(",");
  const place = new SharedArrayBuffer(8);
  const worker = new Worker(new URL(import.meta.url), {
    workerData: {
      count: Number(values.count),
      seed: Number(values.seed),
      formats,
      place,
      ...(values.only === undefined ? {} : { only: Number(values.only) }),
    },
  });
  const now = new Int32Array(place);
  let [seen, since] = ["", Date.now()];
  const watch = setInterval(() => {
    if (now.join() !== seen) [seen, since] = [now.join(), Date.now()];
    else if (Date.now() - since > 30_000) fail(`${formats[now[0] ?? 0]} case ${now[1]}: still running after 30 s`);
  }, 200);
  worker.on("message", ({ line, failure }) => (failure === undefined ? console.log(line) : fail(failure)));
  worker.on("error", (error) => fail(`${formats[now[0] ?? 0]} case ${now[1]}: ${error.stack}`));
  worker.on("exit", () => {
    clearInterval(watch);
    const megabytes = peakMegabytes();
    console.log(`peak memory ${megabytes.toFixed(0)} MB`);
    if (megabytes > maxMegabytes) fail(`peak memory must be at most ${maxMegabytes} MB`);
  });
}

/** The most memory that this process ever had. What `resourceUsage` says can be that of the process which started it. */
function peakMegabytes() {
  const status = existsSync("/proc/self/status") ? readFileSync("/proc/self/status", "utf8") : "";
  return Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? process.resourceUsage().maxRSS) / 1024;
}

/** @param {string} why */
function fail(why) {
  console.error(`fuzz: ${why}`);
  process.exit(1);
}

if (isMainThread) main();
else await work();
