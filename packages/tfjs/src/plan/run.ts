import { bindShape, LossesError, sizeOf, type DimSizes, type HostData } from "@losses/core";
import type { TfTensor } from "../tf.js";
import type { Plan } from "./plan.js";
import { alias, fill, type Runtime, type TfDType, type Value } from "./runtime.js";

/** Runs a plan. The results are new tensors, never the feeds; nothing else stays, also if a kernel fails. */
export function runPlan(
  rt: Runtime,
  plan: Plan,
  feeds: Readonly<Record<string, TfTensor>>,
  sizes: DimSizes,
): TfTensor[] {
  const shapes = plan.steps.map((step) => bindShape(step.shape, sizes));
  const isNeeded = neededSteps(plan, shapes);
  const values: (Value | undefined)[] = [];
  const own = new Set<Value>();
  const give = (id: number): TfTensor => {
    const value = at(values, id);
    // A feed, or a value that is already another result, gets a second handle.
    const handle = own.delete(value) ? value : rt.only(() => alias(rt, value));
    return rt.tensor(handle);
  };
  try {
    plan.steps.forEach((step, id) => {
      if (!isNeeded[id]) return;
      const { source } = step;
      if (typeof source === "string") {
        values[id] = feed(feeds, source);
      } else {
        const value = rt.only(() => compute(rt, plan, id, shapes, values, sizes));
        values[id] = value;
        // Constants belong to the engine.
        if (step.value === undefined) own.add(value);
      }
      for (const dead of plan.lastReads[id] ?? []) {
        const value = values[dead];
        if (value !== undefined && own.delete(value)) rt.free(value);
      }
    });
    return plan.outputs.map(give);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    // What JavaScript says to an array that is too large.
    const message = `tfjs:${rt.device}: intermediate results must fit into memory, got: ${cause.message}. Use smaller batches.`;
    throw new LossesError("BACKEND_FAILED", message, { cause });
  } finally {
    own.forEach(rt.free);
  }
}

type Shapes = readonly (readonly number[])[];

/** The steps that results are computed from: nothing is read for a result without elements, or from operands without. */
function neededSteps({ steps, outputs }: Plan, shapes: Shapes): readonly boolean[] {
  const needed = steps.map((_, id) => outputs.includes(id));
  for (let id = steps.length - 1; id >= 0; id--) {
    const { operands = [] } = steps[id] ?? {};
    if (needed[id] && readsOperands(shapes, id, operands)) for (const operand of operands) needed[operand] = true;
  }
  return needed;
}

function readsOperands(shapes: Shapes, id: number, operands: readonly number[]): boolean {
  return [id, ...operands].every((each) => sizeOf(shapes[each] ?? []) > 0);
}

function compute(
  rt: Runtime,
  { steps }: Plan,
  id: number,
  shapes: Shapes,
  values: readonly (Value | undefined)[],
  sizes: DimSizes,
): Value {
  const [step, shape] = [steps[id], shapes[id]];
  if (step === undefined || shape === undefined || typeof step.source === "string") {
    throw new LossesError("INVALID_GRAPH", `tfjs: step ${id} must be computed, got none that can be.`);
  }
  const dtype = step.dtype as TfDType;
  if (sizeOf(shape) === 0) return rt.make(emptyData(dtype), shape, dtype);
  if (!readsOperands(shapes, id, step.operands)) return fill(rt, shape, step.neutral, dtype);
  const operands = step.operands.map((operand) => at(values, operand));
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

function at(values: readonly (Value | undefined)[], id: number): Value {
  const value = values[id];
  if (value === undefined) throw new LossesError("INVALID_GRAPH", `tfjs: value %${id} must exist, got none.`);
  return value;
}
