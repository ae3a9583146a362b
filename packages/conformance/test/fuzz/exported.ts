import { isFloat } from "@losses/core";
import { exportLoss } from "@losses/onnx";
import * as ort from "onnxruntime-node";
import { groupBy } from "../../src/groupBy.js";
import {
  differences,
  prepareRun,
  programSpec,
  type Contestant,
  type Failure,
  type Item,
  type Results,
} from "../../src/index.js";

/** The exported model in ONNX Runtime: one file for all runs that are given the same inputs, whatever their sizes. */
export const exported: Contestant = {
  name: "exported model",
  check: async (program, runs, figures) => {
    const items = runs.flatMap((run) => prepareRun(program, run, "float32") ?? []);
    const failures: Failure[] = [];
    // Recursions of any length are for the processor alone.
    const provider = program.steps.some(({ rule }) => rule === "scan") ? "cpu" : "any";
    for (const [, alike] of groupBy(items, ({ feeds }) => Object.keys(feeds).join())) {
      const [first] = alike;
      if (first === undefined) continue;
      const session = await open(
        exportLoss(programSpec(program), { gradients: first.wrt, inputs: typesOf(first), provider }),
      );
      for (const item of alike) {
        figures.runs += 1;
        failures.push(...differences(item, await run(session, item), figures));
      }
      await session.release();
    }
    return failures;
  },
};

function typesOf({ feeds }: Item): Readonly<Record<string, { readonly dtype?: "int32" }>> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype }]) => [name, dtype === "int32" ? { dtype } : {}]),
  );
}

function open(bytes: Uint8Array): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(bytes, { logSeverityLevel: 4, intraOpNumThreads: 1 });
}

async function run(session: ort.InferenceSession, { feeds }: Item): Promise<Results> {
  const given = Object.entries(feeds).map(([name, { dtype, data, shape }]) => {
    const tensor = isFloat(dtype)
      ? new ort.Tensor("float32", Float32Array.from(data), shape)
      : new ort.Tensor("int32", Int32Array.from(data), shape);
    return [name, tensor] as const;
  });
  const results = await session.run(Object.fromEntries(given));
  return new Map(
    Object.entries(results).map(([name, { dims, data }]) => [
      name,
      { shape: dims, data: Float64Array.from(data as Float32Array) },
    ]),
  );
}
