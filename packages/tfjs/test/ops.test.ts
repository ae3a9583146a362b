import { opNames, opTable, sizeOf, type OpName } from "@losses/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cases } from "./support/cases.js";
import { devices, startEngines, tf } from "./support/engines.js";
import { registerNodeEngine, removeNodeEngine } from "./support/nodeEngine.js";
import { ulps } from "./support/reference.js";
import { runOp, type Way } from "./support/runGraph.js";

beforeAll(async () => {
  await startEngines();
  registerNodeEngine();
  await tf.setBackend("cpu");
});
afterAll(removeNodeEngine);

const ways: readonly Way[] = [
  ...devices.map((device) => ({ device, code: "kernels" as const })),
  { device: "wasm", code: "own" },
  // What engines run whose tensors are not in JavaScript's reach, on kernels of cpu.
  { device: "tensorflow", code: "kernels" },
];

/** Ops that are composed of kernels there. */
const composed: readonly OpName[] = [
  "erf",
  "argMax",
  "argMin",
  "argsort",
  "cumsum",
  "gather",
  "scatterAdd",
  "matmul",
  "reshape",
  "concat",
  "slice",
  "pad",
  "scan",
];

describe.each(ways)("ops on $device, $code", (way) => {
  const ops = way.device === "tensorflow" ? composed : opNames.filter((op) => op !== "input");
  const list = ops.flatMap((op) => cases[op].map((test, i) => ({ op, test, i })));

  it.each(list)("$op $test.name", async ({ op, test }) => {
    const before = tf.memory().numTensors;
    const got = await runOp(tf, way, op, test);
    expect(tf.memory().numTensors).toBe(before);
    expect(got.shape).toEqual(test.expected.shape);
    if (way.code === "kernels") expect(got.dtype).toBe(test.expected.dtype);
    expect(got.data).toHaveLength(sizeOf(got.shape));
    const budget = test.ulp ?? opTable[op].ulp;
    const worst = got.data.map((value, i) => ({ value, want: test.expected.data[i] ?? Number.NaN, at: i }));
    expect(worst.filter(({ value, want }) => ulps(value, want, test.scale) > budget)).toEqual([]);
  });
});
