import { deviceOf } from "./family.js";
import type { Part } from "./problems.js";
import type { WorkloadId } from "./workloads.js";

type Goals = { readonly [I in WorkloadId]?: number };

/** The ratio to the peer that a value with its gradients must not exceed. */
const goals: { readonly tfjsWasm: Goals; readonly onnxruntime: Goals } = {
  // Against the loss written in tf ops under tf.valueAndGrads.
  tfjsWasm: {
    W1a: 0.42,
    W1b: 0.5,
    W2: 0.24,
    W3a: 0.06,
    W4: 0.035,
    W5: 0.65,
    W6a: 0.12,
    W6b: 0.65,
    W7a: 0.25,
    W7b: 0.4,
  },
  // Against the straightforward graph written by hand.
  onnxruntime: {
    W1a: 1.02,
    W1b: 1.02,
    W2: 1.02,
    W3a: 1.02,
    W3b: 1.02,
    W4: 1.02,
    W5: 1.02,
    W6a: 1.02,
    W6b: 1.02,
    W7a: 1.05,
    W7b: 1.05,
  },
};

/** The goal for a backend's workload, where there is one. */
export function goalFor(backend: string, workload: WorkloadId | undefined, part: Part): number | undefined {
  if (workload === undefined || part === "forward") return undefined;
  if (backend === "tfjs:wasm") return goals.tfjsWasm[workload];
  return deviceOf(backend).family === "onnxruntime" ? goals.onnxruntime[workload] : undefined;
}
