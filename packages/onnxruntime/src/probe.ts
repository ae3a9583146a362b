import type { Graph } from "@losses/core";
import { exportGraph } from "@losses/onnx";
import { createSession, runSession, type SessionSetup } from "./sessions.js";

/** value = x + |x|, wholly on any device. */
const probeGraph: Graph = {
  name: "probe",
  nodes: [
    {
      id: 0,
      op: "input",
      inputs: [],
      attrs: { name: "x", shape: ["N"], dtype: "float32" },
      shape: ["N"],
      dtype: "float32",
    },
    { id: 1, op: "abs", inputs: [0], attrs: {}, shape: ["N"], dtype: "float32" },
    { id: 2, op: "add", inputs: [0, 1], attrs: {}, shape: ["N"], dtype: "float32" },
  ],
  outputs: [{ name: "value", node: 2 }],
};

/**
 * Runs a small model on a device, with the fall back to the processor switched off; throws what goes wrong.
 * Only this shows that a device works: ONNX Runtime lists what was compiled in, not what runs.
 */
export async function probeDevice(setup: SessionSetup): Promise<void> {
  const session = await createSession(setup, setup.options, probeGraph.name, exportGraph(probeGraph));
  try {
    const x = new setup.ort.Tensor("float32", Float32Array.of(-1, 2), [2]);
    const [value] = await runSession(setup.id, probeGraph.name, session, { x }, ["value"]);
    const data = await value?.getData();
    if (data === undefined || data[0] !== 0 || data[1] !== 4) {
      throw new Error(`x + |x| of -1 and 2 must be 0 and 4, got ${data?.join(" and ")}`);
    }
  } finally {
    await session.release();
  }
}
