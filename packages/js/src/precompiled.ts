import {
  BackendUnavailableError,
  gradientOutput,
  inputOf,
  loadSignature,
  LossesError,
  nothingToAverage,
  type PlainTensor,
} from "@losses/core";
import { createHeap, loadProgram, whyNot, type Heap, type Host, type Machine } from "@losses/wasm";
import { makeTensor, type JsTensor } from "./tensor.js";
import { prepareCall } from "./wasm/call.js";

export { hostSteps } from "@losses/wasm";
export type { JsTensor } from "./tensor.js";
export type { PlainTensor } from "@losses/core";

/** What a precompiled loss is fed: plain data by input; a list of them where the input is a list. */
export type PrecompiledFeeds = Readonly<Record<string, PlainTensor | readonly PlainTensor[]>>;

/** Gradients by input; a list of them where the input is a list. */
export type PrecompiledGrads = Readonly<Record<string, JsTensor | readonly JsTensor[]>>;

/** The value of a loss and its gradients. */
export interface PrecompiledResult {
  /** The loss. */
  readonly value: JsTensor;
  /** The gradient of the sum of the loss, by input. */
  readonly grads: PrecompiledGrads;
}

/**
 * The value of a loss that `exportModule` of `@losses/js/export` compiled ahead of time: modules that it wrote call this. Of losses, graphs
 * and compilers nothing is bundled. What is fed is checked as `compile` of a backend checks it.
 *
 * @param signature - what the inputs are, as `exportModule` wrote it
 * @param program - what is computed, as `exportModule` wrote it
 * @param host - `hostSteps`, where the program needs them
 * @returns a function of feeds. It throws what a call of a compiled loss throws, and BackendUnavailableError where WebAssembly does not work.
 * @throws OptionError for texts of another version
 * @example
 * ```ts
 * import { valueSync } from "./tripletMarginLoss.js";
 * const { data } = valueSync({ anchor, positive, negative });
 * ```
 */
export function precompiledValue(
  signature: string,
  program: string,
  host?: Host,
): (feeds: PrecompiledFeeds) => JsTensor {
  const run = runner(signature, program, host);
  return (feeds) => valueIn(run(feeds));
}

/**
 * The value of such a loss with its gradients.
 *
 * @param signature - what the inputs are, as `exportModule` wrote it
 * @param program - what is computed, as `exportModule` wrote it
 * @param host - `hostSteps`, where the program needs them
 * @returns a function of feeds. It throws what a call of a compiled loss throws, and BackendUnavailableError where WebAssembly does not work.
 * @throws OptionError for texts of another version
 * @example
 * ```ts
 * import { valueAndGradSync } from "./tripletMarginLoss.js";
 * const { value, grads } = valueAndGradSync({ anchor, positive, negative });
 * ```
 */
export function precompiledValueAndGrad(
  signature: string,
  program: string,
  host?: Host,
): (feeds: PrecompiledFeeds) => PrecompiledResult {
  const run = runner(signature, program, host);
  return (feeds) => {
    const results = run(feeds);
    return { value: valueIn(results), grads: gradsIn(results) };
  };
}

type Results = ReadonlyMap<string, JsTensor>;

/** One memory for all of them, from the first call on. */
let common: Heap | undefined;

/** Runs a program on feeds; it is made ready by the first call. */
function runner(signature: string, text: string, host: Host | undefined): (feeds: PrecompiledFeeds) => Results {
  const reader = loadSignature(signature);
  const { program, createMachine } = loadProgram(text, host);
  let machine: Machine | undefined;
  return (feeds) => {
    const { tensors, sizes } = reader.read(feeds);
    const heap = (common ??= makeHeap());
    machine ??= createMachine(heap);
    const fed = Object.fromEntries(Object.entries(tensors).map(([input, tensor]) => [input, makeTensor(tensor)]));
    const call = prepareCall(program, heap, { addressOf: () => undefined }, { feeds: fed, sizes, out: [] });
    try {
      machine.run(sizes, call.addresses);
      const results = new Map(call.results().map((tensor, i) => [program.outputs[i]?.name ?? "", tensor]));
      for (const [output, { data }] of results) {
        if (output.startsWith("divisor:") && data[0] === 0) throw nothingToAverage(reader.name);
      }
      return results;
    } finally {
      call.end();
    }
  };
}

function makeHeap(): Heap {
  const reason = whyNot();
  if (reason === undefined) return createHeap(id);
  throw new BackendUnavailableError(`${id}: WebAssembly must work here, got: ${reason}`, [`wasm: ${reason}`]);
}

const id = "js:precompiled";

function valueIn(results: Results): JsTensor {
  const tensor = results.get("value");
  if (tensor !== undefined) return tensor;
  throw new LossesError("BACKEND_FAILED", `${id}: a program must give value, got ${[...results.keys()].join(", ")}.`);
}

/** The gradients by input; those of a list are a list, in order. */
function gradsIn(results: Results): PrecompiledGrads {
  const start = gradientOutput("");
  const grads: Record<string, JsTensor | readonly JsTensor[]> = {};
  for (const [output, tensor] of results) {
    if (!output.startsWith(start)) continue;
    const name = output.slice(start.length);
    const input = inputOf(name);
    const before = grads[input];
    grads[input] = input === name ? tensor : [...(Array.isArray(before) ? (before as JsTensor[]) : []), tensor];
  }
  return grads;
}
