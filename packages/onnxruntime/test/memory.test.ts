import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { crossEntropy } from "@losses/core";
import { expect, it } from "vitest";
import { createBackend } from "../src/index.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Resident memory after collecting garbage; two turns let finalisers run. */
async function resident(): Promise<number> {
  for (let i = 0; i < 2; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().rss;
}

const calls = 10_000;
const [rows, classes] = [64, 100];

// One gradient leaked a call would be 256 MB, one session leaked a backend 100 MB; allocators that settle stay far below.
const allowed = 64 * 2 ** 20;

it(`${calls} calls leave no more than ${allowed} bytes behind`, { timeout: 120_000 }, async () => {
  const backend = await createBackend();
  const loss = await backend.compile(crossEntropy());
  const input = { data: new Float32Array(rows * classes).fill(0.5), shape: [rows, classes] };
  const target = new Int32Array(rows).fill(7);
  const call = async (i: number): Promise<void> => {
    const { value, grads } = await loss.valueAndGrad({ input, target });
    // Every other result is left to the garbage collector.
    if (i % 2 === 0) for (const tensor of [value, grads.input]) if (tensor !== undefined) backend.release(tensor);
  };
  for (let i = 0; i < 500; i++) await call(i);
  const before = await resident();
  for (let i = 0; i < calls; i++) await call(i);
  expect((await resident()) - before).toBeLessThan(allowed);
  await backend.dispose();
});

it("300 backends made and disposed of leave no session behind", { timeout: 120_000 }, async () => {
  const cycle = async (): Promise<void> => {
    const backend = await createBackend();
    const loss = await backend.compile(crossEntropy());
    await loss.valueAndGrad({ input: [[1, 2, 3]], target: [0] });
    await backend.dispose();
  };
  for (let i = 0; i < 10; i++) await cycle();
  const before = await resident();
  for (let i = 0; i < 300; i++) await cycle();
  expect((await resident()) - before).toBeLessThan(allowed);
});
