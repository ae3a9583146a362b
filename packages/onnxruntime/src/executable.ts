import { bindShape, LossesError, sizeOf, type DimSizes, type Executable, type Graph, type Shape } from "@losses/core";
import {
  exportGraph,
  exportSizedGraph,
  planForSize,
  type ExportGraphOptions,
  type SizedModel,
  type SizeInput,
  type SumPlan,
} from "@losses/onnx";
import type { OrtSession, OrtTensor } from "./runtime.js";
import { createSession, runSession, type SessionSetup } from "./sessions.js";
import { sizeTensor } from "./tensors.js";

/** A session, the sizes that it wants to be fed, and how many runs are in it. */
interface Ready {
  readonly session: OrtSession;
  readonly sizeInputs: readonly SizeInput[];
  users: number;
  /** True once a run has failed: its device may be lost. */
  broken: boolean;
}

/**
 * A graph as ONNX Runtime sessions. One session serves every size of the symbols; only sums over very many elements,
 * which are taken in stages to keep their digits, have a session of their own, made when they first occur.
 */
export function makeExecutable(setup: SessionSetup, graph: Graph): Executable<OrtTensor> {
  const outputs = graph.outputs.map((output) => output.name);
  const summed = sumShapes(graph);
  const sessions = new Map<string, Promise<Ready>>();
  const running = new Set<Promise<unknown>>();
  let disposed = false;

  const sessionFor = (sizes: DimSizes): { readonly key: string; readonly ready: Promise<Ready> } => {
    const plans = new Map<string, SumPlan>(
      summed.map((shape) => [shape.join(), planForSize(sizeOf(bindShape(shape, sizes)))]),
    );
    const empty = setup.emptyOptions !== setup.options && Object.values(sizes).includes(0);
    const key = [empty, ...plans.values()].join();
    const known = sessions.get(key);
    if (known !== undefined) return { key, ready: known };
    const { model, sizeInputs } = writeModel(graph, {
      planSum: (shape) => plans.get(shape.join()) ?? "plain",
      provider: setup.provider,
    });
    const options = empty ? setup.emptyOptions : setup.options;
    const made = createSession(setup, options, graph.name, model).then((session) => ({
      session,
      sizeInputs,
      users: 0,
      broken: false,
    }));
    sessions.set(key, made);
    // A failure must not be remembered as the answer.
    made.catch(() => sessions.delete(key));
    return { key, ready: made };
  };

  const run: Executable<OrtTensor>["run"] = async (feeds, sizes, out) => {
    if (disposed)
      throw new LossesError("BACKEND_DISPOSED", `${setup.id}: ${graph.name} must be alive, got it disposed.`);
    const { key, ready } = sessionFor(sizes);
    const result = ready.then(async (used) => {
      const counts = used.sizeInputs.map((input) => [input.name, sizeTensor(setup.ort, input, sizes)]);
      const all = counts.length === 0 ? feeds : { ...feeds, ...Object.fromEntries(counts) };
      used.users += 1;
      try {
        return await runSession(setup, graph.name, used.session, all, outputs, out);
      } catch (cause) {
        // The next run makes a session of its own.
        if (sessions.get(key) === ready) sessions.delete(key);
        used.broken = true;
        throw cause;
      } finally {
        used.users -= 1;
        // What a lost device says to this helps nobody.
        if (used.broken && used.users === 0) await used.session.release().catch(() => undefined);
      }
    });
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
    for (const ready of made) if (ready.status === "fulfilled") await ready.value.session.release();
  };

  return { run, dispose };
}

/** On the processor a model reads its sizes from shapes; elsewhere that would not run on the device, so they are fed. */
function writeModel(graph: Graph, options: ExportGraphOptions): SizedModel {
  return options.provider === "cpu"
    ? { model: exportGraph(graph, options), sizeInputs: [] }
    : exportSizedGraph(graph, options);
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
