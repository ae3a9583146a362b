import { opNames, opTable, type OpAttributes, type OpName } from "@losses/core";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-webgl";
import "@tensorflow/tfjs-backend-webgpu";
import { beforeAll, describe, expect, it } from "vitest";
import { cases, type Case } from "../test/support/cases.js";
import { meaning } from "../test/support/meaning.js";
import { farOff, programGraph, programRun, programs, programSizes } from "../test/support/programs.js";
import { ulps } from "../test/support/reference.js";
import { runGraph, runOp } from "../test/support/runGraph.js";

const devices = ["webgl", "webgpu"] as const;

// Small tensors too are computed on the device, as large ones are.
tf.env().set("WEBGL_CPU_FORWARD", false);
tf.env().set("WEBGPU_CPU_FORWARD", false);

beforeAll(async () => {
  for (const device of devices) await tf.setBackend(device);
});

/** True for cases of numbers that GPUs take for 0, and of integers that these engines keep as float32. */
function isBeyond({ operands, expected }: Case): boolean {
  return [...operands, expected].some(({ data, dtype }) =>
    data.some((x) => (dtype === "float32" ? x !== 0 && Math.abs(x) < 2 ** -126 : Math.abs(x) > 2 ** 24)),
  );
}

/** WGSL asks of eˣ an error of at most 3 + 2|x| units in the last place. */
function exponentialUlps(op: OpName, { operands }: Case): number {
  const isExponential = ["exp", "expm1", "sigmoid", "softplus"].includes(op);
  const finite = (operands[0]?.data ?? []).filter(Number.isFinite).filter((x) => Math.abs(x) <= 104);
  return isExponential ? 3 + 2 * Math.max(0, ...finite.map(Math.abs)) : 0;
}

describe.each(devices)("ops on %s", (device) => {
  const ops = opNames.filter((op) => op !== "input");
  const list = ops.flatMap((op) => cases[op].filter((test) => !isBeyond(test)).map((test) => ({ op, test })));

  it.each(list)("$op $test.name", async ({ op, test }) => {
    const before = tf.memory().numTensors;
    const got = await runOp(tf, { device, code: "kernels" }, op, test);
    expect(tf.memory().numTensors).toBe(before);
    expect(got.shape).toEqual(test.expected.shape);
    expect(got.dtype).toBe(test.expected.dtype);
    // Whether zeros have signs is the device's affair.
    const positive = test.operands.map((x) => ({ ...x, data: x.data.map((value) => value + 0) }));
    const unsigned = meaning(op, test.attrs as OpAttributes[OpName], positive, test.sizes);
    const budget = (test.ulp ?? opTable[op].ulp) + exponentialUlps(op, test);
    const worst = got.data.map((value, at) => {
      const want = test.expected.data[at] ?? Number.NaN;
      return { at, value, want, also: unsigned.data[at] ?? want };
    });
    const isOff = (value: number, want: number): boolean => ulps(value, want, test.scale) > budget;
    expect(worst.filter(({ value, want, also }) => isOff(value, want) && isOff(value, also))).toEqual([]);
  });
});

describe.each(devices)("on %s programs and their gradients mean what core says that they mean:", (device) => {
  it.each(Object.keys(programs))("%s", async (name) => {
    const graph = programGraph(name);
    for (const sizes of programSizes) {
      const { feeds, expected } = programRun(graph, sizes);
      const before = tf.memory().numTensors;
      const results = await runGraph(tf, { device, code: "kernels" }, graph, feeds, sizes);
      expect(tf.memory().numTensors).toBe(before);
      results.forEach((got, i) => {
        const want = expected[i];
        if (want === undefined) throw new Error(`no output ${i}`);
        expect(got.shape).toEqual(want.shape);
        expect(farOff(got, want)).toEqual([]);
      });
    }
  });
});
