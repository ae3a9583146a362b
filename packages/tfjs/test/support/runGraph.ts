import {
  opTable,
  sizeOf,
  type DimSizes,
  type DType,
  type Graph,
  type Node,
  type OpAttributes,
  type OpName,
  type TensorType,
} from "@losses/core";
import type { Tf, TfTensor } from "../../src/index.js";
import { createEngine } from "../../src/tfjsEngine.js";
import type { Case } from "./cases.js";
import { toHost, type Plain } from "./reference.js";

/** How graphs are run: on an engine's kernels, or as WebAssembly in the wasm engine's memory. */
export interface Way {
  readonly device: string;
  readonly code: "kernels" | "own";
}

/** The results of a graph in the order of its outputs. Everything else is freed. */
export async function runGraph(
  tf: Tf,
  { device, code }: Way,
  graph: Graph,
  inputs: Readonly<Record<string, Plain>>,
  sizes: DimSizes,
): Promise<readonly Plain[]> {
  const engine = createEngine(tf, device, "later", code);
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [name, engine.upload(toHost(input))] as const),
  );
  const results = await (await engine.compile(graph)).run(feeds, sizes);
  const read: Plain[] = [];
  for (const result of results) {
    const { shape, data, dtype } = await engine.download(result);
    read.push({ shape, data: [...data], dtype: dtype as Plain["dtype"] });
  }
  const all: readonly TfTensor[] = [...Object.values(feeds), ...results];
  for (const tensor of all) engine.release(tensor);
  return read;
}

/**
 * The graph of one op whose operands are inputs, and an input that tells what symbols stand for. With `boolsAs`, bools come in and
 * go out as that dtype: graphs that become WebAssembly have none at their ends.
 */
function graphOf<K extends OpName>(
  op: K,
  attrs: OpAttributes[K],
  operands: readonly Plain[],
  symbols: readonly string[],
  boolsAs: "int32" | undefined,
): Graph {
  const nodes: Node[] = [];
  const add = (node: Omit<Node, "id">): number => nodes.push({ ...node, id: nodes.length } as Node) - 1;
  const input = (name: string, shape: Node["shape"], dtype: DType): number =>
    add({ op: "input", inputs: [], attrs: { name, shape, dtype }, shape, dtype });
  const cast = (id: number, to: DType, { shape }: TensorType): number =>
    add({ op: "cast", inputs: [id], attrs: { to }, shape, dtype: to });
  const inputs = operands.map((operand, i) => {
    const dtype = operand.dtype === "bool" ? (boolsAs ?? "bool") : operand.dtype;
    const id = input(`x${i}`, operand.shape, dtype);
    return dtype === operand.dtype ? id : cast(id, "bool", operand);
  });
  if (symbols.length > 0) input("sizes", symbols, "int32");
  const infer = opTable[op].infer as (inputs: readonly TensorType[], attrs: OpAttributes[K]) => TensorType;
  const type = infer(operands, attrs);
  const id = add({ op, inputs, attrs, ...type } as Omit<Node, "id">);
  const node = type.dtype === "bool" && boolsAs !== undefined ? cast(id, boolsAs, type) : id;
  return { name: op, nodes, outputs: [{ name: "value", node }] };
}

/** The result of one op. */
export async function runOp(tf: Tf, way: Way, op: OpName, { attrs, operands, sizes = {} }: Case): Promise<Plain> {
  const boolsAs = way.code === "own" ? "int32" : undefined;
  const symbols = Object.keys(sizes);
  const given = operands.map((x, i): readonly [string, Plain] => {
    return [`x${i}`, { ...x, dtype: x.dtype === "bool" ? (boolsAs ?? "bool") : x.dtype }];
  });
  const shape = Object.values(sizes);
  const told: Plain = { shape, data: Array.from({ length: sizeOf(shape) }, () => 0), dtype: "int32" };
  const graph = graphOf(op, attrs as OpAttributes[OpName], operands, symbols, boolsAs);
  const feeds = { ...Object.fromEntries(given), ...(symbols.length > 0 ? { sizes: told } : {}) };
  const [result] = await runGraph(tf, way, graph, feeds, sizes);
  if (result === undefined) throw new Error("no result");
  return result;
}
