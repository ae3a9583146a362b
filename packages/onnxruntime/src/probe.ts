import { halfBits, type FloatDType, type Graph } from "@losses/core";
import { exportGraph } from "@losses/onnx";
import type { Device } from "./devices.js";
import { isRecord } from "./runtime.js";
import { downloadTensor } from "./tensors.js";
import { createSession, runInto, type SessionSetup } from "./sessions.js";

/** value = x + |x|, wholly on any device. */
function probeGraph(dtype: FloatDType): Graph {
  const shape = ["N"];
  return {
    name: "probe",
    nodes: [
      { id: 0, op: "input", inputs: [], attrs: { name: "x", shape, dtype }, shape, dtype },
      { id: 1, op: "abs", inputs: [0], attrs: {}, shape, dtype },
      { id: 2, op: "add", inputs: [0, 1], attrs: {}, shape, dtype },
    ],
    outputs: [{ name: "value", node: 2 }],
  };
}

/**
 * Runs a small model on a device, with the fall back to the processor switched off; throws what goes wrong.
 * Only this shows that a device works: ONNX Runtime lists what was compiled in, not what runs.
 */
export async function probeDevice(setup: SessionSetup, dtype: "float32" | "float16" = "float32"): Promise<void> {
  const graph = probeGraph(dtype);
  const session = await createSession(setup, setup.options, graph.name, exportGraph(graph));
  try {
    const bits = dtype === "float32" ? Float32Array.of(-1, 2) : Uint16Array.of(halfBits(-1), halfBits(2));
    const x = new setup.ort.Tensor(dtype, bits, [2]);
    const [value] = await runInto(setup, session, { x }, ["value"]);
    const result = value === undefined ? undefined : await downloadTensor(setup, value);
    value?.dispose();
    const four = dtype === "float32" ? 4 : halfBits(4);
    if (result?.data[0] !== 0 || result.data[1] !== four) {
      throw new Error(`x + |x| of -1 and 2 must be 0 and 4, got ${result?.data.join(" and ")}`);
    }
  } finally {
    await session.release();
  }
}

/** The floating dtypes that a device computes in; float32 has been tried. */
export async function probeDTypes(setup: SessionSetup, device: Device): Promise<SessionSetup["dtypes"]> {
  if (device === "webgpu" && (await lacksHalf())) return ["float32"];
  return probeDevice(setup, "float16").then(
    () => ["float32", "float16"],
    () => ["float32"],
  );
}

/** True if the browser says that its GPU has no float16: a model that tries it would fail loudly on the console. */
async function lacksHalf(): Promise<boolean> {
  const gpu: unknown = Reflect.get(Reflect.get(globalThis, "navigator") ?? {}, "gpu");
  if (!isRecord(gpu) || typeof gpu["requestAdapter"] !== "function") return false;
  const adapter: unknown = await gpu["requestAdapter"].call(gpu);
  const features = isRecord(adapter) ? adapter["features"] : undefined;
  return (
    isRecord(features) &&
    typeof features["has"] === "function" &&
    features["has"].call(features, "shader-f16") === false
  );
}
