import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { openArray, readArray } from "@losses/io";
import { afterAll, describe, expect, it } from "vitest";
import { losses } from "./command.js";

const bin = fileURLToPath(new URL("../bin/losses.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "losses-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, contents: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
};

const rows = [
  [2, 0.5, -1],
  [0, 1, 0],
  [1, 1, 5],
  [0.25, 0, 3],
];
const input = file("input.csv", `a,b,c\n${rows.map((row) => row.join()).join("\n")}\n`);
const target = file("labels.jsonl", "0\n2\n-1\n2\n");
const raw = file("input.bin", new Uint8Array(Float32Array.from(rows.flat()).buffer));

/** −log softmax of one logit, in float64. */
function cost(row: readonly number[], label: number): number {
  return Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - (row[label] ?? NaN);
}
const costs = [cost(rows[0] ?? [], 0), cost(rows[1] ?? [], 2), 0, cost(rows[3] ?? [], 2)];
const mean = ((costs[0] ?? 0) + (costs[1] ?? 0) + (costs[3] ?? 0)) / 3;
const run = [
  "run",
  "crossEntropy",
  "--input",
  `input=${input}`,
  "--input",
  `target=${target}`,
  "--option",
  "ignoreIndex=-1",
];

describe("losses run", { timeout: 120_000 }, () => {
  it.each([
    [["--backend", "js"], "js"],
    [["--backend", "js", "--dtype", "float64", "--batch", "3"], "js"],
    [["--backend", "onnxruntime:cpu", "--batch", "2"], "onnxruntime:cpu"],
    [["--backend", "tfjs:wasm", "--batch", "1"], "tfjs:wasm"],
  ] as const)("gives the loss of files %j", async (args, backend) => {
    const { status, out, err } = await losses([...run, ...args, "--json"]);
    expect([status, err]).toEqual([0, ""]);
    expect(JSON.parse(out)).toMatchObject({
      loss: "crossEntropy",
      value: expect.closeTo(mean, 5),
      samples: 4,
      exact: true,
      backend,
    });
  });

  it("prints the value first, for people", async () => {
    const { out } = await losses(run);
    expect(Number(/^crossEntropy +([\d.]+)\n/.exec(out)?.[1])).toBeCloseTo(mean, 5);
  });

  it("writes values of samples and gradients", async () => {
    const [samples, gradient] = [join(folder, "samples.csv"), join(folder, "gradient.npy")];
    const { status, err } = await losses([
      ...run,
      "--per-sample",
      samples,
      "--grad",
      `input=${gradient}`,
      "--batch",
      "3",
    ]);
    expect([status, err]).toEqual([0, `losses: wrote ${samples}, ${gradient}\n`]);
    const written = readFileSync(samples, "utf8").trim().split("\n").map(Number);
    expect(written).toEqual(costs.map((value) => expect.closeTo(value, 5) as unknown));
    const source = await openArray(gradient);
    const { data, shape } = await readArray(source);
    await source.close();
    expect(shape).toEqual([4, 3]);
    // The ignored sample has none, and the rows of a softmax minus its label add up to 0.
    expect(Array.from(data, Number).slice(6, 9)).toEqual([0, 0, 0]);
    expect(Number(data[0]) + Number(data[1]) + Number(data[2])).toBeCloseTo(0, 6);
    expect(Number(data[0])).toBeCloseTo((Math.exp(-(costs[0] ?? 0)) - 1) / 3, 5);
  });

  it("takes elements without a header, and numbers for scalars", async () => {
    const described = ["--input", `input=${raw}`, "--as", "input=float32,N,3", "--input", `target=${target}`];
    const { out } = await losses(["run", "crossEntropy", ...described, "--option", "ignoreIndex=-1", "--json"]);
    expect(JSON.parse(out)).toMatchObject({ value: expect.closeTo(mean, 5) });
    const pairs = ["--input", `image=${input}`, "--input", `text=${input}`, "--input", "logitScale=0.5"];
    const clip = await losses(["run", "clipLoss", ...pairs, "--batch", "2", "--json"]);
    expect(JSON.parse(clip.out)).toMatchObject({ batches: 2, exact: false });
    expect(clip.err).toContain("compares samples with each other");
  });

  it.each<[string, readonly string[], number, string]>([
    ["an input twice", ["--input", `input=${input}`], 2, "--input input must be given once"],
    ["a layout of nothing", ["--as", "x=float32"], 2, "--as x must belong to an --input x"],
    ["a dtype that is none", ["--as", "input=float8"], 2, "--as must begin with float16"],
    ["a batch of nothing", ["--batch", "0"], 2, "--batch must be an integer > 0"],
    ["a header that may be", ["--header", "maybe"], 2, "--header must be yes or no"],
    ["two results in one file", ["--per-sample", "x.npy", "--grad", "input=x.npy"], 2, "must name different files"],
    ["results in an unknown format", ["--per-sample", "x.pt"], 1, "a file of results must end in npy"],
    [
      "a gradient of labels",
      ["--grad", `target=${join(folder, "x.npy")}`],
      2,
      "gradients must be of input, got target",
    ],
    ["no single value and no file for them", ["--option", "reduction=none"], 2, "--per-sample"],
    ["an unknown option", ["--option", "margin=1"], 2, "margin"],
  ])("refuses %s", async (_, args, status, message) => {
    const found = await losses([...run, ...args]);
    expect(found).toMatchObject({ status, out: "" });
    expect(found.err).toContain(message);
    expect(found.err.trim()).not.toContain("\n");
  });

  it("says in one line what is wrong with a file", async () => {
    const broken = file("broken.npy", "\x93NUMPY");
    const { status, err } = await losses([
      "run",
      "crossEntropy",
      "--input",
      `input=${broken}`,
      "--input",
      `target=${target}`,
    ]);
    expect(status).toBe(1);
    expect(err).toMatch(/^losses: \S+broken\.npy: [^\n]+\(FileError FILE_MALFORMED\)\n$/);
  });
});

/** A command that says at its end how much memory it ever had. */
const sayPeak = `data:text/javascript,${encodeURIComponent(`import { existsSync, readFileSync } from "node:fs";
  process.on("exit", () => {
    const status = existsSync("/proc/self/status") ? readFileSync("/proc/self/status", "utf8") : "";
    console.error("peak=" + (/VmHWM:\\s*(\\d+)/.exec(status)?.[1] ?? process.resourceUsage().maxRSS));
  });`)}`;

describe("losses run on a file that is large", { timeout: 240_000 }, () => {
  const [count, classes] = [1300, 50257];
  const logits = join(folder, "large.npy");
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count}, ${classes}), }`.padEnd(117);
  // Zeros that take no place on the disk: every class is as likely as any other.
  writeFileSync(logits, Buffer.from(`\x93NUMPY\x01\x00\x76\x00${header}\n`, "latin1"));
  truncateSync(logits, 128 + 4 * count * classes);
  const labels = file("large.bin", new Uint8Array(new Uint16Array(count).fill(7).buffer));
  const args = [
    "run",
    "crossEntropy",
    "--input",
    `input=${logits}`,
    "--input",
    `target=${labels}`,
    "--as",
    "target=uint16",
  ];

  it("takes less memory than the file", async () => {
    const { out, err } = await losses([...args, "--json"], { node: ["--import", sayPeak] });
    expect(JSON.parse(out)).toMatchObject({ value: expect.closeTo(Math.log(classes), 5), samples: count });
    expect(Number(/peak=(\d+)/.exec(err)?.[1]) / 1024).toBeLessThan(200);
  });

  it.skipIf(process.platform === "win32")("leaves nothing behind when it is interrupted", async () => {
    const own = mkdtempSync(join(folder, "interrupted-"));
    const child = spawn(process.execPath, [bin, ...args, "--grad", `input=${join(own, "x.npy")}`]);
    let err = "";
    child.stderr.on("data", (text) => (err += String(text)));
    const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
    // As soon as it writes.
    while (readdirSync(own).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGINT");
    expect([await closed, err]).toEqual([1, "losses: interrupted by SIGINT.\n"]);
    expect(readdirSync(own)).toEqual([]);
  });
});

describe("losses perplexity", { timeout: 120_000 }, () => {
  it("gives perplexity, loss and tokens", async () => {
    const given = ["--input", `logits=${input}`, "--input", `labels=${target}`, "--ignore-index", "-1"];
    const { status, out } = await losses(["perplexity", ...given, "--json"]);
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      tokens: 3,
      loss: expect.closeTo(mean, 5),
      perplexity: expect.closeTo(Math.exp(mean), 4),
    });
    expect((await losses(["perplexity", ...given])).out).toMatch(/^perplexity +\d/);
  });

  it("says what it takes", async () => {
    const { status, err } = await losses(["perplexity", "--input", `logits=${input}`]);
    expect([status, err]).toEqual([
      2,
      "losses: perplexity takes --input logits=<file> and --input labels=<file>, got no labels.\n",
    ]);
  });
});

describe("losses recall", { timeout: 120_000 }, () => {
  it("gives recall both ways", async () => {
    const image = file("image.json", "[[1, 0], [0, 1], [1, 1]]");
    const text = file(
      "text.json",
      JSON.stringify({
        first: [
          [1, 0.1],
          [1, 0.9],
          [0.2, 1],
        ],
        second: [],
      }),
    );
    const args = ["recall", "--input", `image=${image}`, "--input", `text=${text}:first`, "--k", "1,2"];
    const { status, out } = await losses([...args, "--json"]);
    expect(status).toBe(0);
    // Only the first text is nearest to its image; the other two are nearest to each other's.
    expect(JSON.parse(out)).toMatchObject({
      images: 3,
      imageToText: { recall: { 1: expect.closeTo(1 / 3, 9), 2: 1 } },
      textToImage: { recall: { 1: expect.closeTo(1 / 3, 9) } },
    });
    expect((await losses(args)).out).toContain("text to image");
  });
});
