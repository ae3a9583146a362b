import { LossesError, type DimSizes, type Executable, type Graph } from "@losses/core";
import {
  elementsIn,
  exportGraph,
  exportSizedGraph,
  outputNames,
  variantKey,
  type ExportGraphOptions,
  type SizedModel,
  type SizeInput,
} from "@losses/onnx";
import type { Fetches, OrtSession, OrtTensor } from "./runtime.js";
import { createSession, runFailure, runInto, type SessionSetup } from "./sessions.js";
import { sizeTensor } from "./tensors.js";

/** A session, the sizes that it wants to be fed, and how many runs are in it. */
interface Ready {
  readonly session: OrtSession;
  readonly sizeInputs: readonly SizeInput[];
  users: number;
  /** True once a run has failed: its device may be lost. */
  broken: boolean;
}

/** A form of the model that certain sizes need. */
interface Variant {
  readonly key: string;
  /** Some of the sizes. */
  readonly sizes: DimSizes;
}

/**
 * A graph as ONNX Runtime sessions. One session serves almost every size of the symbols; only sums over many elements, which are
 * taken in stages to keep their digits, and runs over no elements have a session of their own, made when they first occur.
 */
export function makeExecutable(setup: SessionSetup, graph: Graph): Executable<OrtTensor> {
  const outputs = outputNames(graph);
  const keyOf = variantKey(graph, setup);
  const haveElements = elementsIn(graph);
  const sessions = new Map<string, Ready | Promise<Ready>>();
  let running = 0;
  let whenIdle = (): void => undefined;
  let disposed = false;
  // A loss that is called with the same sizes again hands over the same object.
  let last: { readonly sizes: DimSizes; readonly variant: Variant } | undefined;

  const variantOf = (sizes: DimSizes): Variant => {
    if (last?.sizes === sizes) return last.variant;
    const variant = { key: keyOf(sizes), sizes };
    last = { sizes, variant };
    return variant;
  };

  const sessionFor = ({ key, sizes }: Variant): Ready | Promise<Ready> => {
    const known = sessions.get(key);
    if (known !== undefined) return known;
    const { model, sizeInputs } = writeModel(graph, { sizes, provider: setup.provider, trustsIndices: true });
    const options = haveElements(sizes) ? setup.options : setup.emptyOptions;
    const made = createSession(setup, options, graph.name, model).then(
      (session): Ready => {
        const ready = { session, sizeInputs, users: 0, broken: false };
        sessions.set(key, ready);
        return ready;
      },
      (cause: unknown) => {
        // A failure must not be remembered as the answer.
        sessions.delete(key);
        throw cause;
      },
    );
    sessions.set(key, made);
    return made;
  };

  const fresh: Fetches = Object.fromEntries(outputs.map((name) => [name, null]));

  const runOn = (
    used: Ready,
    { key }: Variant,
    feeds: Readonly<Record<string, OrtTensor>>,
    sizes: DimSizes,
    out: readonly (OrtTensor | undefined)[] | undefined,
  ): Promise<readonly OrtTensor[]> => {
    const counts = used.sizeInputs.map((input) => [input.name, sizeTensor(setup.ort, input, sizes)]);
    const all = counts.length === 0 ? feeds : { ...feeds, ...Object.fromEntries(counts) };
    const end = (): Promise<void> | undefined => {
      used.users -= 1;
      running -= 1;
      if (running === 0) whenIdle();
      // What a lost device says to this helps nobody.
      return used.broken && used.users === 0 ? used.session.release().catch(() => undefined) : undefined;
    };
    const fail = async (cause: unknown): Promise<never> => {
      // The next run makes a session of its own.
      if (sessions.get(key) === used) sessions.delete(key);
      used.broken = true;
      await end();
      throw runFailure(setup.id, graph.name, cause);
    };
    used.users += 1;
    if (out !== undefined) {
      return runInto(setup, used.session, all, outputs, out).then(async (tensors) => (await end(), tensors), fail);
    }
    // One turn of the queue of promises: this is the way of every small call.
    return used.session.run(all, fresh).then((found) => {
      const tensors = outputs.map((name) => found[name] as OrtTensor);
      const releasing = end();
      return releasing === undefined ? tensors : releasing.then(() => tensors);
    }, fail);
  };

  const run: Executable<OrtTensor>["run"] = (feeds, sizes, out) => {
    if (disposed)
      throw new LossesError(
        "BACKEND_DISPOSED",
        `${setup.id}: ${graph.name} must be alive, got it disposed. Make a new backend.`,
      );
    const variant = variantOf(sizes);
    const ready = sessionFor(variant);
    running += 1;
    if (!(ready instanceof Promise)) return runOn(ready, variant, feeds, sizes, out);
    return ready.then(
      (used) => runOn(used, variant, feeds, sizes, out),
      (cause: unknown) => {
        running -= 1;
        if (running === 0) whenIdle();
        throw cause;
      },
    );
  };

  const dispose = async (): Promise<void> => {
    disposed = true;
    // A session must not be released under a run.
    if (running > 0) {
      const before = whenIdle;
      await new Promise<void>((resolve) => {
        whenIdle = () => {
          before();
          resolve();
        };
      });
    }
    const made = await Promise.allSettled([...sessions.values()].map(async (ready) => ready));
    sessions.clear();
    for (const ready of made) if (ready.status === "fulfilled") await ready.value.session.release();
  };

  return { run, dispose };
}

/** On the processor a model reads its sizes from shapes; elsewhere that would not run on the device, so they are fed. */
function writeModel(graph: Graph, options: ExportGraphOptions): SizedModel {
  return options.provider === "any"
    ? exportSizedGraph(graph, options)
    : { model: exportGraph(graph, options), sizeInputs: [] };
}
