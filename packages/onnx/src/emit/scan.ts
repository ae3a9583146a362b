import { operandAt, UnsupportedOpError, type NodeOf, type Shape } from "@losses/core";
import type { EmitContext, Emitter } from "./context.js";
import { moved, numbersTo } from "./movement.js";
import type { ValueType } from "./writer.js";

/** More steps than this are not written one by one. */
export const mostUnrolled = 64;

/** A scan, and which of the results of its steps are wanted. */
interface Recursion {
  readonly attrs: NodeOf<"scan">["attrs"];
  readonly carries: readonly string[];
  readonly sequences: readonly string[];
  /** What is the same in every step. */
  readonly around: readonly string[];
  /** The places among the body's outputs of what shall be collected. */
  readonly collected: readonly number[];
  /** The types of the body's inputs and outputs. */
  readonly inputTypes: readonly ValueType[];
  readonly outputTypes: readonly ValueType[];
}

/** All nodes of one scan are written at once, when the first has its turn. */
export const emitScan: Emitter<"scan"> = (node, inputs, context) => {
  const twins = context.graph.nodes.filter(
    (other): other is NodeOf<"scan"> =>
      other.op === "scan" && isTwin(other, node) && (other.id === node.id || context.uses(other.id) > 0),
  );
  const { body, carries, sequences } = node.attrs;
  const collected = [...new Set(twins.map(({ attrs }) => attrs.output))].filter((output) => output >= carries);
  const bodyInputs = body.nodes.filter(({ op }) => op === "input");
  const recursion: Recursion = {
    attrs: node.attrs,
    carries: inputs.slice(0, carries),
    sequences: inputs.slice(carries, carries + sequences),
    around: inputs.slice(carries + sequences),
    collected,
    inputTypes: bodyInputs.map(({ dtype, shape }) => ({ dtype, shape })),
    outputTypes: body.outputs.map(({ node: id }) => {
      const { dtype = "float32", shape = [] } = body.nodes[id] ?? {};
      return { dtype, shape };
    }),
  };
  const results = emitRecursion(recursion, context);
  const resultOf = (output: number): string =>
    operandAt(results, output < carries ? output : carries + collected.indexOf(output));
  for (const { id, attrs } of twins) context.setValue(id, resultOf(attrs.output));
  return resultOf(node.attrs.output);
};

function isTwin(a: NodeOf<"scan">, b: NodeOf<"scan">): boolean {
  return a.attrs.body === b.attrs.body && a.attrs.reverse === b.attrs.reverse && a.inputs.join() === b.inputs.join();
}

/** The carries after the last step, then what was collected. */
function emitRecursion(recursion: Recursion, context: EmitContext): readonly string[] {
  const { length } = recursion.attrs;
  const { writer, sizes, can, hasElements } = context;
  const steps = context.stepsOf(length);
  if (steps === 0) return noSteps(recursion, context);
  if (can.hasScan) {
    if (steps !== undefined || hasElements) return scanNode(recursion, context);
    // ONNX Runtime's Scan refuses sequences without elements.
    const isNone = writer.node("Equal", [sizes.list([length]), writer.list([0])]);
    return writer.branches(
      isNone,
      () => noSteps(recursion, context),
      () => scanNode(recursion, context),
      resultTypes(recursion),
    );
  }
  if (steps !== undefined && steps <= mostUnrolled) return unrolled(recursion, steps, context);
  throw new UnsupportedOpError(
    `${context.name}: a scan must have at most ${mostUnrolled} steps where a GPU may run the model, since ONNX Runtime has Scan on the processor only and they are written one by one, got ${length}. Fix the size with shapes, or write the model for the processor: provider: "cpu".`,
  );
}

function resultTypes({ attrs, outputTypes, collected }: Recursion): readonly ValueType[] {
  const all = collected.map((output) => typeOf(outputTypes, output));
  return [
    ...outputTypes.slice(0, attrs.carries),
    ...all.map(({ dtype, shape }) => ({ dtype, shape: [attrs.length, ...shape] })),
  ];
}

function typeOf(types: readonly ValueType[], index: number): ValueType {
  const found = types[index];
  if (found === undefined) throw new RangeError(`value ${index} of ${types.length} does not exist`);
  return found;
}

function noSteps({ attrs, carries, collected, outputTypes }: Recursion, context: EmitContext): readonly string[] {
  const { writer, sizes } = context;
  const nothing = collected.map((output) => {
    const { dtype, shape } = typeOf(outputTypes, output);
    const none: Shape = [0, ...shape];
    return writer.node("Expand", [writer.scalar(0, dtype), sizes.list(none)]);
  });
  return [...carries.slice(0, attrs.carries), ...nothing];
}

function scanNode(recursion: Recursion, context: EmitContext): readonly string[] {
  const { attrs, carries, sequences, around, collected, inputTypes, outputTypes } = recursion;
  const { writer, emitBody } = context;
  const count = carries.length;
  // Scan counts its steps by its sequences.
  const isCounted = sequences.length === 0;
  const line = isCounted ? [numbersTo(attrs.length, context)] : sequences;
  const counter: readonly ValueType[] = isCounted ? [{ dtype: "int32", shape: [] }] : [];
  const wanted = [...carries.keys(), ...collected];
  const body = writer.body(
    [...inputTypes.slice(0, count + sequences.length), ...counter],
    (given) => {
      const results = emitBody(attrs.body, [...given.slice(0, count + sequences.length), ...around]);
      return wanted.map((output) => operandAt(results, output));
    },
    wanted.map((output) => typeOf(outputTypes, output)),
  );
  const backwards = (list: readonly unknown[]): readonly number[] => list.map(() => 1);
  return writer.values(
    "Scan",
    [...carries, ...line],
    {
      num_scan_inputs: line.length,
      ...(attrs.reverse ? { scan_input_directions: backwards(line) } : {}),
      ...(attrs.reverse && collected.length > 0 ? { scan_output_directions: backwards(collected) } : {}),
      body,
    },
    wanted.length,
  );
}

/** Every step written out. */
function unrolled(recursion: Recursion, steps: number, context: EmitContext): readonly string[] {
  const { attrs, sequences, around, collected, inputTypes, outputTypes } = recursion;
  const { writer, emitBody } = context;
  const kept: string[][] = collected.map(() => []);
  let carries = recursion.carries;
  for (let step = 0; step < steps; step++) {
    const at = attrs.reverse ? steps - 1 - step : step;
    const parts = sequences.map((sequence, i) => {
      const { dtype } = typeOf(inputTypes, carries.length + i);
      const index = writer.scalar(at, "int32");
      return moved([sequence], dtype, context, ([x = ""]) => writer.node("Gather", [x, index], { axis: 0 }));
    });
    const results = emitBody(attrs.body, [...carries, ...parts, ...around]);
    carries = results.slice(0, carries.length);
    collected.forEach((output, i) => kept[i]?.splice(attrs.reverse ? 0 : steps, 0, operandAt(results, output)));
  }
  const together = kept.map((values, i) => {
    const { dtype } = typeOf(outputTypes, operandAt(collected, i));
    const rows = values.map((value) => writer.node("Unsqueeze", [value, writer.list([0])]));
    return moved(rows, dtype, context, (all) => writer.node("Concat", all, { axis: 0 }));
  });
  return [...carries, ...together];
}
