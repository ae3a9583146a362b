import { openBackend, tripletMarginLoss, type Backend } from "@losses/core";
import type { Report } from "@losses/conformance";
import { describe, expect, it } from "vitest";
import { backendLoaders } from "../src/index.js";
import { losses } from "./command.js";

const ids = ["js:wasm", "js:scalar", "tfjs:cpu", "tfjs:wasm", "onnxruntime:cpu"];

describe("losses choose", { timeout: 120_000 }, () => {
  const measured = [
    "--shape",
    "input=64,10",
    "--backend",
    "js:wasm,js:scalar,onnxruntime:cpu,onnxruntime:cuda",
    "--milliseconds",
    "100",
  ];

  it("ranks the backends that work here, with what they cost", async () => {
    const { status, out, err } = await losses(["choose", "crossEntropy", "--grad", ...measured]);
    expect([status, err]).toEqual([0, ""]);
    expect(out).toMatch(
      /^crossEntropy, input \[64, 10\], target \[64\]\n\nbackend +per call +first result +memory +installed\n/,
    );
    for (const id of ["js:wasm", "js:scalar", "onnxruntime:cpu"]) {
      expect(out).toMatch(new RegExp(`^${id} +[\\d.e+]+ ms +\\d+ ms +[\\d.]+ MB +[\\d.]+ MB$`, "m"));
    }
    expect(out).toMatch(/^onnxruntime:cuda was not taken: onnxruntime:cuda: /m);
  });

  it("answers machines", async () => {
    const { status, out } = await losses(["choose", "crossEntropy", "--json", ...measured]);
    expect(status).toBe(0);
    const report = JSON.parse(out) as {
      readonly ranking: readonly { readonly id: string; readonly installed: number }[];
    };
    expect(report).toMatchObject({
      loss: { name: "crossEntropy" },
      shapes: { input: [64, 10], target: [64] },
      for: "evaluation",
      refused: [{ id: "onnxruntime:cuda" }],
    });
    const sizes = new Map(report.ranking.map(({ id, installed }) => [id, installed]));
    expect(sizes.get("onnxruntime:cpu")).toBeGreaterThan(10 * (sizes.get("js:wasm") ?? Infinity));
  });

  it.each([
    [["--shape", "input=64,C"], "--shape must say how large input is, got [64, C]: --shape input=64,32."],
    [[...measured, "--milliseconds", "0"], "--milliseconds must be a number > 0, got 0."],
    [[...measured, "--backend", "cuda"], "the backend must be one of js, js:wasm"],
  ])("refuses %j", async (args, message) => {
    const { status, err } = await losses(["choose", "crossEntropy", ...args]);
    expect([status, err]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe("losses conformance --require", { timeout: 120_000 }, () => {
  it("fails with the reason when the device is not the one asked for", async () => {
    const { status, err } = await losses(["conformance", "--backend", "onnxruntime:cuda", "--require"]);
    expect([status, err]).toEqual([1, expect.stringContaining("onnxruntime:cuda must work on this machine")]);
  });

  it.each([
    [["--require"], "--require must come with --backend, got no backend."],
    [["--require", "--backend", ""], "--backend must name at least one backend, got none."],
  ])("makes no sense without a backend: %j", async (args, message) => {
    const { status, err } = await losses(["conformance", ...args]);
    expect([status, err]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe("losses conformance --at-most", { timeout: 120_000 }, () => {
  it("takes so many cases of each loss", async () => {
    const options = ["--backend", "js:scalar", "--loss", "mseLoss,l1Loss", "--dtype", "float32", "--json"];
    const { status, out } = await losses(["conformance", ...options, "--at-most", "3"]);
    const { rows } = JSON.parse(out) as Report;
    const count = (of: string): number =>
      rows.filter(({ loss, part }) => loss === of && part !== "gradient").reduce((sum, { cases }) => sum + cases, 0);
    expect([status, count("mseLoss"), count("l1Loss")]).toEqual([0, 3, 3]);
  });

  it("refuses none", async () => {
    const { status, err } = await losses(["conformance", "--at-most", "0"]);
    expect([status, err]).toEqual([2, expect.stringContaining("--at-most must be an integer >= 1, got 0.")]);
  });
});

/** A step of training on whatever backend was opened: it needs no cast, and knows no engine. */
async function trained<T>(backend: Backend<T>, steps: number): Promise<readonly number[]> {
  const loss = await backend.compile(tripletMarginLoss({ margin: 1 }));
  const [positive, negative] = [backend.tensor([[1, 0], [0, 1]]), backend.tensor([[0, 1], [1, 0]])]; // prettier-ignore
  const weights = Float32Array.of(0.5, 0.5, 0.25, 0.5);
  const values: number[] = [];
  for (let step = 0; step < steps; step++) {
    const anchor = backend.tensor({ data: weights.slice(), shape: [2, 2] });
    const { value, grads } = await loss.valueAndGrad({ anchor, positive, negative }, { wrt: ["anchor"] });
    values.push(Number((await backend.read(value)).data[0]));
    const { data } = await backend.read(grads.anchor);
    weights.forEach((weight, i) => (weights[i] = weight - 0.5 * Number(data[i])));
    for (const tensor of [anchor, value, grads.anchor]) backend.release(tensor);
  }
  for (const tensor of [positive, negative]) backend.release(tensor);
  return values;
}

describe("one function trains on every backend", { timeout: 120_000 }, () => {
  it.each(ids)("%s, opened by its name", async (id) => {
    const { backend, refused } = await openBackend(`onnxruntime:cuda,${id}`, backendLoaders);
    expect(refused.map((one) => one.id)).toEqual(["onnxruntime:cuda"]);
    const values = await trained(backend, 6);
    await backend.dispose();
    // Both anchors start as far from one as from the other, or nearly: the margin and what is missing to it.
    expect(values[0]).toBeCloseTo(0.5 * (1 + (1 + Math.hypot(0.25, 0.5) - Math.hypot(0.75, 0.5))), 4);
    expect(values.at(-1)).toBeLessThan(0.5);
  });
});
