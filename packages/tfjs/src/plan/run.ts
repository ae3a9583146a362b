import { bindShape, LossesError, sizeOf, type DimSizes, type HostData } from "@losses/core";
import type { TfTensor } from "../tf.js";
import type { Plan, Step } from "./plan.js";
import { alias, fill, type Runtime, type TfDType } from "./runtime.js";

/** Runs a plan inside the caller's tidy scope. The results are new tensors, never the feeds. */
export function runPlan(
  rt: Runtime,
  plan: Plan,
  feeds: Readonly<Record<string, TfTensor>>,
  sizes: DimSizes,
): TfTensor[] {
  const tensors: TfTensor[] = [];
  plan.steps.forEach((step, id) => {
    tensors.push(typeof step.source === "string" ? feed(feeds, step.source) : compute(rt, step, tensors, sizes));
    for (const dead of plan.lastReads[id] ?? []) {
      if (typeof plan.steps[dead]?.source !== "string") tensors[dead]?.dispose();
    }
  });
  const given = new Set<TfTensor>();
  return plan.outputs.map((id) => {
    const tensor = at(tensors, id);
    const fresh = typeof plan.steps[id]?.source !== "string" && !given.has(tensor);
    given.add(tensor);
    return fresh ? tensor : alias(rt, tensor);
  });
}

function compute(rt: Runtime, step: Step, tensors: readonly TfTensor[], sizes: DimSizes): TfTensor {
  const shape = bindShape(step.shape, sizes);
  const dtype = step.dtype as TfDType;
  const operands = step.operands.map((id) => at(tensors, id));
  if (sizeOf(shape) === 0) return rt.make(emptyData(dtype), shape, dtype);
  if (operands.some((operand) => operand.size === 0)) return fill(rt, shape, step.neutral, dtype);
  if (typeof step.source === "string") throw new LossesError("INVALID_GRAPH", "tfjs: a feed is not computed.");
  const result = step.source(rt, { operands, shape, sizes });
  // Operands are freed on their own; a result must not be one of them.
  return operands.includes(result) ? alias(rt, result) : result;
}

function emptyData(dtype: TfDType): HostData {
  return dtype === "float32" ? new Float32Array(0) : dtype === "int32" ? new Int32Array(0) : new Uint8Array(0);
}

function feed(feeds: Readonly<Record<string, TfTensor>>, name: string): TfTensor {
  const tensor = feeds[name];
  if (tensor === undefined) throw new LossesError("MISSING_INPUT", `tfjs: ${name} must be fed, got nothing.`);
  return tensor;
}

function at(tensors: readonly TfTensor[], id: number): TfTensor {
  const tensor = tensors[id];
  if (tensor === undefined) throw new LossesError("INVALID_GRAPH", `tfjs: tensor %${id} must exist, got none.`);
  return tensor;
}
