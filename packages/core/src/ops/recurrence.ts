import { ShapeError } from "../errors.js";
import type { Graph, NodeOf } from "../graph/graph.js";
import { bindDim, formatShape, sameShape } from "../tensor/dims.js";
import { linesAlong, sizeOfShape } from "./positions.js";
import { never, requireFloat, whereOperandsAre } from "./rules.js";
import type { OpTable, ScanAttributes, TensorType, Values } from "./types.js";

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
      for (const line of linesAlong(x.shape, axis)) {
        let sum = 0;
        for (const i of reverse ? [...line].reverse() : line) {
          const before = sum;
          sum += x.data[i] ?? Number.NaN;
          result[i] = exclusive ? before : sum;
        }
      }
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
      const { body, carries, sequences, reverse, output } = attrs;
      const names = bodyInputs(body).map(({ attrs: { name } }) => name);
      let carried = inputs.slice(0, carries);
      const steps = output < carries ? undefined : new Float64Array(sizeOfShape(shape));
      const length = bindDim(attrs.length, sizes);
      for (let i = 0; i < length; i++) {
        const at = reverse ? length - 1 - i : i;
        const parts = inputs.slice(carries, carries + sequences).map((sequence) => partOf(sequence, at));
        const operands = [...carried, ...parts, ...inputs.slice(carries + sequences)];
        const feeds = Object.fromEntries(operands.map((operand, k) => [names[k] ?? "", operand]));
        const results = run(body, feeds);
        carried = results.slice(0, carries);
        const made = results[output]?.data;
        if (steps !== undefined && made !== undefined) steps.set(made, at * made.length);
      }
      return steps ?? carried[output]?.data ?? new Float64Array();
    },
  },
};

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

function partOf({ shape, data }: Values, at: number): Values {
  const part = shape.slice(1);
  const size = sizeOfShape(part);
  return { shape: part, data: data.slice(at * size, (at + 1) * size) };
}
