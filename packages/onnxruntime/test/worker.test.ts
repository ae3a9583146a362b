import { clipLoss, crossEntropy, OptionError } from "@losses/core";
import ort from "onnxruntime-node";
import { expect, it } from "vitest";

// A worker thread loads JavaScript, so this is about what was built.
const built = "../dist/index.js";
const { createBackend, placement } = (await import(built)) as typeof import("../src/index.js");
const builtRemote = "../dist/worker/remoteRuntime.js";
const { startRemoteRuntime } = (await import(builtRemote)) as typeof import("../src/worker/remoteRuntime.js");

const wave = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898));

it("gives the same as without a worker, and leaves the feeds intact", async () => {
  const [near, far] = [await createBackend(), await createBackend({ worker: true })];
  expect([far.id, far.device]).toEqual([near.id, near.device]);
  const storage = wave(1000);
  const input = { data: storage.subarray(10, 70), shape: [12, 5] };
  const target = new ort.Tensor(
    "int64",
    BigInt64Array.from({ length: 12 }, (_, i) => BigInt(i % 5)),
    [12],
  );
  const [here, there] = await Promise.all(
    [near, far].map(async (backend) => {
      const loss = await backend.compile(crossEntropy({ reduction: "none" }));
      const { value, grads } = await loss.valueAndGrad({ input, target });
      const gradient = grads.input;
      if (gradient === undefined) throw new Error("no gradient");
      return [await backend.read(value), await backend.read(gradient)];
    }),
  );
  expect(there).toEqual(here);
  expect(storage).toEqual(wave(1000));
  expect(target.data).toHaveLength(12);
  await Promise.all([near.dispose(), far.dispose()]);
});

it("the event loop turns while a long evaluation runs", { timeout: 60_000 }, async () => {
  const backend = await createBackend({ worker: true });
  const loss = await backend.compile(clipLoss());
  const features = { data: wave(1024 * 512), shape: [1024, 512] };
  let turns = 0;
  let running = true;
  const turn = (): void => {
    turns += 1;
    if (running) setImmediate(turn);
  };
  const result = loss.valueAndGrad({ image: features, text: features, logitScale: 10 });
  setImmediate(turn);
  const { value } = await result;
  running = false;
  expect(Number.isFinite((await backend.read(value)).data[0])).toBe(true);
  // Without a worker it turns a handful of times.
  expect(turns).toBeGreaterThan(100);
  await backend.dispose();
});

it("serves many calls at once, and 0, 1 or many rows", async () => {
  const backend = await createBackend({ worker: true });
  const loss = await backend.compile(crossEntropy({ reduction: "sum" }));
  const values = await Promise.all(
    Array.from({ length: 16 }, async (_, n) => {
      const value = await loss.value({
        input: { data: new Float32Array(n * 4), shape: [n, 4] },
        target: new Int32Array(n),
      });
      return (await backend.read(value)).data[0];
    }),
  );
  values.forEach((value, n) => expect(value).toBeCloseTo(n * Math.log(4), 4));
  await backend.dispose();
});

it("errors are those without a worker", async () => {
  const backend = await createBackend({ worker: true });
  const loss = await backend.compile(crossEntropy());
  await expect(loss.value({ input: [[1, 2]], target: [2] })).rejects.toMatchObject({ code: "TARGET_OUT_OF_RANGE" });
  await backend.dispose();
  await expect(loss.value({ input: [[1, 2]], target: [1] })).rejects.toMatchObject({ code: "BACKEND_DISPOSED" });
});

it("placement profiles such a backend too", async () => {
  const backend = await createBackend({ worker: true });
  const { nodes, fallbacks } = await placement(backend, crossEntropy(), { input: [[1, 2]], target: [1] });
  expect(nodes.length).toBeGreaterThan(0);
  expect(fallbacks).toEqual([]);
  await backend.dispose();
});

it("a worker that has ended says so, to those who wait as well", async () => {
  const remote = startRemoteRuntime(ort);
  const waiting = remote.ort.InferenceSession.create(new Uint8Array(0));
  const [refused] = await Promise.allSettled([waiting, remote.stop()]);
  expect(refused).toMatchObject({ status: "rejected", reason: { message: expect.stringContaining("has ended") } });
  await expect(remote.ort.InferenceSession.create(new Uint8Array(0))).rejects.toThrow("Make a new backend");
});

it("is refused where it cannot be", async () => {
  await expect(createBackend({ worker: true, ort })).rejects.toMatchObject({ name: "OptionError" });
  await expect(createBackend({ worker: "yes" as never })).rejects.toMatchObject({ name: "OptionError" });
  await expect(createBackend({ worker: true, runtime: "web" })).rejects.toBeInstanceOf(OptionError);
  await expect(createBackend({ worker: true, device: "webgpu" })).rejects.toThrow("two threads");
});
