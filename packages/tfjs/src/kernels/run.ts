import { bindDim, bindShape, LossesError, operandAt, sizeOf, type DimSizes } from "@losses/core";
import type { TfTensor } from "../tf.js";
import { runLoop } from "./loop.js";
import { arrayOf } from "./memory.js";
import type { Loop, LoopResult, KernelCalls } from "./kernelCalls.js";
import { alias, fill, type Runtime, type TfDType, type Value } from "./runtime.js";

type Values = Readonly<Record<string, Value>>;

/** Makes the calls. The results are new tensors, never the feeds; nothing else stays, also if a kernel fails. */
export function runKernelCalls(
  rt: Runtime,
  calls: KernelCalls,
  feeds: Readonly<Record<string, TfTensor>>,
  sizes: DimSizes,
): TfTensor[] {
  const tensors: TfTensor[] = [];
  let results: readonly Value[] = [];
  try {
    results = execute(rt, prepare(calls, sizes), feeds);
    for (const result of results) tensors.push(rt.tensor(result));
    return tensors;
  } catch (cause) {
    for (const tensor of tensors) tensor.dispose();
    results.slice(tensors.length).forEach(rt.free);
    if (!(cause instanceof RangeError)) throw cause;
    // What JavaScript says to an array that is too large.
    const message = `tfjs:${rt.device}: intermediate results must fit into memory, got: ${cause.message}. Use smaller batches.`;
    throw new LossesError("BACKEND_FAILED", message, { cause });
  }
}

/** Calls for certain sizes: the shapes of its tensors, and which of them are needed. */
interface Prepared {
  readonly calls: KernelCalls;
  readonly sizes: DimSizes;
  readonly shapes: Shapes;
  readonly isNeeded: readonly boolean[];
  readonly bodies: ReadonlyMap<Loop, Prepared>;
}

type Shapes = readonly (readonly number[])[];

function prepare(calls: KernelCalls, sizes: DimSizes): Prepared {
  const shapes = calls.steps.map((step) => bindShape(step.shape, sizes));
  const bodies = new Map<Loop, Prepared>();
  for (const { source } of calls.steps) {
    if (typeof source === "object" && !bodies.has(source.loop)) {
      bodies.set(source.loop, prepare(source.loop.body, sizes));
    }
  }
  return { calls, sizes, shapes, isNeeded: neededSteps(calls, shapes), bodies };
}

/** The results, which are the caller's to free: new values, or second handles to feeds. */
function execute(rt: Runtime, prepared: Prepared, feeds: Values): readonly Value[] {
  const { calls, shapes, isNeeded } = prepared;
  const values: (Value | undefined)[] = [];
  const own = new Set<Value>();
  const results: Value[] = [];
  try {
    calls.steps.forEach((step, id) => {
      if (!isNeeded[id]) return;
      const { source } = step;
      if (typeof source === "string") {
        values[id] = feed(feeds, source);
      } else if (typeof source === "object" && hasElements(shapes, id)) {
        if (values[id] === undefined) for (const made of loopResults(rt, prepared, source, values)) own.add(made);
      } else {
        const value = rt.only(() => compute(rt, prepared, id, values));
        values[id] = value;
        // Constants belong to the engine.
        if (step.value === undefined) own.add(value);
      }
      for (const dead of calls.lastReads[id] ?? []) {
        const value = values[dead];
        if (value !== undefined && own.delete(value)) rt.free(value);
      }
    });
    for (const id of calls.outputs) {
      const value = at(values, id);
      // A feed, or a value that is already another result, gets a second handle.
      results.push(own.delete(value) ? value : rt.only(() => alias(rt, value)));
    }
    return results;
  } catch (cause) {
    results.forEach(rt.free);
    throw cause;
  } finally {
    own.forEach(rt.free);
  }
}

/** Runs a loop, and puts its results among the values of the steps that they are. */
function loopResults(
  rt: Runtime,
  { calls, sizes, shapes, isNeeded, bodies }: Prepared,
  { loop }: LoopResult,
  values: (Value | undefined)[],
): readonly Value[] {
  const places = new Map<number, number>();
  calls.steps.forEach(({ source }, id) => {
    if (typeof source === "object" && source.loop === loop) places.set(source.result, id);
  });
  const first = operandAt(calls.steps, operandAt([...places.values()], 0));
  const body = bodies.get(loop);
  if (body === undefined) throw new LossesError("INVALID_GRAPH", "tfjs: a loop must have a body, got none.");
  const results = runLoop(rt, loop, {
    operands: first.operands.map((operand) => at(values, operand)),
    length: bindDim(loop.length, sizes),
    step: (feeds) => execute(rt, body, feeds),
    empty: (result) => {
      const id = places.get(result);
      // What no step is waiting for may be anything.
      if (id === undefined) return rt.only(() => emptyValue(rt, [0], "float32"));
      return rt.only(() => emptyValue(rt, operandAt(shapes, id), operandAt(calls.steps, id).dtype as TfDType));
    },
  });
  return results.filter((value, result) => {
    const id = places.get(result);
    if (id === undefined || !isNeeded[id] || values[id] !== undefined) {
      rt.free(value);
      return false;
    }
    values[id] = value;
    return true;
  });
}

/** The steps that results are computed from: nothing is read for a result without elements, or from operands without. */
function neededSteps({ steps, outputs }: KernelCalls, shapes: Shapes): readonly boolean[] {
  const needed = steps.map((_, id) => outputs.includes(id));
  for (let id = steps.length - 1; id >= 0; id--) {
    const { operands = [], readsEmpty = false } = steps[id] ?? {};
    if (needed[id] && readsOperands(shapes, id, operands, readsEmpty)) {
      for (const operand of operands) needed[operand] = true;
    }
  }
  return needed;
}

function readsOperands(shapes: Shapes, id: number, operands: readonly number[], readsEmpty: boolean): boolean {
  return hasElements(shapes, id) && (readsEmpty || operands.every((operand) => hasElements(shapes, operand)));
}

function hasElements(shapes: Shapes, id: number): boolean {
  return sizeOf(shapes[id] ?? []) > 0;
}

function compute(
  rt: Runtime,
  { calls: { steps }, shapes, sizes }: Prepared,
  id: number,
  values: readonly (Value | undefined)[],
): Value {
  const [step, shape] = [steps[id], shapes[id]];
  if (step === undefined || shape === undefined) throw new RangeError(`there is no step ${id}`);
  const dtype = step.dtype as TfDType;
  if (sizeOf(shape) === 0) return emptyValue(rt, shape, dtype);
  if (typeof step.source !== "function") {
    throw new LossesError("INVALID_GRAPH", `tfjs: step ${id} must be computed, got none that can be.`);
  }
  if (!readsOperands(shapes, id, step.operands, step.readsEmpty)) return fill(rt, shape, step.neutral, dtype);
  const operands = step.operands.map((operand) => at(values, operand));
  const result = step.source(rt, { operands, shape, sizes });
  // Operands are freed on their own; a result must not be one of them.
  return operands.includes(result) ? alias(rt, result) : result;
}

function emptyValue(rt: Runtime, shape: readonly number[], dtype: TfDType): Value {
  return rt.make(arrayOf(dtype, 0), shape, dtype);
}

function feed(feeds: Values, name: string): Value {
  const tensor = feeds[name];
  if (tensor === undefined) throw new LossesError("MISSING_INPUT", `tfjs: ${name} must be fed, got nothing.`);
  return tensor;
}

function at(values: readonly (Value | undefined)[], id: number): Value {
  const value = values[id];
  if (value === undefined) throw new LossesError("INVALID_GRAPH", `tfjs: value %${id} must exist, got none.`);
  return value;
}
