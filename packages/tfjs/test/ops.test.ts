import {
  opNames,
  opTable,
  sizeOf,
  type DType,
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

/** How graphs are run: on an engine's kernels, or as WebAssembly in the wasm engine's memory. */
const ways: readonly { readonly device: string; readonly code: "kernels" | "own" }[] = [
  ...devices.map((device) => ({ device, code: "kernels" as const })),
  { device: "wasm", code: "own" },
];

/**
 * The graph of one op whose operands are inputs. With `boolsAs`, bools come in and go out as that dtype: graphs that become
 * WebAssembly have none at their ends. One more input has the symbols that sizes are given for.
 */
function graphOf<K extends OpName>(
  op: K,
  attrs: OpAttributes[K],
  operands: readonly Plain[],
  symbols: readonly string[],
  boolsAs?: "int32",
): Graph {
  const nodes: Node[] = [];
  const add = (node: Omit<Node, "id">): number => nodes.push({ ...node, id: nodes.length } as Node) - 1;
  const cast = (id: number, to: DType, { shape }: TensorType): number =>
    add({ op: "cast", inputs: [id], attrs: { to }, shape, dtype: to });
  const inputs = operands.map((operand, i) => {
    const { shape } = operand;
    const dtype = operand.dtype === "bool" ? (boolsAs ?? "bool") : operand.dtype;
    const id = add({ op: "input", inputs: [], attrs: { name: `x${i}`, shape, dtype }, shape, dtype });
    return dtype === operand.dtype ? id : cast(id, "bool", operand);
  });
  if (symbols.length > 0) {
    const sized: TensorType = { shape: symbols, dtype: "float32" };
    add({ op: "input", inputs: [], attrs: { name: "sized", ...sized }, ...sized });
  }
  const infer = opTable[op].infer as (inputs: readonly TensorType[], attrs: OpAttributes[K]) => TensorType;
  const type = infer(operands, attrs);
  const id = add({ op, inputs, attrs, ...type } as Omit<Node, "id">);
  const node = type.dtype === "bool" && boolsAs !== undefined ? cast(id, boolsAs, type) : id;
  return { name: op, nodes, outputs: [{ name: "value", node }] };
}

type Way = (typeof ways)[number];

function evaluate({ device, code }: Way, op: OpName, { attrs, operands, sizes = {} }: Case): Plain {
  const engine = createEngine(tf, device, "now", code);
  const boolsAs = code === "own" ? "int32" : undefined;
  const symbols = Object.keys(sizes);
  const shape = Object.values(sizes);
  const sized: Plain = { shape, data: Array.from({ length: sizeOf(shape) }, () => 0), dtype: "float32" };
  const fed: readonly (readonly [string, Plain])[] = [
    ...operands.map((operand, i) => [`x${i}`, operand] as const),
    ...(symbols.length > 0 ? [["sized", sized] as const] : []),
  ];
  const feeds = Object.fromEntries(
    fed.map(([name, operand]) => {
      const dtype = operand.dtype === "bool" ? (boolsAs ?? "bool") : operand.dtype;
      return [name, engine.upload(toHost({ ...operand, dtype }))];
    }),
  );
  const executable = engine.compile(graphOf(op, attrs as OpAttributes[OpName], operands, symbols, boolsAs));
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

describe.each(ways)("ops on $device, $code", (way) => {
  const list = opNames.filter((op) => op !== "input").flatMap((op) => cases[op].map((test, i) => ({ op, test, i })));

  it.each(list)("$op $test.name", ({ op, test }) => {
    const before = tf.memory().numTensors;
    const got = evaluate(way, op, test);
    expect(tf.memory().numTensors).toBe(before);
    expect(got.shape).toEqual(test.expected.shape);
    if (way.code === "kernels") expect(got.dtype).toBe(test.expected.dtype);
    expect(got.data).toHaveLength(sizeOf(got.shape));
    const budget = test.ulp ?? opTable[op].ulp;
    const worst = got.data.map((value, i) => ({ value, want: test.expected.data[i] ?? Number.NaN, at: i }));
    expect(worst.filter(({ value, want }) => ulps(value, want, test.scale) > budget)).toEqual([]);
  });
});
