import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { namedWorkloads } from "../src/bench/workloads.js";
import { losses, withoutEngines } from "./command.js";

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
    expect(header).toBe("| backend | workload | part | who | ms | to loops | to tfjs | to onnxruntime |");
    expect(row).toMatch(/^\| js:scalar \| W7b crossEntropy 32x10 \| gradient \| losses( \| [\d.]+){4} \|$/);
    expect(none).toBe("");
    expect(facts).toContain(
      "`losses bench --backend js:scalar --workload W7b --part gradient --rounds 1 --peers loops,tfjs,onnxruntime`: node",
    );
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
    ["no workload", ["--backend", "js", "--workload", ","], "--workload must be among W1a, W1b"],
    ["rounds that are no count", ["--backend", "js", "--rounds", "0"], "--rounds must be an integer >= 1, got 0"],
    ["a part that does not exist", ["--backend", "js", "--part", "backward"], "--part must be forward, gradient"],
    ["a peer that does not exist", ["--backend", "js", "--peers", "jax"], "--peers must be all, or among loops"],
    ["no peer", ["--backend", "js", "--peers", ","], "torch.compile, got none"],
    ["PyTorch without Python", ["--backend", "js", "--peers", "loops,torch"], "--peers torch must come with --python"],
    ["threads of another", ["--backend", "js", "--threads", "2"], "--threads must come with js:wasm alone, got js"],
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
    expect(namedWorkloads("W3b, W4").map(({ id, rows }) => [id, rows])).toEqual([
      ["W3b", 4096],
      ["W4", 1024],
    ]);
  });
});
