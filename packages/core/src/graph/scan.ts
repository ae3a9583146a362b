import { isPlainObject, printValue, readable, readParts, recordRule, type Rule, type Rules } from "../arguments.js";
import { LossesError, ShapeError } from "../errors.js";
import { normalizeDim } from "../tensor/dimArithmetic.js";
import { formatShape, type Dim } from "../tensor/dims.js";
import type { Tensor } from "../tensor/tensor.js";
import { makeBody } from "./scanBody.js";
import { Tracer } from "./trace.js";
import { innermostOf, isTraced, type Trace } from "./tracedTensor.js";

/** Tensors by name. */
export type NamedTensors<N extends string> = { readonly [K in N]: Tensor };

export interface ScanConfig<C extends string, S extends string> {
  /** What each step hands to the next, as the first step finds it. */
  readonly init: NamedTensors<C>;
  /** What each step gets its own part of: slices along the first axis. */
  readonly sequences?: NamedTensors<S>;
  /** How many steps; told by the sequences, if there are any. */
  readonly length?: Dim;
  /** From the last part of the sequences to the first. Default false. */
  readonly reverse?: boolean;
}

export interface ScanStep<C extends string, Y extends string> {
  readonly carry: NamedTensors<C>;
  /** What is kept of this step. */
  readonly collect?: NamedTensors<Y>;
}

export interface ScanResult<C extends string, Y extends string> {
  /** The carry after the last step. */
  readonly carry: NamedTensors<C>;
  /** What was kept of all steps, along a new first axis, in the order of the sequences. */
  readonly collected: NamedTensors<Y>;
}

const tensors: Rule = recordRule("tensors of the loss by name", { domain: "a tensor of the loss", accepts: isTraced });

const rules: Rules<ScanConfig<string, string>> = {
  init: tensors,
  sequences: tensors,
  length: { domain: "a dimension", accepts: (value) => typeof value === "number" || typeof value === "string" },
  reverse: { domain: "true or false", accepts: (value) => typeof value === "boolean" },
};

/** What a step gave, each part read once. */
function readStep(given: unknown): { readonly carry: NamedTensors<string>; readonly collect: NamedTensors<string> } {
  return readable("scan", () => {
    const { carry, collect = {} } = isPlainObject(given) ? given : {};
    const [next, kept] = [carry, collect].map((named) => tensors.read?.(named));
    if (next !== undefined && kept !== undefined) return { carry: next, collect: kept } as never;
    const wanted = "{ carry, collect } with tensors of the loss by name";
    throw new LossesError("INVALID_DEFINITION", `scan: a step must return ${wanted}, got ${printValue(given)}.`);
  });
}

/**
 * A recursion: `step` is applied to each part of the sequences in turn, to what the step before it left. It is traced once.
 *
 * `carryₜ₊₁, collectedₜ = step(carryₜ, sequencesₜ)`
 *
 * A step may use any tensor from around it. The carry keeps its shapes and dtypes. The derivative is a recursion the other way
 * round, and keeps every carry: memory grows with the number of steps.
 *
 * @throws ShapeError if sequences differ in length, none is given and `length` neither, or a step changes a carry's shape.
 * @example
 * ```ts
 * // log Σ exp over all elements up to each one, from the end
 * const { collected } = scan({ init: { total: x.slice(0, 0, 1).squeeze(0).mul(0).sub(Infinity) }, sequences: { x }, reverse: true },
 *   ({ total }, { x }) => {
 *     const next = stack([total, x], 0).logSumExp(0);
 *     return { carry: { total: next }, collect: { total: next } };
 *   });
 * ```
 */
export function scan<C extends string, S extends string = never, Y extends string = never>(
  config: ScanConfig<C, S>,
  step: (carry: NamedTensors<C>, at: NamedTensors<S>) => ScanStep<C, Y>,
): ScanResult<C, Y> {
  const {
    init,
    sequences,
    length,
    reverse = false,
  } = readParts("scan", config, rules as Rules<ScanConfig<C, S>>, ["init"]);
  if (typeof step !== "function") {
    throw new LossesError("INVALID_DEFINITION", `scan: the step must be a function, got ${printValue(step)}.`);
  }
  const carries = Object.entries<Tensor>(init);
  const parts = Object.entries<Tensor>(sequences ?? {});
  const operands = [...carries, ...parts].map(([, tensor]) => tensor);
  if (operands.length === 0) throw new LossesError("INVALID_DEFINITION", "scan: there must be a carry, got none.");
  const trace = innermostOf(operands);
  const steps = lengthOf(parts, length);
  const tracer = new Tracer(trace);
  const inputOf = ([name, { shape, dtype }]: readonly [string, Tensor], from: number): readonly [string, Tensor] => [
    name,
    tracer.input(name, shape.slice(from), dtype),
  ];
  const carryInputs = carries.map((entry) => inputOf([`carry ${entry[0]}`, entry[1]], 0)[1]);
  const partInputs = parts.map((entry) => inputOf([`part ${entry[0]}`, entry[1]], 1)[1]);
  const named = <N extends string>(
    entries: readonly (readonly [string, Tensor])[],
    tensors: readonly Tensor[],
  ): NamedTensors<N> => Object.fromEntries(entries.map(([name], i) => [name, tensors[i]])) as NamedTensors<N>;
  const { carry, collect } = readStep(step(named(carries, carryInputs), named(parts, partInputs)));
  const kept = Object.entries<Tensor>(collect);
  const next = carries.map(([name]): Tensor => {
    const tensor = Object.hasOwn(carry, name) ? carry[name] : undefined;
    if (tensor === undefined) {
      throw new LossesError("INVALID_DEFINITION", `scan: a step must return the carry ${name}, got none.`);
    }
    return tensor;
  });
  // What a step finds is collected too: the derivative needs it, and what nothing needs is not computed.
  const outputs = [...next, ...kept.map(([, tensor]) => tensor), ...carryInputs].map((tensor) => tracer.idOf(tensor));
  const inputs = [...carryInputs, ...partInputs].map((tensor) => tracer.idOf(tensor));
  const results = addScan(trace, {
    tracer,
    inputs,
    outputs,
    operands,
    carries: carries.length,
    sequences: parts.length,
    length: steps,
    reverse,
  });
  return {
    carry: named(carries, results),
    collected: named(kept, results.slice(carries.length)),
  };
}

interface TracedStep {
  readonly tracer: Tracer;
  /** Carries and parts of sequences; what the step uses from around comes on top. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly operands: readonly Tensor[];
  readonly carries: number;
  readonly sequences: number;
  readonly length: Dim;
  readonly reverse: boolean;
}

/** Appends the scan of a traced step; one tensor for each of its outputs. */
export function addScan(trace: Trace, traced: TracedStep): readonly Tensor[] {
  const { tracer, inputs, outputs, operands, ...attrs } = traced;
  const around = tracer.captured;
  const body = makeBody({ tracer, inputs: [...inputs, ...around.map(({ input }) => input)], outputs });
  const ids = [...operands, ...around.map(({ from }) => from)].map((tensor) => trace.idOf(tensor));
  return outputs.map((_, output) => trace.tensor(trace.builder.add("scan", ids, { ...attrs, body, output })));
}

function lengthOf(parts: readonly (readonly [string, Tensor])[], given: Dim | undefined): Dim {
  const lengths = parts.map(([name, { shape }]): Dim => {
    const [own] = shape;
    if (own === undefined) throw new ShapeError(`scan: sequence ${name} must have an axis of steps, got a scalar.`);
    return own;
  });
  const length = given === undefined ? lengths[0] : normalizeDim(given);
  if (length === undefined) throw new ShapeError("scan: length must be given where there are no sequences, got none.");
  const other = lengths.find((own) => own !== length);
  if (other !== undefined)
    throw new ShapeError(`scan: sequences must have one length, got ${formatShape([length, other])}.`);
  return length;
}
