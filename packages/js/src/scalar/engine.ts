import { LossesError, viewsOverlap, type DimSizes, type Engine, type Executable, type Graph } from "@losses/core";
import { convertTensor, isJsTensor, makeTensor, type JsTensor } from "../tensor.js";
import { assemble } from "./assemble.js";
import { lower } from "./lower.js";
import { optimize } from "./optimize.js";
import type { Plan } from "./plan.js";
import { runPlan } from "./run.js";

/** Plans kept for each graph: one for each set of sizes seen lately. */
const PLANS_KEPT = 4;

export interface ScalarEngine extends Engine<JsTensor> {
  readonly compile: (graph: Graph) => Executable<JsTensor>;
}

/** The engine in plain JavaScript: no code generation, so that it works under any content-security policy. */
export function scalarEngine(): ScalarEngine {
  return {
    id: "js:scalar",
    device: "cpu",
    dtypes: ["float32", "float64"],
    sharesMemory: ({ data: a }, { data: b }) => viewsOverlap(a, b),
    isTensor: isJsTensor,
    describe: ({ shape, dtype }) => ({ shape, dtype }),
    convert: convertTensor,
    upload: makeTensor,
    download: (tensor) => tensor,
    release: () => undefined,
    compile: (graph) => makeExecutable(graph),
    dispose: () => undefined,
  };
}

function makeExecutable(graph: Graph): Executable<JsTensor> {
  const program = optimize(lower(graph));
  const plans = new Map<string, Plan>();
  const planFor = (sizes: DimSizes): Plan => {
    const key = JSON.stringify(sizes);
    const plan = plans.get(key) ?? assemble(program, sizes);
    // Moved to the end: the first is the one that has not been used for longest.
    plans.delete(key);
    plans.set(key, plan);
    if (plans.size > PLANS_KEPT) for (const oldest of [...plans.keys()].slice(0, -PLANS_KEPT)) plans.delete(oldest);
    return plan;
  };
  return {
    run: (feeds, sizes, out = []) => {
      const inputs = (name: string): JsTensor["data"] => {
        const tensor = feeds[name];
        if (tensor !== undefined) return tensor.data;
        throw new LossesError("MISSING_INPUT", `${graph.name}: input ${name} must be fed, got none.`);
      };
      const given = out.map((tensor) => tensor?.data);
      const results = inMemory(() => runPlan(planFor(sizes), inputs, given));
      return results.map((result, i) => out[i] ?? makeTensor(result));
    },
    dispose: () => plans.clear(),
  };
}

/** What JavaScript says to an array that is too large, as an error with a cure. */
function inMemory<A>(work: () => A): A {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const message = `js:scalar: results must fit into memory, got: ${cause.message}. Use smaller batches.`;
    throw new LossesError("BACKEND_FAILED", message, { cause });
  }
}
