import { lstat, mkdtemp, open as openFile, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { losses } from "./command.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "losses-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("losses export", { timeout: 120_000 }, () => {
  it("says what shapes were written, and that a loss takes others", async () => {
    const file = join(folder, "klDiv.onnx");
    const { err } = await losses(["export", "klDiv", "-o", file]);
    expect(err).toContain("\n  input [d1] float32\n  target [d1] float32\n");
    expect(err).toContain(
      "klDiv takes input, target of any number of axes; what was written takes one. For another, say it: --shape",
    );
    const shaped = await losses(["export", "klDiv", "--shape", "input=N,D", "-o", file]);
    expect(shaped.err).toMatch(/bytes\n  input \[N, D\] float32\n  target \[N, D\] float32\n$/);
  });

  it("writes a model with gradients that ONNX Runtime runs for any batch size", async () => {
    const file = join(folder, "triplet.onnx");
    const args = [
      "export",
      "tripletMarginLoss",
      "--option",
      "margin=2",
      "--option",
      "p=Infinity",
      "--grad",
      "-o",
      file,
    ];
    const { status, err } = await losses(args);
    expect([status, err]).toEqual([0, expect.stringContaining(file)]);
    const session = await InferenceSession.create(file);
    for (const n of [1, 7]) {
      const rows = (x: number): Tensor => new Tensor("float32", new Float32Array(n * 2).fill(x), [n, 2]);
      const results = await session.run({ anchor: rows(0), positive: rows(1), negative: rows(4) });
      expect(results["value"]?.data[0]).toBeCloseTo(0, 5);
      expect(results["grad:anchor"]?.dims).toEqual([n, 2]);
    }
    await session.release();
  });

  it("writes a module with its declarations, which runs for any batch size", async () => {
    // Beside this file, where its import is found.
    const own = await mkdtemp(join(import.meta.dirname, "module-"));
    try {
      const file = join(own, "triplet.mjs");
      const { status, err } = await losses(["export", "tripletMarginLoss", "--grad", "anchor", "-o", file]);
      expect([status, err]).toEqual([0, expect.stringMatching(/tripletMarginLoss, value and gradients, \d+ bytes\n/)]);
      expect(err).toContain("  anchor [n1, D] float32\n");
      const { valueAndGradSync } = (await import(file)) as {
        valueAndGradSync: (feeds: object) => { value: { data: ArrayLike<number> }; grads: object };
      };
      for (const n of [1, 7]) {
        const rows = (x: number): object => ({ data: new Float32Array(n * 2).fill(x), shape: [n, 2] });
        const { value, grads } = valueAndGradSync({ anchor: rows(0), positive: rows(1), negative: rows(4) });
        expect(value.data[0]).toBeCloseTo(0, 5);
        expect(grads).toEqual({ anchor: expect.objectContaining({ shape: [n, 2] }) });
      }
      expect(await readFile(join(own, "triplet.d.mts"), "utf8")).toContain(
        "readonly grads: { readonly anchor: JsTensor }",
      );
    } finally {
      await rm(own, { recursive: true });
    }
  });

  it.each([
    [["--no-value"], "--no-value is for ONNX files"],
    [["--dtype", "float64"], "--dtype is for ONNX files"],
    [["--provider", "cpu"], "--provider is for ONNX files"],
    [["--format", "wasm"], "--format must be onnx or js, got wasm."],
  ])("refuses %s for a module", async (options, message) => {
    const { status, err } = await losses(["export", "l1Loss", "--grad", ...options, "-o", join(folder, "l1.js")]);
    expect([status, err]).toEqual([2, expect.stringContaining(message)]);
    await expect(stat(join(folder, "l1.js"))).rejects.toThrow();
  });

  it("writes chosen inputs and outputs", async () => {
    const file = join(folder, "chosen.onnx");
    const inputs = ["--input", "target:int64", "--input", "weight", "--shape", "input=N,3"];
    const { status, err } = await losses(["export", "crossEntropy", ...inputs, "--grad", "input", "--no-value", "--provider", "cpu", "-o", file]); // prettier-ignore
    expect([status, err]).toEqual([0, expect.stringContaining("crossEntropy, gradients,")]);
    const session = await InferenceSession.create(file);
    expect(session.inputNames).toEqual(["input", "target", "weight"]);
    expect(session.outputNames).toEqual(["grad:input"]);
    const results = await session.run({
      input: new Tensor("float32", new Float32Array(6), [2, 3]),
      target: new Tensor("int64", BigInt64Array.of(1n, 2n), [2]),
      weight: new Tensor("float32", Float32Array.of(1, 1, 1), [3]),
    });
    expect(results["grad:input"]?.data[1]).toBeCloseTo(-1 / 3, 6);
    await session.release();
  });

  it.each([
    ["an unknown option", ["tripletMarginLoss", "--option", "depth=1"], "unknown option depth"],
    [
      "an option of the wrong kind",
      ["tripletMarginLoss", "--option", "swap=maybe"],
      'option swap must be true or false, got "maybe"',
    ],
    [
      "an option out of its domain",
      ["tripletMarginLoss", "--option", "margin=-1"],
      "option margin must be a finite number > 0",
    ],
    ["an option twice", ["tripletMarginLoss", "--option", "p=1", "--option", "p=2"], "given once"],
    ["an option without a value", ["tripletMarginLoss", "--option", "p"], "--option must be key=value"],
    ["an unknown loss", ["noLoss"], 'got "noLoss"'],
    ["a gradient of what has none", ["crossEntropy", "--grad", "input,target"], "differentiable inputs"],
    ["a model without outputs", ["klDiv", "--no-value"], "must have an output"],
    ["an unknown dtype of an input", ["klDiv", "--input", "target:int8"], "--input must be"],
    ["an unknown provider", ["klDiv", "--provider", "cuda"], "--provider must be any, cpu or wasm"],
    ["a size that is none", ["klDiv", "--shape", "input=-1"], "--shape must be"],
    ["an unknown input", ["klDiv", "--shape", "labels=N"], "unknown input labels"],
    ["names that every object has", ["klDiv", "--input", "constructor"], "unknown input constructor"],
    ["an option that every object has", ["klDiv", "--option", "__proto__=1"], "unknown option __proto__"],
    ["a size beyond every machine", ["klDiv", "--shape", "input=100000000000000000000"], "--shape must be"],
  ])("refuses %s, exit 2", async (_, args, text) => {
    const { status, out, err } = await losses(["export", ...args, "-o", join(folder, "none.onnx")]);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toContain(text);
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  it("replaces an old file whole, and leaves it alone where the new one cannot be made", async () => {
    const file = join(folder, "old.onnx");
    const link = join(folder, "link.onnx");
    await writeFile(file, "old");
    await symlink(file, link);
    const open = await openFile(file, "r");
    expect((await losses(["export", "klDiv", "-o", link])).status).toBe(0);
    // Whoever reads the old one goes on reading it.
    expect((await open.readFile()).toString()).toBe("old");
    await open.close();
    expect((await stat(file)).size).toBeGreaterThan(100);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect((await readdir(folder)).filter((name) => /^(old|link)/.test(name)).sort()).toEqual([
      "link.onnx",
      "old.onnx",
    ]);
    const before = await readFile(file);
    expect((await losses(["export", "klDiv", "--shape", "input=-1", "-o", file])).status).toBe(2);
    expect(await readFile(file)).toEqual(before);
  });

  it.runIf(process.platform !== "win32")("writes to what is no file as it is", async () => {
    expect((await losses(["export", "klDiv", "-o", "/dev/null"])).status).toBe(0);
    expect((await stat("/dev/null")).isFile()).toBe(false);
  });

  it("fails with one line where it cannot write, exit 1", async () => {
    const { status, err } = await losses(["export", "klDiv", "-o", join(folder, "no", "such", "folder.onnx")]);
    expect(status).toBe(1);
    expect(err.trim().split("\n")).toHaveLength(1);
  });
});
