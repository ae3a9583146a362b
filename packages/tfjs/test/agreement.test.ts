import { allLosses, crossEntropy, vseLoss, type LossSpec, type PlainTensor } from "@losses/core";
import { beforeAll, describe, expect, it } from "vitest";
import { createBackend } from "../src/index.js";
import { startEngines, tf } from "./support/engines.js";
import { reductionsOf, sampleInputs } from "./support/samples.js";

beforeAll(startEngines);

type Inputs = Readonly<Record<string, PlainTensor>>;

async function evaluate(device: "cpu" | "wasm", spec: LossSpec, inputs: Inputs): Promise<Record<string, number[]>> {
  const backend = await createBackend({ device, tf });
  const { value, grads } = await (await backend.compile(spec)).valueAndGrad(inputs);
  const results = Object.entries({ value, ...grads }).flatMap(([name, tensor]) =>
    [tensor].flat().flatMap((one, i) => (one ? [[`${name}.${i}`, one] as const] : [])),
  );
  return Object.fromEntries(results.map(([name, tensor]) => [name, [...tensor.dataSync()]]));
}

/** The two engines take different ways: masks and generic kernels on cpu, gathers and scatters on wasm. */
async function expectAgreement(spec: LossSpec, inputs: Inputs): Promise<void> {
  const [cpu, wasm] = [await evaluate("cpu", spec, inputs), await evaluate("wasm", spec, inputs)];
  expect(Object.keys(wasm)).toEqual(Object.keys(cpu));
  for (const [name, numbers] of Object.entries(cpu)) {
    expect(wasm[name]).toHaveLength(numbers.length);
    numbers.forEach((number, i) => {
      const other = wasm[name]?.[i] ?? -1;
      if (Number.isFinite(number)) expect(Math.abs(other - number)).toBeLessThan(2e-5 * (1 + Math.abs(number)));
      else expect(other).toBe(number);
    });
  }
}

describe("cpu and wasm agree", () => {
  it.each(allLosses.map((loss) => [loss.lossName, loss] as const))("on %s", async (_, loss) => {
    for (const reduction of reductionsOf(loss, ["mean", "none"])) {
      await expectAgreement(loss({ reduction }), sampleInputs(loss));
    }
  });

  const input = [[1, 2, 3], [3, 3, 1], [0, -1, 4], [2, 2, 2]]; // prettier-ignore
  const targets = { some: [2, -100, 0, -100], none: [-100, -100, -100, -100], all: [0, 1, 2, 0] };

  it.each(Object.entries(targets))("on class indices of which %s count", async (_, labels) => {
    for (const reduction of ["mean", "sum", "none"] as const) {
      const feeds = { input, target: Int32Array.from(labels) };
      await expectAgreement(crossEntropy({ reduction }) as LossSpec, feeds);
      await expectAgreement(crossEntropy({ reduction, labelSmoothing: 0.2 }) as LossSpec, {
        ...feeds,
        weight: [1, 2, 0.5],
      });
    }
  });

  it("on class indices of pixels", async () => {
    const data = Float32Array.from({ length: 2 * 3 * 4 }, (_, i) => Math.sin(3 * i));
    const target = { data: Int32Array.of(0, 1, 2, -100, 2, 2, 1, 0), shape: [2, 2, 2] };
    await expectAgreement(crossEntropy() as LossSpec, { input: { data, shape: [2, 3, 2, 2] }, target });
  });

  it("on infinite and NaN logits", async () => {
    const odd = [[1, -Infinity, 0], [Number.NaN, 1, 2], [-Infinity, -Infinity, 5]]; // prettier-ignore
    await expectAgreement(crossEntropy({ reduction: "none" }) as LossSpec, {
      input: odd,
      target: Int32Array.of(0, 1, 2),
    });
  });

  it("on the hardest negatives, tied and not a number", async () => {
    const spec = vseLoss({ maxViolation: true, reduction: "none" }) as LossSpec;
    await expectAgreement(spec, { scores: [[1, 1, 1], [1, 1, 1], [1, 1, 1]] }); // prettier-ignore
    await expectAgreement(spec, { scores: [[1, Number.NaN, 2], [0, 1, 0.9], [3, 0, 1]] }); // prettier-ignore
  });
});
