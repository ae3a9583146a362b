import type { DimSizes, Graph, OpName } from "@losses/core";
import { exportGraph, outputNames } from "@losses/onnx";
import ort from "onnxruntime-node";
import { expect, vi } from "vitest";
import { deviceTable } from "../src/devices.js";
import { makeEngine } from "../src/engine.js";
import type { OrtTensor } from "../src/index.js";
import { sessionSetup } from "../src/sessions.js";
import { testDevice } from "./device.js";
import { evaluate, type Dense } from "./reference.js";

// A software GPU takes a while to compile.
if (testDevice !== "cpu") vi.setConfig({ testTimeout: 60_000 });

const facts = deviceTable.node[testDevice];
if (facts === undefined) throw new Error(`no device ${testDevice}`);
const id = `onnxruntime:${testDevice}`;
const engine = makeEngine(sessionSetup(ort, id, facts, { threads: 1, outputs: "host", writesHost: true }), testDevice);
/** The ops of all graphs that have been checked. */
export const covered: Set<OpName> = new Set();

/**
 * Runs a graph on ONNX Runtime and by the reference, and compares every output to a few units in the last place.
 * `slack` is the absolute error that cancellation may leave.
 */
export async function check(
  graph: Graph,
  feeds: Readonly<Record<string, Dense>>,
  sizes: DimSizes,
  slack = 1e-37,
): Promise<void> {
  for (const node of graph.nodes) covered.add(node.op);
  const executable = await engine.compile(graph);
  try {
    const tensors = Object.fromEntries(
      graph.nodes.flatMap((node) => {
        if (node.op !== "input") return [];
        const { data, shape } = feeds[node.attrs.name] ?? { data: [], shape: [] };
        const typed = node.dtype === "int32" ? Int32Array.from(data) : Float32Array.from(data);
        return [[node.attrs.name, engine.upload({ dtype: node.dtype, shape, data: typed })]];
      }),
    );
    const expected = evaluate(graph, feeds, sizes);
    await compare(await executable.run(tensors, sizes), expected, slack);
    // Exported files must be right too: they know no sizes, and one keeps to the ops that every provider has.
    for (const provider of testDevice === "cpu" ? (["any", "cpu"] as const) : []) {
      const model = exportGraph(graph, { provider });
      const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
      const results = await session.run(tensors);
      await compare(
        outputNames(graph).map((name) => results[name] as OrtTensor),
        expected,
        slack,
      );
      await session.release();
    }
  } finally {
    await executable.dispose();
  }
}

async function compare(results: readonly OrtTensor[], expected: readonly Dense[], slack: number): Promise<void> {
  for (const [i, result] of results.entries()) {
    const host = await engine.download(result);
    expect(host.shape).toEqual(expected[i]?.shape);
    expectClose([...host.data], expected[i]?.data ?? [], slack);
  }
}

function expectClose(got: readonly number[], wanted: readonly number[], slack: number): void {
  const wrong = wanted.flatMap((want, i) => {
    const have = got[i] ?? Number.NaN;
    const same = Object.is(have, want) || have === want || Math.abs(have - want) <= 2e-6 * Math.abs(want) + slack;
    // float32 overflows and underflows where float64 does not.
    return same || have === Math.fround(want) ? [] : [`[${i}] ${have} instead of ${want}`];
  });
  expect(wrong).toEqual([]);
}
