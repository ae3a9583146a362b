import { isObject, printValue, readable } from "../arguments.js";
import { OptionError, ShapeError } from "../errors.js";
import type { Graph, NodeOf } from "../graph/graph.js";
import { bindDim, formatShape, isSize, sameShape } from "../tensor/dims.js";
import { never, requireFloat, whereOperandsAre } from "./rules.js";
import { eachLine, exact, sizeOfShape } from "./strided.js";
import type { Numbers, OpTable, ScanAttributes, TensorType } from "./types.js";

/** Ops whose elements follow from those before. */
export const recurrenceOps: Pick<OpTable, "cumsum" | "scan"> = {
  /** The sums of the elements up to each one along an axis: with it, or (`exclusive`) without; `reverse`: from the end. Derivative: the cumsum of g the other way round. */
  cumsum: {
    arity: 1,
    infer: ([{ shape, dtype }], { axis }) => {
      requireFloat("cumsum", dtype);
      if (axis >= shape.length)
        throw new ShapeError(`cumsum: the axis must be one of ${formatShape(shape)}, got ${axis}.`);
      return { shape, dtype };
    },
    vjp: ({ gradient, attrs: { axis, exclusive, reverse } }) => [
      gradient.cumsum(axis, { exclusive, reverse: !reverse }),
    ],
    ulp: 0.5,
    isNonNegative: whereOperandsAre,
    evaluate: ({ inputs: [x], attrs: { axis, exclusive, reverse } }) => {
      const result = new Float64Array(x.data.length);
      eachLine(x.shape, axis, (start, step, length) => {
        let sum = 0;
        for (let k = 0; k < length; k++) {
          const i = start + step * (reverse ? length - 1 - k : k);
          const before = sum;
          sum += x.data[i] as number;
          result[i] = exclusive ? before : sum;
        }
      });
      return result;
    },
  },
  /** Applies a graph step by step, each to what the one before left. Derivative: a scan the other way round. */
  scan: {
    arity: "any",
    infer: (inputs, attrs) => inferScan(inputs, attrs),
    // What arrives at one output cannot be told from what arrives at the others: `differentiate` takes them together.
    vjp: "none",
    ulp: 0,
    isNonNegative: never,
    evaluate: ({ inputs, attrs, shape, sizes, run }) => {
      const { body, carries, sequences, output } = attrs;
      const names = bodyInputs(body).map(({ attrs: { name } }) => name);
      const steps = output < carries ? undefined : new Float64Array(sizeOfShape(shape));
      const last = scanSteps<Numbers>(attrs, bindDim(attrs.length, sizes), inputs.slice(0, carries), (at, carried) => {
        const parts = inputs.slice(carries, carries + sequences).map((sequence) => partOf(sequence, at));
        const operands = [...carried, ...parts, ...inputs.slice(carries + sequences)];
        const results = run(body, Object.fromEntries(operands.map((operand, k) => [names[k] ?? "", operand])));
        const made = results[output]?.data;
        if (steps !== undefined && made !== undefined) steps.set(made, at * made.length);
        return results.slice(0, carries);
      });
      const carry = last[output];
      return steps ?? (carry === undefined ? new Float64Array() : exact(carry));
    },
  },
};

/**
 * The steps of a scan in their order: `step` gets which part of the sequences it works on, and the carries as the step before
 * left them. The carries after the last step.
 */
export function scanSteps<T>(
  order: Pick<ScanAttributes, "reverse">,
  length: number,
  carries: readonly T[],
  step: (at: number, carries: readonly T[]) => readonly T[],
): readonly T[] {
  const [reverse, isList] = readable("scanSteps", () => [
    isObject(order) ? order.reverse : undefined,
    Array.isArray(carries),
  ]);
  if (typeof reverse !== "boolean" || !isSize(length) || isList !== true || typeof step !== "function") {
    const got = [order, length, carries, step].map(printValue).join(", ");
    throw new OptionError(`scanSteps: arguments must be { reverse }, a length, carries and a function, got ${got}.`);
  }
  let carried = carries;
  for (let i = 0; i < length; i++) carried = step(reverse ? length - 1 - i : i, carried);
  return carried;
}

/** The inputs of a scan's body, in order. */
export function bodyInputs(body: Graph): readonly NodeOf<"input">[] {
  return body.nodes.filter((node) => node.op === "input");
}

function inferScan(inputs: readonly TensorType[], attrs: ScanAttributes): TensorType {
  const { body, carries, sequences, length, output } = attrs;
  const wanted = bodyInputs(body);
  const refuse = (what: string): never => {
    throw new ShapeError(`scan: ${what}`);
  };
  if (wanted.length !== inputs.length) {
    refuse(`the body must be given ${wanted.length} operands, got ${inputs.length}.`);
  }
  wanted.forEach(({ shape, dtype }, i) => {
    const given = inputs[i];
    const full = i >= carries && i < carries + sequences ? [length, ...shape] : shape;
    if (given === undefined || given.dtype !== dtype || !sameShape(given.shape, full)) {
      refuse(
        `operand ${i} must be ${dtype}${formatShape(full)}, got ${given?.dtype}${formatShape(given?.shape ?? [])}.`,
      );
    }
  });
  const results = body.outputs.map(({ node }) => body.nodes[node]);
  results.slice(0, carries).forEach((result, i) => {
    const carry = wanted[i];
    if (result?.dtype !== carry?.dtype || !sameShape(result?.shape ?? [], carry?.shape ?? [])) {
      refuse(
        `a step must leave carry ${i} as ${carry?.dtype}${formatShape(carry?.shape ?? [])}, got ${result?.dtype}${formatShape(result?.shape ?? [])}.`,
      );
    }
  });
  const own = results[output];
  if (own === undefined) return refuse(`output ${output} must be one of ${results.length}.`);
  return { shape: output < carries ? own.shape : [length, ...own.shape], dtype: own.dtype };
}

function partOf({ shape, data }: Numbers, at: number): Numbers {
  const part = shape.slice(1);
  const size = sizeOfShape(part);
  return { shape: part, data: data.subarray(at * size, (at + 1) * size) };
}
