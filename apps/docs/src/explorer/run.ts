import type { LossSpec, PlainTensor, SyncBackend, SyncCompiledLoss } from "@losses/core";
import type { JsTensor } from "@losses/js";
import { elementName, sizeOf } from "@losses/core";
import type { ExplorerInput } from "./plan.js";
import { nest } from "../playground/numbers.js";
import { pairShape, probePairs } from "./probe.js";

/** What a loss gives for the state of an explorer: plain data that can be written into a page. */
export interface ExplorerResult {
  readonly value: readonly number[];
  readonly shape: readonly number[];
  readonly grads: Readonly<Record<string, readonly number[]>>;
}

/** The similarity of every pair, and the gradient of the loss by it. */
export interface PairsResult {
  readonly shape: readonly number[];
  readonly similarities: readonly number[];
  readonly pull: readonly number[];
}

/** Feeds for a loss. Labels are integers, everything else single precision; what is beyond a range counts as its end. */
export function feedsOf(inputs: readonly ExplorerInput[]): Record<string, PlainTensor> {
  return Object.fromEntries(
    inputs.map(({ name, data: state, shape, integer, isList, range }) => {
      const data = range === undefined ? state : state.map((x) => Math.min(range[1], Math.max(range[0], x)));
      if (isList) return [name, [nest({ shape, data })]];
      return [name, { data: integer ? Int32Array.from(data) : Float32Array.from(data), shape: [...shape] }];
    }),
  );
}

/** Runs a compiled loss on the state of an explorer. */
export function evaluate(loss: SyncCompiledLoss<JsTensor>, inputs: readonly ExplorerInput[]): ExplorerResult {
  const { value, grads } = loss.valueAndGradSync(feedsOf(inputs));
  return {
    value: [...value.data].map(Number),
    shape: [...value.shape],
    grads: Object.fromEntries(
      Object.entries(grads).flatMap(([name, gradient]) =>
        // The gradient of a list is a list: its one element is shown.
        [gradient].flat().flatMap((one) => (one === undefined ? [] : [[name, [...one.data].map(Number)]])),
      ),
    ),
  };
}

/** Compiles a loss once for each set of options. */
export class LossCache {
  readonly #backend: SyncBackend<JsTensor>;
  readonly #compiled = new Map<string, SyncCompiledLoss<JsTensor>>();

  constructor(backend: SyncBackend<JsTensor>) {
    this.#backend = backend;
  }

  compile(key: string, spec: () => LossSpec): SyncCompiledLoss<JsTensor> {
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const loss = this.#backend.compileSync(spec());
    this.#compiled.set(key, loss);
    return loss;
  }
}

/** What a loss sees of all pairs, where it compares everything with everything. */
export class PairsCache {
  readonly #cache: LossCache;
  readonly #specs = new Map<string, ReturnType<typeof probePairs> | undefined>();

  constructor(cache: LossCache) {
    this.#cache = cache;
  }

  evaluate(key: string, spec: LossSpec, inputs: readonly ExplorerInput[]): PairsResult | undefined {
    if (!this.#specs.has(key)) {
      const given = inputs.map(
        ({ name, shape, integer, isList }) =>
          [isList ? elementName(name, 0) : name, { shape, dtype: integer ? "int32" : "float32" }] as const,
      );
      const shape = pairShape(spec, Object.fromEntries(given));
      this.#specs.set(key, shape === undefined ? undefined : probePairs(spec, shape));
    }
    const specs = this.#specs.get(key);
    if (specs === undefined) return undefined;
    const feeds = feedsOf(inputs);
    const product = this.#cache.compile(`${key} pairs`, () => specs.pairs).valueSync(feeds);
    const probe = { data: new Float32Array(sizeOf(product.shape)), shape: [...product.shape] };
    const { grads } = this.#cache
      .compile(`${key} pull`, () => specs.pull)
      .valueAndGradSync({ ...feeds, probe }, { wrt: ["probe"] });
    const numbers = (data: Iterable<number | bigint> | undefined): readonly number[] => [...(data ?? [])].map(Number);
    return {
      shape: [...product.shape],
      similarities: numbers(product.data),
      pull: numbers(grads["probe"]?.data),
    };
  }
}
