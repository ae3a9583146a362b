import { bindShape, LossesError, sizeOf, type DimSizes, type HostData } from "@losses/core";
import type { TfTensor } from "../tf.js";
import type { Plan, Step } from "./plan.js";
import { alias, elements, fill, type Runtime, type TfDType, type Value } from "./runtime.js";

/** Runs a plan. The results are new tensors, never the feeds; nothing else stays, also if a kernel fails. */
export function runPlan(
  rt: Runtime,
  plan: Plan,
  feeds: Readonly<Record<string, TfTensor>>,
  sizes: DimSizes,
): TfTensor[] {
  const values: Value[] = [];
  const own = new Set<Value>();
  const give = (id: number): TfTensor => {
    const value = at(values, id);
    // A feed, or a value that is already another result, gets a second handle.
    const handle = own.delete(value) ? value : rt.only(() => alias(rt, value));
    return rt.tensor(handle);
  };
  try {
    plan.steps.forEach((step, id) => {
      const { source } = step;
      if (typeof source === "string") {
        values.push(feed(feeds, source));
      } else {
        const value = rt.only(() => compute(rt, step, values, sizes));
        values.push(value);
        // Constants belong to the engine.
        if (step.value === undefined) own.add(value);
      }
      for (const dead of plan.lastReads[id] ?? []) {
        const value = at(values, dead);
        if (own.delete(value)) rt.free(value);
      }
    });
    return plan.outputs.map(give);
  } finally {
    own.forEach(rt.free);
  }
}

function compute(rt: Runtime, step: Step, values: readonly Value[], sizes: DimSizes): Value {
  const shape = bindShape(step.shape, sizes);
  const dtype = step.dtype as TfDType;
  const operands = step.operands.map((id) => at(values, id));
  if (sizeOf(shape) === 0) return rt.make(emptyData(dtype), shape, dtype);
  if (operands.some((operand) => elements(operand) === 0)) return fill(rt, shape, step.neutral, dtype);
  if (typeof step.source === "string") throw new LossesError("INVALID_GRAPH", "tfjs: a feed is not computed.");
  const result = step.source(rt, { operands, shape, sizes });
  // Operands are freed on their own; a result must not be one of them.
  return operands.includes(result) ? alias(rt, result) : result;
}

function emptyData(dtype: TfDType): HostData {
  return dtype === "float32" ? new Float32Array(0) : dtype === "int32" ? new Int32Array(0) : new Uint8Array(0);
}

function feed(feeds: Readonly<Record<string, TfTensor>>, name: string): Value {
  const tensor = feeds[name];
  if (tensor === undefined) throw new LossesError("MISSING_INPUT", `tfjs: ${name} must be fed, got nothing.`);
  return tensor;
}

function at(values: readonly Value[], id: number): Value {
  const value = values[id];
  if (value === undefined) throw new LossesError("INVALID_GRAPH", `tfjs: value %${id} must exist, got none.`);
  return value;
}
