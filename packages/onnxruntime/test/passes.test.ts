import type { Tensor } from "@losses/core";
import { exportGraph, passNames, type PassName } from "@losses/onnx";
import { describe, expect, it } from "vitest";
import { checkModel, type Dense } from "./check.js";
import { trace } from "./traced.js";

/** For each pass, something that it writes otherwise. */
const examples: { readonly [K in PassName]: (x: Tensor, label: Tensor) => Tensor } = {
  "by position": (x, label) => x.logSoftmax(1).gather(1, label.unsqueeze(1)).squeeze(1),
  "transposes of products": (x) => x.matmul(x.exp().transpose()).transpose(),
  means: (x) => x.mean(),
  "quotients by norms": (x) => {
    const norm = x.mul(x).sum(1, true).sqrt();
    return norm.equal(0).where(0, x.count([]).mul(3).div(norm)).mul(x);
  },
  "shares of a number": (x) =>
    x.less(0).where(
      x
        .count([])
        .mul(3)
        .div(x.count([0])),
      0,
    ),
  "conditions as numbers": (x) => x.less(0).where(3, 0),
  "columns without their last axis": (x) => x.sum(1, true).mul(2).add(1),
  "kernels of softmax": (x) => x.softmax(1),
  "places of extremes": (x) => x.argmax(1).cast("float32"),
};

const sizes = { N: 4, C: 5 };
const feeds: Readonly<Record<string, Dense>> = {
  x: {
    shape: [4, 5],
    data: [0, 0, 0, 0, 0, 1, -2, 3, 3, -1, 1e-3, -1e3, 5, 2, 2, -0.5, -0.5, -0.25, -0.125, 0].map(Math.fround),
  },
  label: { shape: [4], data: [4, -1, 0, 2] },
};

describe("what makes a model faster on the processor", () => {
  for (const name of passNames) {
    it(`changes the model, and not what it gives: ${name}`, async () => {
      const graph = trace({ x: { shape: ["N", "C"] }, label: { shape: ["N"], dtype: "int32" } }, ({ x, label }) =>
        examples[name](x as Tensor, label as Tensor),
      );
      const write = (passes: readonly PassName[]): Uint8Array => exportGraph(graph, { provider: "cpu", sizes, passes });
      const [all, without] = [write(passNames), write(passNames.filter((other) => other !== name))];
      expect(Buffer.from(all).equals(Buffer.from(without))).toBe(false);
      for (const model of [all, without, write([name]), write([])]) {
        await checkModel(model, graph, feeds, sizes, { relative: 1e-5, slack: 1e-6 });
      }
    });
  }
});
