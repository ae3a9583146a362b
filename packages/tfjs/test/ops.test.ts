import {
  opNames,
  opTable,
  sizeOf,
  type Graph,
  type Node,
  type OpAttributes,
  type OpName,
  type TensorType,
} from "@losses/core";
import { beforeAll, describe, expect, it } from "vitest";
import { createEngine } from "../src/tfjsEngine.js";
import { devices, startEngines, tf } from "./support/engines.js";
import { cases, type Case } from "./support/cases.js";
import { toHost, ulps, type Plain } from "./support/reference.js";

beforeAll(startEngines);

/** The graph of one op whose operands are inputs. */
function graphOf<K extends OpName>(op: K, attrs: OpAttributes[K], operands: readonly Plain[]): Graph {
  const inputs = operands.map((operand, id): Node => {
    const { shape, dtype } = operand;
    return { id, op: "input", inputs: [], attrs: { name: `x${id}`, shape, dtype }, shape, dtype };
  });
  const infer = opTable[op].infer as (inputs: readonly TensorType[], attrs: OpAttributes[K]) => TensorType;
  const id = inputs.length;
  const node = { id, op, inputs: inputs.map((input) => input.id), attrs, ...infer(operands, attrs) } as Node;
  return { name: op, nodes: [...inputs, node], outputs: [{ name: "value", node: id }] };
}

function evaluate(device: string, op: OpName, { attrs, operands, sizes = {} }: Case): Plain {
  const engine = createEngine(tf, device);
  const feeds = Object.fromEntries(operands.map((operand, i) => [`x${i}`, engine.upload(toHost(operand))]));
  const executable = engine.compile(graphOf(op, attrs as OpAttributes[OpName], operands));
  if (executable instanceof Promise) throw new Error("compiled asynchronously");
  const results = executable.run(feeds, sizes);
  if (results instanceof Promise) throw new Error("ran asynchronously");
  const [result] = results;
  if (result === undefined) throw new Error("no result");
  const host = engine.download(result);
  if (host instanceof Promise) throw new Error("downloaded asynchronously");
  for (const tensor of [...Object.values(feeds), result]) engine.release(tensor);
  return { shape: host.shape, data: [...host.data], dtype: host.dtype as Plain["dtype"] };
}

describe.each(devices)("ops on %s", (device) => {
  const list = opNames.filter((op) => op !== "input").flatMap((op) => cases[op].map((test, i) => ({ op, test, i })));

  it.each(list)("$op $test.name", ({ op, test }) => {
    const before = tf.memory().numTensors;
    const got = evaluate(device, op, test);
    expect(tf.memory().numTensors).toBe(before);
    expect(got.shape).toEqual(test.expected.shape);
    expect(got.dtype).toBe(test.expected.dtype);
    expect(got.data).toHaveLength(sizeOf(got.shape));
    const budget = test.ulp ?? opTable[op].ulp;
    const worst = got.data.map((value, i) => ({ value, want: test.expected.data[i] ?? Number.NaN, at: i }));
    expect(worst.filter(({ value, want }) => ulps(value, want, test.scale) > budget)).toEqual([]);
  });
});
