import process from "node:process";
import { describe, expect, it } from "vitest";
import { openContestant, type Entrant } from "../src/bench/openContestant.js";
import type { AnyProblem, LossProblem } from "../src/bench/lossProblem.js";
import { contestsOf, namedLosses, type LossRequest } from "../src/bench/namedLosses.js";
import { ownPeer } from "../src/bench/peerIds.js";
import type { Answer } from "../src/bench/contestant.js";
import { openOnnxPeer } from "../src/bench/peers/onnx/openOnnxPeer.js";
import { handModel } from "../src/bench/peers/onnx/handModel.js";
import { startTorch } from "../src/bench/peers/torch/startTorch.js";
import { disagreements, summarise } from "../src/bench/summary.js";
import { kinds, type Kind, type Part } from "../src/bench/problems.js";
import { InferenceSession, Tensor } from "onnxruntime-node";

const kindNames = Object.keys(kinds) as readonly Kind[];

// Rows and columns differ, and the rows are no multiple of anything.
const size = { rows: 7, columns: 5 };

function answer(backend: string, kind: Kind, part: Part, entrant: Entrant): Promise<Answer> {
  return answerOf(backend, { kind, ...size }, part, entrant);
}

async function answerOf(backend: string, problem: AnyProblem, part: Part, entrant: Entrant): Promise<Answer> {
  const contestant = await openContestant({ backend, problem, part, entrant });
  try {
    const pending = contestant.call();
    if (pending !== undefined) await pending;
    return await contestant.answer();
  } finally {
    await contestant.close();
  }
}

function expectSame(actual: Answer, expected: Answer): void {
  expect(actual.value).toBeCloseTo(expected.value, 4);
  expect(Object.keys(actual.grads).sort()).toEqual(Object.keys(expected.grads).sort());
  for (const [name, grad] of Object.entries(expected.grads)) {
    expect(actual.grads[name]?.length, name).toBe(grad.length);
    for (const [i, x] of grad.entries()) expect(actual.grads[name]?.[i], `${name}[${i}]`).toBeCloseTo(x, 4);
  }
}

describe.each(["js:wasm", "js:scalar", "tfjs:wasm", "onnxruntime:cpu"])("on %s", { timeout: 60_000 }, (backend) => {
  it.each(kindNames)("the peer computes what our %s does", async (kind) => {
    const gradient = await answer(backend, kind, "gradient", "losses");
    expect(Object.keys(gradient.grads)).toEqual(kinds[kind].wrt);
    const peer = ownPeer(backend);
    expectSame(await answer(backend, kind, "gradient", peer), gradient);
    expectSame(await answer(backend, kind, "forward", peer), await answer(backend, kind, "forward", "losses"));
    if (backend.startsWith("tfjs")) expectSame(await answer(backend, kind, "gradient", "toTfjs"), gradient);
  });
});

describe("jax-js", { timeout: 60_000 }, () => {
  it.each(kindNames)("computes what our %s does", async (kind) => {
    for (const part of ["gradient", "forward"] as const) {
      expectSame(await answer("js:wasm", kind, part, "jax"), await answer("js:wasm", kind, part, "losses"));
    }
  });
});

async function problemOf(name: string, request: LossRequest): Promise<AnyProblem> {
  const [contest] = await contestsOf(namedLosses(name, request), request);
  if (contest === undefined) throw new Error(`there is no ${name}`);
  return contest.problem;
}

describe("any loss", { timeout: 60_000 }, () => {
  it.each([
    // A list, integers below a bound, lengths that fit, logarithms of a target, an optional mask.
    ["featureMatchingLoss", ["real.0=7,5", "fake.0=7,5", "real.1=7,3", "fake.1=7,3"]],
    ["crossEntropy", ["input=7,5", "weight=5"]],
    ["ctcLoss", ["logProbs=9,2,5", "targets=2,3"]],
    ["klDiv", ["input=7,5"]],
    ["mseLoss", ["input=7,5", "mask=7,5"]],
  ])("%s is the same everywhere", async (loss, shape) => {
    // As it comes to another process.
    const problem = JSON.parse(JSON.stringify(await problemOf(loss, { option: [], shape }))) as LossProblem;
    const expected = await answerOf("js:scalar", problem, "gradient", "losses");
    expect(Object.keys(expected.grads)).toEqual(problem.wrt);
    expect(Number.isFinite(expected.value)).toBe(true);
    for (const backend of ["js:wasm", "tfjs:wasm", "onnxruntime:cpu"]) {
      expectSame(await answerOf(backend, problem, "gradient", "losses"), expected);
    }
    expectSame(await answerOf("tfjs:wasm", problem, "gradient", "toTfjs"), expected);
    await expect(answerOf("js:wasm", problem, "gradient", "loops")).rejects.toThrow(
      "written for the losses of workloads",
    );
  });

  it("differentiates by the inputs that are named", async () => {
    const problem = await problemOf("mseLoss", { option: [], shape: ["input=7"], grad: "target" });
    expect(Object.keys((await answerOf("js:scalar", problem, "gradient", "losses")).grads)).toEqual(["target"]);
  });
});

const python = process.env["LOSSES_PYTHON"];

// PyTorch is no package of npm's.
describe.runIf(python !== undefined)("in the Python of LOSSES_PYTHON", { timeout: 60_000 }, () => {
  it.each(kindNames)("PyTorch computes what our %s does", async (kind) => {
    for (const part of ["gradient", "forward"] as const) {
      const problem = { kind, ...size };
      const running = await startTorch({ backend: "js", problem, part, entrant: "torch" }, python ?? "");
      expect(disagreements(running.summary, summarise(await answer("js:scalar", kind, part, "losses")))).toEqual([]);
      expect(await running.time(1)).toBeGreaterThan(0);
      expect(await running.close()).toBeGreaterThan(2 ** 20);
    }
  });
});

// PyTorch's own names of inputs and options.
describe.runIf(python !== undefined)("in the Python of LOSSES_PYTHON", { timeout: 60_000 }, () => {
  it.each([
    ["crossEntropy", ["labelSmoothing=0.25", "ignoreIndex=1"], ["input=7,5", "weight=5"]],
    ["binaryCrossEntropyWithLogits", [], ["input=7,5", "target=7,5", "posWeight=5"]],
    ["ctcLoss", ["reduction=sum"], ["logProbs=9,2,5", "targets=2,3"]],
  ])("PyTorch computes any of its losses, %s", async (loss, option, shape) => {
    const [grad = ""] = shape[0]?.split("=") ?? [];
    const problem = await problemOf(loss, { option, shape, grad });
    const running = await startTorch({ backend: "js", problem, part: "gradient", entrant: "torch" }, python ?? "");
    const own = await answerOf("js:scalar", problem, "gradient", "losses");
    expect(disagreements(running.summary, summarise(own))).toEqual([]);
    await running.close();
  });
});

describe("the graphs for GPU providers", { timeout: 60_000 }, () => {
  it.each(kindNames)("compute %s too", async (kind) => {
    const problem = { kind, ...size };
    const peer = await openOnnxPeer({ device: "cpu", web: false }, problem, "gradient");
    const expected = await peer.answer();
    await peer.close();
    const session = await InferenceSession.create(handModel(problem, "gradient", "gpu"));
    const feeds = Object.fromEntries(
      Object.entries(kinds[kind].inputs(size.rows, size.columns)).map(([name, { data, shape }]) => [
        name,
        data instanceof Int32Array
          ? new Tensor("int32", data, shape)
          : new Tensor("float32", Float32Array.from(data), shape),
      ]),
    );
    const results = await session.run(feeds);
    await session.release();
    const data = (name: string): Float32Array => results[name]?.data as Float32Array;
    const grads = Object.fromEntries(kinds[kind].wrt.map((name) => [name, data(`grad:${name}`)]));
    expectSame({ value: data("value")[0] ?? Number.NaN, grads }, expected);
  });
});
