import { BackendUnavailableError, crossEntropy, LossesError } from "@losses/core";
import ort from "onnxruntime-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createBackend, type OrtModule } from "../src/index.js";
import { deviceTable } from "../src/devices.js";
import { makeExecutable } from "../src/executable.js";
import { createSession, sessionSetup } from "../src/sessions.js";
import { exportLoss, lossGraph } from "@losses/onnx";

type Backend = Awaited<ReturnType<typeof createBackend>>;
let backend: Backend;
const feeds = { input: [[1, 2, 3]], target: [0] };
const cpu = deviceTable.node.cpu;
if (cpu === undefined) throw new Error("no processor");
const setup = sessionSetup(ort, "onnxruntime:cpu", cpu, { threads: 1, outputs: "host", writesHost: true });

beforeAll(async () => {
  backend = await createBackend();
});

afterAll(async () => {
  await backend.dispose();
});

it("a corrupt model is a LossesError that names the backend and the loss", async () => {
  const whole = exportLoss(crossEntropy());
  for (const bytes of [new Uint8Array(100).fill(7), whole.slice(0, whole.length >> 1), new Uint8Array(0)]) {
    const error: unknown = await createSession(setup, setup.options, "crossEntropy", bytes).catch(
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(LossesError);
    expect(error).toMatchObject({ code: "BACKEND_FAILED" });
    expect(String(error)).toContain("onnxruntime:cpu: no session could be made for crossEntropy: ");
  }
});

it("a feed of the wrong dtype is a LossesError, from the binding or from the runtime", async () => {
  const loss = await backend.compile(crossEntropy());
  const target = new ort.Tensor("bool", Uint8Array.of(1), [1]);
  await expect(loss.value({ ...feeds, target })).rejects.toMatchObject({ code: "DTYPE_MISMATCH" });
  const executable = makeExecutable(setup, lossGraph(crossEntropy()).graph);
  const input = new ort.Tensor("int32", Int32Array.of(1, 2, 3), [1, 3]);
  const labels = new ort.Tensor("int32", Int32Array.of(0), [1]);
  const run = executable.run({ input, target: labels }, { N: 1, C: 3 });
  await expect(run).rejects.toMatchObject({ name: "LossesError", code: "BACKEND_FAILED" });
  await executable.dispose();
  // Nothing of this hurts the backend.
  expect((await loss.value(feeds)).data[0]).toBeCloseTo(2.4076, 4);
});

/** ONNX Runtime whose next run fails when it is told so, as after a lost device; counts the sessions that are alive. */
function fragile(): { readonly ort: OrtModule; readonly state: { fail: boolean; alive: number } } {
  const state = { fail: false, alive: 0 };
  const create: OrtModule["InferenceSession"]["create"] = async (model, options) => {
    const session = await ort.InferenceSession.create(model, options);
    state.alive += 1;
    return {
      run: async (feeds, fetches) => {
        if (!state.fail) return session.run(feeds, fetches);
        state.fail = false;
        throw new Error("the device was lost");
      },
      release: async () => {
        state.alive -= 1;
        return session.release();
      },
    };
  };
  return { ort: { Tensor: ort.Tensor, env: ort.env, InferenceSession: { create } }, state };
}

it("a run that fails is a LossesError; the next run has a new session, and every session is released in the end", async () => {
  const { ort: module, state } = fragile();
  const own = await createBackend({ ort: module });
  const loss = await own.compile(crossEntropy());
  await loss.value(feeds);
  state.fail = true;
  await expect(loss.value(feeds)).rejects.toMatchObject({
    code: "BACKEND_FAILED",
    message: "onnxruntime:cpu: crossEntropy failed while running: the device was lost",
  });
  // What failed is not kept.
  expect(state.alive).toBe(0);
  expect((await loss.value(feeds)).data[0]).toBeCloseTo(2.4076, 4);
  expect(state.alive).toBe(1);
  await own.dispose();
  expect(state.alive).toBe(0);
});

it("a device that fails when it is tried is unavailable", async () => {
  const { ort: module, state } = fragile();
  state.fail = true;
  await expect(createBackend({ ort: module })).rejects.toThrow(BackendUnavailableError);
  expect(state.alive).toBe(0);
});

it("dispose waits for what is running; afterwards everything is refused", async () => {
  const own = await createBackend();
  const loss = await own.compile(crossEntropy());
  const runs = Array.from({ length: 8 }, () => loss.value(feeds));
  await Promise.all(runs);
  const last = loss.value(feeds);
  const [result] = await Promise.allSettled([last, own.dispose()]);
  expect(result.status).toBe("fulfilled");
  await expect(loss.value(feeds)).rejects.toMatchObject({ code: "BACKEND_DISPOSED" });
  await expect(loss.valueAndGrad(feeds)).rejects.toMatchObject({ code: "BACKEND_DISPOSED" });
});

it("results are not written into memory that is still read", async () => {
  const loss = await backend.compile(crossEntropy());
  const data = Float32Array.of(1, 2, 3, 4);
  const input = new ort.Tensor("float32", data.subarray(0, 3), [1, 3]);
  const alias = new ort.Tensor("float32", data.subarray(1, 4), [1, 3]);
  const run = loss.valueAndGrad({ ...feeds, input }, { out: { grads: { input: alias } } });
  await expect(run).rejects.toMatchObject({ name: "InputError" });
  expect(data).toEqual(Float32Array.of(1, 2, 3, 4));
});

it("int32 and int64 labels as tensors give the same", async () => {
  const loss = await backend.compile(crossEntropy({ reduction: "none" }));
  const input = new ort.Tensor("float32", Float32Array.of(1, 2, 3, 4, 5, 7), [2, 3]);
  const narrow = await loss.valueAndGrad({ input, target: new ort.Tensor("int32", Int32Array.of(2, 0), [2]) });
  const wide = await loss.valueAndGrad({ input, target: new ort.Tensor("int64", BigInt64Array.of(2n, 0n), [2]) });
  expect(wide.value.data).toEqual(narrow.value.data);
  expect(wide.grads.input?.data).toEqual(narrow.grads.input?.data);
});
