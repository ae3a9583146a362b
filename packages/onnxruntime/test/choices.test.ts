import { crossEntropy, customGradient, type Tensor } from "@losses/core";
import ort from "onnxruntime-node";
import { expect, it } from "vitest";
import { exportLoss } from "@losses/onnx";
import { createBackend } from "../src/index.js";
import { check } from "./check.js";
import { testDevice } from "./device.js";
import { trace } from "./traced.js";

/** √Σx² along the last axis, with gradient 0 for a zero vector. */
function norm(x: Tensor): Tensor {
  const length = x.square().sum(-1, true).sqrt().detach();
  return customGradient(length, [x], (g) => [x.mul(length.equal(0).where(0, g.div(length)))]);
}

it("a zero vector has no gradient even where an infinite or unknown one arrives", async () => {
  const outer: readonly ((length: Tensor) => Tensor)[] = [
    (length) => length.sqrt(),
    (length) => length.log(),
    (length) => length.mul(0).sqrt(),
    (length) => length.div(length),
  ];
  for (const f of outer) {
    const graph = trace({ x: { shape: ["N", "D"] } }, ({ x }) => f(norm(x as Tensor)), ["x"]);
    await check(graph, { x: { shape: [2, 2], data: [0, 0, 3, 4] } }, { N: 2, D: 2 });
  }
});

it("one over something times one over something else, each wanted for itself too: ONNX Runtime's optimiser leaves it right", async () => {
  const shape = { shape: ["N"] } as const;
  const mean = trace({ w: shape, y: shape }, ({ w, y }) => (w as Tensor).mul((y as Tensor).sigmoid()).mean(), ["w"]);
  const feeds = { w: { shape: [2], data: [1, 2] }, y: { shape: [2], data: [3, 4] } };
  await check(mean, feeds, { N: 2 });
  const quotients = trace(
    { w: shape, y: shape },
    ({ w, y }) => {
      const [a, b] = [w as Tensor, y as Tensor].map((x) => x.pow(-1)) as [Tensor, Tensor];
      return a
        .mul(b)
        .add(a.mul(w as Tensor))
        .add(b.mul(w as Tensor))
        .add(a.mul(a))
        .add(b.mul(b.mul(a)));
    },
    ["w", "y"],
  );
  await check(quotients, feeds, { N: 2 });
});

it("the gradient of a weighted cross entropy is PyTorch's where the weights of the targets sum to 0, and where one is infinite", async () => {
  const cases = [
    { input: [0, 0, 0, 0], shape: [2, 2], weight: [1, -1], wanted: [NaN, Infinity, -Infinity, NaN] },
    {
      input: [0, 0, 0, 0, 1, 2],
      shape: [2, 3],
      weight: [1, -1, Infinity],
      wanted: [NaN, Infinity, Infinity, -Infinity, NaN, -Infinity],
    },
  ];
  const backend = await createBackend({ device: testDevice });
  for (const { input, shape, weight, wanted } of cases) {
    const feeds = {
      input: { data: Float32Array.from(input), shape },
      target: Int32Array.of(0, 1),
      weight: Float32Array.from(weight),
    };
    const loss = await backend.compile(crossEntropy());
    const { grads } = await loss.valueAndGrad(feeds, { wrt: ["input"] });
    expect(Array.from(grads.input?.data as Float32Array)).toEqual(wanted);
    for (const provider of ["any", "cpu"] as const) {
      const model = exportLoss(crossEntropy(), { gradients: ["input"], inputs: { weight: {} }, provider });
      const session = await ort.InferenceSession.create(model);
      const found = await session.run({
        input: new ort.Tensor("float32", feeds.input.data, shape),
        target: new ort.Tensor("int32", feeds.target, [2]),
        weight: new ort.Tensor("float32", feeds.weight, [weight.length]),
      });
      expect(Array.from(found["grad:input"]?.data as Float32Array)).toEqual(wanted);
      await session.release();
    }
  }
  await backend.dispose();
});
