import { concat, slice } from "./arrange.js";
import { arrayOf, isInMemory } from "./memory.js";
import type { Loop } from "./kernelCalls.js";
import { alias, elements, type Runtime, type TfDType, type Value } from "./runtime.js";

/** What a loop is run on: its operands, how often, and what its body makes of values by name. */
export interface LoopRun {
  readonly operands: readonly Value[];
  readonly length: number;
  readonly step: (feeds: Readonly<Record<string, Value>>) => readonly Value[];
  /** A value of the shape of a result that has no elements. */
  readonly empty: (result: number) => Value;
}

/**
 * Runs a loop. Its results, in the order of its body's, are the caller's to free. What steps compute stays on the engine; that
 * of each step is freed with it, but for what is collected.
 */
export function runLoop(rt: Runtime, loop: Loop, { operands, length, step, empty }: LoopRun): readonly Value[] {
  const { carries, sequences, reverse, inputs, body } = loop;
  const own = new Set<Value>();
  const keep = (x: Value): Value => {
    own.add(x);
    return x;
  };
  const drop = (x: Value): void => {
    if (own.delete(x)) rt.free(x);
  };
  const [parts, same] = [operands.slice(carries, carries + sequences), operands.slice(carries + sequences)];
  let carried = operands.slice(0, carries).map((x) => keep(rt.only(() => alias(rt, x))));
  const collected = body.outputs.slice(carries).map((): Value[] => []);
  try {
    for (let i = 0; i < length; i++) {
      const at = reverse ? length - 1 - i : i;
      const given = parts.map((sequence) => keep(rt.only(() => partOf(rt, sequence, at))));
      const values = [...carried, ...given, ...same];
      const results = step(Object.fromEntries(values.map((x, k) => [inputs[k] ?? "", x])));
      results.forEach(keep);
      [...carried, ...given].forEach(drop);
      carried = results.slice(0, carries);
      collected.forEach((list, k) => list.push(...results.slice(carries + k, carries + k + 1)));
    }
    const stacks = collected.map((list, k) => {
      const made = list.some((x) => elements(x) > 0)
        ? rt.only(() => stacked(rt, reverse ? [...list].reverse() : list))
        : empty(carries + k);
      list.forEach(drop);
      return keep(made);
    });
    const results = [...carried, ...stacks];
    for (const x of results) own.delete(x);
    return results;
  } finally {
    own.forEach(rt.free);
  }
}

/** The part of a sequence that a step gets. */
function partOf(rt: Runtime, sequence: Value, at: number): Value {
  const [, ...shape] = sequence.shape;
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (size === 0) return alias(rt, sequence, shape);
  if (isInMemory(rt.device)) {
    return rt.make(rt.data(sequence).slice(at * size, (at + 1) * size), shape, sequence.dtype as TfDType);
  }
  return alias(rt, slice(rt, sequence, { axis: 0, start: at, step: 1 }, [1, ...shape]), shape);
}

/** Values of one shape along a new first axis. */
function stacked(rt: Runtime, parts: readonly Value[]): Value {
  const [first] = parts;
  if (first === undefined) throw new RangeError("a loop without steps collects nothing");
  const shape = [parts.length, ...first.shape];
  if (!isInMemory(rt.device)) {
    const rows = parts.map((x) => alias(rt, x, [1, ...x.shape]));
    return concat(rt, rows, 0, shape);
  }
  const size = elements(first);
  const result = arrayOf(first.dtype as TfDType, parts.length * size);
  parts.forEach((x, i) => result.set(rt.data(x), i * size));
  return rt.make(result, shape, first.dtype as TfDType);
}
