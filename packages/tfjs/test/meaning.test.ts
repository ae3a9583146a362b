import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { devices, startEngines, tf } from "./support/engines.js";
import { registerNodeEngine, removeNodeEngine } from "./support/nodeEngine.js";
import { farOff, programGraph, programRun, programs, programSizes } from "./support/programs.js";
import { runGraph, type Way } from "./support/runGraph.js";

beforeAll(async () => {
  await startEngines();
  registerNodeEngine();
  await tf.setBackend("cpu");
});
afterAll(removeNodeEngine);

const ways: readonly Way[] = [
  ...[...devices, "tensorflow"].map((device) => ({ device, code: "kernels" as const })),
  { device: "wasm", code: "own" },
];

describe.each(ways)("on $device, $code, programs and their gradients mean what core says that they mean:", (way) => {
  it.each(Object.keys(programs))("%s", async (name) => {
    const graph = programGraph(name);
    const largest = programSizes.at(-1) ?? {};
    // The numbers that a graph is made of stay on the engine from the first run on.
    await runGraph(tf, way, graph, programRun(graph, largest).feeds, largest);
    for (const sizes of programSizes) {
      const { feeds, expected } = programRun(graph, sizes);
      const before = tf.memory();
      const results = await runGraph(tf, way, graph, feeds, sizes);
      expect([tf.memory().numTensors, tf.memory().numDataBuffers]).toEqual([before.numTensors, before.numDataBuffers]);
      expect(results).toHaveLength(2);
      results.forEach((got, i) => {
        const want = expected[i];
        if (want === undefined) throw new Error(`no output ${i}`);
        expect(got.shape).toEqual(want.shape);
        expect(farOff(got, want)).toEqual([]);
      });
    }
  });
});
