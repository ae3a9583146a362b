import { bindShape, LossesError, sizeOf, type DimSizes, type Executable, type Graph, type Shape } from "@losses/core";
import { exportGraph, planForSize, type SumPlan } from "@losses/onnx";
import type { InferenceSession } from "onnxruntime-common";
import type { OrtTensor } from "./runtime.js";
import { createSession, runSession, type SessionSetup } from "./sessions.js";

/**
 * A graph as ONNX Runtime sessions. One session serves every size of the symbols; only sums over very many elements,
 * which are taken in stages to keep their digits, have a session of their own, made when they first occur.
 */
export function makeExecutable(setup: SessionSetup, graph: Graph): Executable<OrtTensor> {
  const outputs = graph.outputs.map((output) => output.name);
  const summed = sumShapes(graph);
  const sessions = new Map<string, Promise<InferenceSession>>();
  const running = new Set<Promise<unknown>>();
  let disposed = false;

  const sessionFor = (sizes: DimSizes): Promise<InferenceSession> => {
    const plans = new Map<string, SumPlan>(
      summed.map((shape) => [shape.join(), planForSize(sizeOf(bindShape(shape, sizes)))]),
    );
    const empty = setup.emptyOptions !== setup.options && Object.values(sizes).includes(0);
    const key = [empty, ...plans.values()].join();
    const known = sessions.get(key);
    if (known !== undefined) return known;
    const model = exportGraph(graph, {
      planSum: (shape) => plans.get(shape.join()) ?? "plain",
      provider: setup.provider,
    });
    const made = createSession(setup, empty ? setup.emptyOptions : setup.options, graph.name, model);
    sessions.set(key, made);
    // A failure must not be remembered as the answer.
    made.catch(() => sessions.delete(key));
    return made;
  };

  const run = async (feeds: Readonly<Record<string, OrtTensor>>, sizes: DimSizes): Promise<readonly OrtTensor[]> => {
    if (disposed)
      throw new LossesError("BACKEND_DISPOSED", `${setup.id}: ${graph.name} must be alive, got it disposed.`);
    const result = sessionFor(sizes).then((session) => runSession(setup.id, graph.name, session, feeds, outputs));
    running.add(result);
    try {
      return await result;
    } finally {
      running.delete(result);
    }
  };

  const dispose = async (): Promise<void> => {
    disposed = true;
    // A session must not be released under a run.
    await Promise.allSettled(running);
    const made = await Promise.allSettled(sessions.values());
    sessions.clear();
    for (const session of made) if (session.status === "fulfilled") await session.value.release();
  };

  return { run, dispose };
}

/** The distinct shapes that sums in a graph run over. */
function sumShapes(graph: Graph): readonly Shape[] {
  const shapes = new Map<string, Shape>();
  for (const node of graph.nodes) {
    if (node.op !== "reduceSum") continue;
    const shape = graph.nodes[node.inputs[0] ?? -1]?.shape;
    if (shape !== undefined) shapes.set(shape.join(), shape);
  }
  return [...shapes.values()];
}
