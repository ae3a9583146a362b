import { crossEntropy, type Backend } from "@losses/core";
import { createBackend, type OrtTensor } from "@losses/onnxruntime";
import type { Entries } from "../entries.js";
import { element, empty, flag, list, number, text } from "../takes.js";
import { anything } from "../walk.js";

let opened: Promise<Backend<OrtTensor>> | undefined;
export const backend = (): Promise<Backend<OrtTensor>> => (opened ??= createBackend({ device: "cpu" }));

export const entries: Entries = {
  createBackend: {
    args: () => [{ device: ["cpu"], runtime: "node", threads: 1, worker: false, outputs: "host" }],
    takes: {
      nothing: anything,
      "0": empty,
      "0.threads": (value) => value === 1,
      "0.worker": flag,
    },
    once: true,
    result: (made) => (made as Backend<unknown>).id,
    dispose: (made) => (made as Backend<unknown>).dispose(),
  },
  placement: {
    args: async () => [await backend(), crossEntropy(), { input: [[1, 2, 3]], target: [2] }],
    takes: {
      // One row; or scores of one class, with a share of it.
      "2.input": (value) => list(number)(value) && (value as unknown[]).length === 1,
      "2.input.*": element,
      "2.input.*.*": element,
      "2.target": (value) =>
        (list((item) => item === 0 || item === 1)(value) && (value as unknown[]).length === 1) ||
        (value instanceof BigUint64Array && value.length === 1),
      "2.target.*": (value) => element(value) && [0, 1].includes(Number(value)),
    },
    whole: ["0", "1"],
    draws: 24,
  },
  describePlacement: {
    args: () => {
      const node = { name: "a", op: "Add", provider: "CPUExecutionProvider", shapeArithmetic: false };
      return [{ device: "webgpu", nodes: [node], fallbacks: [node] }];
    },
    takes: {
      "0.device": text,
      "0.nodes": list(() => false),
      "0.fallbacks": list(() => false),
      "0.*.*.name": text,
      "0.*.*.op": text,
      "0.*.*.provider": text,
      "0.*.*.shapeArithmetic": anything,
    },
    open: ["0.nodes.*", "0.fallbacks.*"],
  },
};
