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
