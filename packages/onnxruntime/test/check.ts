import {
  interpret,
  UnsupportedOpError,
  type DimSizes,
  type Graph,
  type Node,
  type OpName,
  type Values,
} from "@losses/core";
import { exportGraph, exportSizedGraph, outputNames } from "@losses/onnx";
import ort from "onnxruntime-node";
import { expect, vi } from "vitest";
import { deviceTable } from "../src/devices.js";
import { makeEngine } from "../src/engine.js";
import type { OrtTensor } from "../src/index.js";
import { sessionSetup } from "../src/sessions.js";
import { sizeTensor } from "../src/tensors.js";
import { testDevice } from "./device.js";

// A software GPU takes a while to compile.
if (testDevice !== "cpu") vi.setConfig({ testTimeout: 60_000 });

const facts = deviceTable.node[testDevice];
if (facts === undefined) throw new Error(`no device ${testDevice}`);
const id = `onnxruntime:${testDevice}`;
const engine = makeEngine(sessionSetup(ort, id, facts, { threads: 1, outputs: "host", writesHost: true }), testDevice);
const typedArrays = {
  float32: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
  float16: Float32Array,
  float64: Float64Array,
};

/** A tensor as a test writes it; bools are 0 and 1. */
export interface Dense {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** What a graph gives by the definition of its ops, in float64. Its constants are those that float32 has. */
export function evaluate(graph: Graph, feeds: Readonly<Record<string, Dense>>, sizes: DimSizes): readonly Values[] {
  const values = Object.entries(feeds).map(([name, { shape, data }]) => [
    name,
    { shape, data: Float64Array.from(data) },
  ]);
  return interpret(inSinglePrecision(graph), Object.fromEntries(values) as Record<string, Values>, sizes);
}

function inSinglePrecision(graph: Graph): Graph {
  const nodes = graph.nodes.map((node): Node => {
    if (node.op === "scan") return { ...node, attrs: { ...node.attrs, body: inSinglePrecision(node.attrs.body) } };
    if (node.op !== "constant" || node.dtype !== "float32") return node;
    return { ...node, attrs: { ...node.attrs, value: Math.fround(node.attrs.value) } };
  });
  return { ...graph, nodes };
}

function opsOf(graph: Graph): readonly OpName[] {
  return graph.nodes.flatMap((node) => [node.op, ...(node.op === "scan" ? opsOf(node.attrs.body) : [])]);
}

/** The ops of all graphs that have been checked. */
export const covered: Set<OpName> = new Set();

/** How far results may be from the definition: a share of each number, and an absolute error that cancellation may leave. */
export interface Allowed {
  readonly relative?: number;
  readonly slack?: number;
}

/** Runs a graph on ONNX Runtime in every form that it is written in, and compares every output with what its ops say. */
export async function check(
  graph: Graph,
  feeds: Readonly<Record<string, Dense>>,
  sizes: DimSizes,
  allowed: Allowed = {},
): Promise<void> {
  for (const op of opsOf(graph)) covered.add(op);
  const tensors = upload(graph, feeds);
  const expected = evaluate(graph, feeds, sizes);
  const executable = await engine.compile(graph);
  try {
    await compare(await executable.run(tensors, sizes), expected, allowed);
  } finally {
    await executable.dispose();
  }
  if (testDevice !== "cpu") return;
  // Exported files must be right too: they know no sizes, and one keeps to the ops that every provider has.
  const run = async (model: Uint8Array, given: Readonly<Record<string, OrtTensor>>): Promise<void> =>
    compare(await runModel(model, graph, given), expected, allowed);
  await run(exportGraph(graph, { provider: "cpu" }), tensors);
  if (hasOpenScan(graph)) expect(() => exportGraph(graph)).toThrow(UnsupportedOpError);
  else await run(exportGraph(graph), tensors);
  // What a GPU runs, which is told the sizes.
  const { model, sizeInputs } = exportSizedGraph(graph, { sizes, trustsIndices: true });
  const counts = sizeInputs.map((input) => [input.name, sizeTensor(ort, input, sizes)]);
  await run(model, { ...tensors, ...Object.fromEntries(counts) });
}

/** Runs a model of a graph on the processor, and compares every output with what its ops say. */
export async function checkModel(
  model: Uint8Array,
  graph: Graph,
  feeds: Readonly<Record<string, Dense>>,
  sizes: DimSizes,
  allowed: Allowed = {},
): Promise<void> {
  await compare(await runModel(model, graph, upload(graph, feeds)), evaluate(graph, feeds, sizes), allowed);
}

function upload(graph: Graph, feeds: Readonly<Record<string, Dense>>): Readonly<Record<string, OrtTensor>> {
  return Object.fromEntries(
    graph.nodes.flatMap((node) => {
      if (node.op !== "input") return [];
      const { data, shape } = feeds[node.attrs.name] ?? { data: [], shape: [] };
      return [
        [node.attrs.name, engine.upload({ dtype: node.dtype, shape, data: typedArrays[node.dtype].from(data) })],
      ] as const;
    }),
  );
}

async function runModel(
  model: Uint8Array,
  graph: Graph,
  feeds: Readonly<Record<string, OrtTensor>>,
): Promise<readonly OrtTensor[]> {
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const results = await session.run(feeds);
  await session.release();
  return outputNames(graph).map((name) => results[name] as OrtTensor);
}

/** True for a graph with a recursion of a length that only a run tells. */
function hasOpenScan(graph: Graph): boolean {
  return graph.nodes.some(
    (node) => node.op === "scan" && (typeof node.attrs.length === "string" || hasOpenScan(node.attrs.body)),
  );
}

async function compare(results: readonly OrtTensor[], expected: readonly Values[], allowed: Allowed): Promise<void> {
  for (const [i, result] of results.entries()) {
    const host = await engine.download(result);
    expect(host.shape).toEqual(expected[i]?.shape);
    expectClose([...host.data], [...(expected[i]?.data ?? [])], allowed);
  }
}

function expectClose(
  got: readonly number[],
  wanted: readonly number[],
  { relative = 2e-6, slack = 1e-37 }: Allowed,
): void {
  const wrong = wanted.flatMap((want, i) => {
    const have = got[i] ?? Number.NaN;
    // Any number is within a share of infinity.
    const near = Number.isFinite(want) && Math.abs(have - want) <= relative * Math.abs(want) + slack;
    const same = near || have === want || (Number.isNaN(have) && Number.isNaN(want));
    // float32 overflows and underflows where float64 does not.
    return same || have === Math.fround(want) ? [] : [`[${i}] ${have} instead of ${want}`];
  });
  expect(wrong).toEqual([]);
}
