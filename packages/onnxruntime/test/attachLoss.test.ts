import { crossEntropy, type Tensor } from "@losses/core";
import { attachLoss, exportGraph } from "@losses/onnx";
import ort from "onnxruntime-node";
import { expect, it } from "vitest";
import { createBackend } from "../src/index.js";
import { trace } from "./traced.js";

it("one run of a model with a loss attached gives what the model and the loss give one after the other", async () => {
  const linear = trace({ x: { shape: ["B", 4] }, w: { shape: [4, 3] } }, ({ x, w }) =>
    (x as Tensor).matmul(w as Tensor),
  );
  const model = exportGraph({ ...linear, outputs: linear.outputs.map(({ node }) => ({ name: "logits", node })) });
  const x = new ort.Tensor(
    "float32",
    Float32Array.from({ length: 20 }, (_, i) => Math.sin(i)),
    [5, 4],
  );
  const w = new ort.Tensor(
    "float32",
    Float32Array.from({ length: 12 }, (_, i) => Math.cos(i)),
    [4, 3],
  );
  const target = new ort.Tensor("int32", Int32Array.of(0, 1, 2, 1, 0), [5]);

  const spec = crossEntropy({ labelSmoothing: 0.2 });
  const joined = await ort.InferenceSession.create(
    attachLoss(model, spec, { mapping: { input: "logits" }, gradients: true }),
  );
  const all = await joined.run({ x, w, target });

  const plain = await ort.InferenceSession.create(model);
  const { logits } = await plain.run({ x, w });
  const backend = await createBackend();
  const loss = await backend.compile(spec);
  const { value, grads } = await loss.valueAndGrad({ input: logits as ort.Tensor, target });

  const numbers = (tensor: ort.Tensor | undefined): readonly number[] => Array.from(tensor?.data as Float32Array);
  expect(numbers(all["logits"])).toEqual(numbers(logits));
  expect(numbers(all["value"])[0]).toBeCloseTo(numbers(value)[0] ?? Number.NaN, 5);
  numbers(grads.input).forEach((want, i) => expect(numbers(all["grad:input"])[i]).toBeCloseTo(want, 6));
  await Promise.all([joined.release(), plain.release(), backend.dispose()]);
});

it("a model that calls both axes of its output the same is not taken at its word: one sample of five classes", async () => {
  const same = trace({ x: { shape: ["n", "n"] } }, ({ x }) => (x as Tensor).neg());
  const model = exportGraph({ ...same, outputs: same.outputs.map(({ node }) => ({ name: "logits", node })) });
  const session = await ort.InferenceSession.create(
    attachLoss(model, crossEntropy(), { mapping: { input: "logits" }, gradients: true }),
  );
  const x = new ort.Tensor("float32", Float32Array.of(0, -1, -2, -3, -4), [1, 5]);
  const { value, "grad:input": gradient } = await session.run({ x, target: new ort.Tensor("int32", [2], [1]) });
  // torch.nn.functional.cross_entropy of [0, 1, 2, 3, 4] and 2
  expect(value?.data[0]).toBeCloseTo(2.4519143959, 6);
  expect(gradient?.dims).toEqual([1, 5]);
  const wanted = [0.011656231, 0.0316849208, -0.9138714556, 0.2341216573, 0.6364086466];
  wanted.forEach((number, i) => expect(gradient?.data[i]).toBeCloseTo(number, 6));
  await session.release();
});
