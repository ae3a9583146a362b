import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { disagreements } from "../src/bench/summary.js";
import { namedWorkloads } from "../src/bench/workloads.js";
import { losses, withoutEngines } from "./command.js";

const mse = ["--backend", "js", "--loss", "mseLoss", "--shape", "input=3"];
const clip = ["--backend", "js", "--loss", "clipLoss", "--shape", "image=2,3"];
// More targets than steps.
const ctc = ["--backend", "js", "--loss", "ctcLoss", "--shape", "logProbs=2,8,4", "--shape", "targets=8,6"];
const torch = ["--peers", "torch", "--python", "python3"];

interface Report {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly problems: readonly string[];
}

describe("losses bench", { timeout: 120_000 }, () => {
  it("measures in processes of their own, prints a table and writes a report", async () => {
    const folder = await mkdtemp(join(tmpdir(), "losses-"));
    const file = join(folder, "bench.json");
    const args = ["bench", "--backend", "onnxruntime:cpu", "--workload", "W7b", "--part", "gradient", "--rounds", "1"];
    const { status, out } = await losses([...args, "--report", file]);
    const report = JSON.parse(await readFile(file, "utf8")) as Report;
    await rm(folder, { recursive: true });
    expect(status).toBe(0);
    expect(out).toMatch(/onnxruntime:cpu\s+W7b\s+crossEntropy 32x10\s+gradient\s+losses/);
    expect(report.problems).toEqual([]);
    expect(report.rows).toHaveLength(1);
    const [row] = report.rows;
    expect(row).toMatchObject({ backend: "onnxruntime:cpu", workload: "W7b", rounds: 1, must: 1.05 });
    for (const name of ["ratio", "ms", "peerMs", "peakMB", "peerPeakMB"]) expect(row?.[name]).toBeGreaterThan(0);
  });

  it("measures against several peers, and prints Markdown", async () => {
    const args = ["bench", "--backend", "js:scalar", "--workload", "W7b", "--part", "gradient", "--rounds", "1"];
    const { status, out } = await losses([...args, "--peers", "loops,tfjs,onnxruntime", "--markdown"]);
    expect(status).toBe(0);
    const [header, , row, none, facts] = out.split("\n");
    expect(header).toBe("| backend | workload | part | who | threads | ms | to loops | to tfjs | to onnxruntime |");
    expect(row).toMatch(/^\| js:scalar \| W7b crossEntropy 32x10 \| gradient \| losses \| -( \| [\d.]+){4} \|$/);
    expect(none).toBe("");
    expect(facts).toContain(
      "`losses bench --backend js:scalar --workload W7b --part gradient --rounds 1 --peers loops,tfjs,onnxruntime`: node",
    );
  });

  it("measures any loss at any shapes, against other backends", async () => {
    const args = ["bench", "--backend", "js:scalar", "--loss", "CrossEntropyLoss,nllLoss", "--shape", "input=8,5"];
    const more = ["--shape", "weight=5", "--option", "ignoreIndex=1", "--grad", "input", "--rounds", "1"];
    const asked = [...args, ...more, "--peers", "js:wasm,onnxruntime:cpu"];
    const { status, out } = await losses([...asked, "--part", "gradient", "--markdown"]);
    expect(status).toBe(0);
    const [header, , row, other, none, facts] = out.split("\n");
    expect(header).toBe("| backend | workload | part | who | threads | ms | to js:wasm | to onnxruntime:cpu |");
    const shapes = "ignoreIndex=1 input \\[8, 5\\], target \\[8\\], weight \\[5\\]";
    for (const [line, name] of [
      [row, "crossEntropy"],
      [other, "nllLoss"],
    ])
      // prettier-ignore
      expect(line).toMatch(new RegExp(`^\\| js:scalar \\| ${name} ${shapes} \\| gradient \\| losses \\| -( \\| [\\d.]+){3} \\|$`));
    expect(none).toBe("");
    expect(facts).toContain(
      "`losses bench --backend js:scalar --loss CrossEntropyLoss,nllLoss --option ignoreIndex=1 --shape input=8,5 --shape weight=5 --grad input --part gradient --rounds 1 --peers js:wasm,onnxruntime:cpu`: node",
    );
  });

  it("measures any loss against another backend where none is named, and says what as data", async () => {
    const args = ["bench", "--backend", "js:scalar", "--loss", "klDiv", "--shape", "input=8,5", "--part", "forward"];
    const { status, out } = await losses([...args, "--rounds", "1", "--json"]);
    expect(status).toBe(0);
    const { rows, problems } = JSON.parse(out) as Report;
    expect([problems, rows.length]).toEqual([[], 1]);
    expect(rows[0]).toMatchObject({
      title: "klDiv input [8, 5], target [8, 5]",
      loss: { name: "klDiv", options: { logTarget: false } },
      shapes: { input: [8, 5], target: [8, 5] },
      peer: "js:wasm",
      value: expect.any(Number),
    });
    expect(rows[0]).not.toHaveProperty("workload");
    expect(rows[0]).not.toHaveProperty("must");
  });

  it("measures workloads against other backends too", async () => {
    const args = ["bench", "--backend", "js:wasm", "--workload", "W7b", "--part", "forward", "--rounds", "1"];
    const { status, out } = await losses([...args, "--peers", "loops,js:scalar", "--json"]);
    expect([status, (JSON.parse(out) as Report).rows.map(({ peer }) => peer)]).toEqual([0, ["loops", "js:scalar"]]);
  });

  it("measures several numbers of threads, one after the other", async () => {
    const args = ["bench", "--backend", "js:wasm", "--workload", "W7b", "--part", "forward", "--rounds", "1"];
    const { status, out } = await losses([...args, "--threads", "1,2", "--peers", "js:wasm", "--markdown"]);
    expect(status).toBe(0);
    const [, , one, two, none, facts] = out.split("\n");
    expect(one).toMatch(/^\| js:wasm \| W7b crossEntropy 32x10 \| forward \| losses \| 1( \| [\d.]+){2} \|$/);
    expect(two).toMatch(/^\| js:wasm \| W7b crossEntropy 32x10 \| forward \| losses \| 2( \| [\d.]+){2} \|$/);
    expect(none).toBe("");
    expect(facts).toContain("--peers js:wasm --threads 1,2`: node");
  });

  it("says what Python says, where that has no torch or is none", async () => {
    const args = ["bench", "--backend", "js", "--workload", "W7b", "--part", "forward", "--json", "--peers", "torch"];
    const folder = await mkdtemp(join(tmpdir(), "losses-"));
    const poor = join(folder, "python");
    await writeFile(poor, "#!/bin/sh\necho 'No module named torch' >&2\nexit 1\n", { mode: 0o755 });
    const results = [
      await losses([...args, "--python", poor]),
      await losses([...args, "--python", join(folder, "none")]),
    ];
    await rm(folder, { recursive: true });
    expect(results.map(({ status }) => status)).toEqual([1, 1]);
    expect(results.map(({ out }) => (JSON.parse(out) as Report).problems)).toEqual([
      ["js W7b forward: torch: its process ended: No module named torch"],
      [expect.stringMatching(/^js W7b forward: torch: .* must be a Python, got .*ENOENT/)],
    ]);
  });

  it("exits 1 and says why where a contestant does not work", async () => {
    const args = ["bench", "--backend", "onnxruntime:cpu", "--workload", "W7b", "--part", "forward", "--json"];
    const { status, out } = await losses(args, { node: withoutEngines });
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      rows: [],
      problems: [expect.stringMatching(/^onnxruntime:cpu W7b forward: losses: .*onnxruntime/)],
    });
  });

  it.each([
    ["a backend that does not exist", ["--backend", "jax"], "the backend must be one of js"],
    ["a workload that does not exist", ["--backend", "js", "--workload", "W9"], "--workload must be among W1a"],
    ["no workload", ["--backend", "js", "--workload", ","], "--workload must name at least one, got none"],
    ["rounds that are no count", ["--backend", "js", "--rounds", "0"], "--rounds must be an integer >= 1, got 0"],
    ["a part that does not exist", ["--backend", "js", "--part", "backward"], "--part must be forward, gradient"],
    ["a peer that does not exist", ["--backend", "js", "--peers", "numpy"], "--peers must be all, or among loops"],
    ["no peer", ["--backend", "js", "--peers", ","], "--peers must name at least one, got none"],
    ["PyTorch without Python", ["--backend", "js", "--peers", "loops,torch"], "--peers torch must come with --python"],
    ["a loss that does not exist", ["--backend", "js", "--loss", "cross"], 'got "cross"'],
    ["no loss", ["--backend", "js", "--loss", ","], "--loss must name at least one, got none"],
    ["losses and workloads", [...mse, "--workload", "W7b"], "got --workload and --loss"],
    ["shapes of workloads", ["--backend", "js", "--shape", "input=3"], "--shape must come with --loss, got none"],
    ["options of workloads", ["--backend", "js", "--option", "a=3"], "--option must come with --loss, got none"],
    ["inputs of workloads", ["--backend", "js", "--grad", "input"], "--grad must come with --loss, got none"],
    ["gradients of the value alone", [...mse, "--grad", "input", "--part", "forward"], "--grad must come with --part"],
    ["gradients of what has none", [...mse, "--grad", "mask"], 'got "mask"'],
    ["a size that is missing", clip, "--shape must say how large text is, got [M, 3]: --shape text=32,3."],
    ["an input that does not exist", [...mse, "--shape", "image=3"], "the unknown input image"],
    ["values of samples", [...mse, "--option", "reduction=none"], "--loss must be of one value, got mseLoss"],
    [
      "a loss that is infinite",
      ctc,
      "--loss must be finite to be compared, got Infinity for ctcLoss logProbs [2, 8, 4]",
    ],
    ["all peers of a loss", [...mse, "--peers", "all"], "--peers must be among loops"],
    ["a peer written for other losses", [...mse, "--peers", "loops"], "--peers loops must come with --workload"],
    [
      "PyTorch without the loss",
      [...clip, "--shape", "text=2,3", ...torch],
      "losses that torch.nn.functional has, got clipLoss",
    ],
    ["threads of another", ["--backend", "js", "--threads", "2"], "--threads must come with js:wasm alone, got js"],
    [
      "threads that are no count",
      ["--backend", "js:wasm", "--threads", "1,0"],
      "--threads must be an integer >= 1, got 0",
    ],
    ["Python without a peer", ["--backend", "js", "--python", "python3"], "--python must come with --peers"],
    ["two forms", ["--backend", "js", "--json", "--markdown"], "must print in one form, got --json and --markdown"],
    ["no backend", [], "--backend"],
  ])("refuses %s, exit 2", async (_, args, text) => {
    const { status, out, err } = await losses(["bench", ...args]);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toContain(text);
  });
});

// A contestant's program is what was built.
const built = new URL("../dist/bench/startContestant.js", import.meta.url).href;
const { startContestant } = (await import(built)) as typeof import("../src/bench/startContestant.js");

describe("a contestant's process", { timeout: 60_000 }, () => {
  const problem = { kind: "triplet", rows: 3, columns: 4 } as const;

  it("computes, gives times, and ends with the memory it took", async () => {
    const running = await startContestant({ backend: "js:scalar", problem, part: "gradient", entrant: "loops" });
    expect(running.summary.value).toBeGreaterThan(0);
    expect(Object.keys(running.summary.grads)).toEqual(["anchor", "positive", "negative"]);
    expect(await running.time(1)).toBeGreaterThan(0);
    expect(await running.close()).toBeGreaterThan(2 ** 20);
  });

  it("tells NaN, which agrees with nothing", async () => {
    // Logarithms of negative numbers.
    const shapes = { input: [4, 3], target: [4, 3] };
    const nan = { loss: { name: "klDiv" }, shapes, wrt: ["input"], least: -1 } as const;
    const running = await startContestant({ backend: "js:scalar", problem: nan, part: "gradient", entrant: "losses" });
    running.kill();
    expect(running.summary.value).toBeNaN();
    expect(disagreements(running.summary, running.summary)).toEqual(["value NaN against NaN"]);
  });

  it("that ends is an error that says so", async () => {
    const running = await startContestant({ backend: "js:scalar", problem, part: "forward", entrant: "loops" });
    const timing = running.time(60_000);
    running.kill();
    await expect(timing).rejects.toThrow("its process ended (SIGKILL)");
  });
});

describe("workloads", () => {
  it("that take minutes have to be named", () => {
    expect(namedWorkloads(undefined).map(({ id }) => id)).not.toContain("W3b");
    expect(namedWorkloads("W3b, W4").map(({ id, problem }) => [id, problem.rows])).toEqual([
      ["W3b", 4096],
      ["W4", 1024],
    ]);
  });
});
