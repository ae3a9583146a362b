import type { Engine, Executable, MaybePromise } from "../backend.js";
import { LossesError } from "../errors.js";
import { nodeAt } from "../graph/graph.js";
import { sizeCheck } from "../graph/sizeCheck.js";
import type { Binding } from "../loss/bind.js";
import type { LossSpec } from "../loss/define.js";
import { traceLoss } from "../loss/traceLoss.js";
import type { TensorType } from "../ops/types.js";
import type { DimSizes } from "../tensor/dims.js";
import type { FloatDType } from "../tensor/dtype.js";
import { chain } from "./maybe.js";

/** What an executable is made for: a loss, computed in this dtype, with these gradients. */
export interface ExecutableRequest {
  readonly spec: LossSpec;
  readonly dtype: FloatDType;
  readonly gradients: readonly string[];
  readonly parts: boolean;
  readonly key: string;
}

/** A graph made executable, and what its results are. */
export interface Compiled<T> {
  readonly executable: Executable<T>;
  /** Name, symbolic shape and dtype of each output. */
  readonly outputs: readonly ({ readonly name: string } & TensorType)[];
}

/** An executable that is there or on its way. */
export interface Entry<T> {
  readonly compiled: MaybePromise<Compiled<T>>;
  /** The names of the results, in order. */
  readonly names: readonly string[];
  /** Runs that are under way; an executable must not be disposed under one. */
  users: number;
  /** When it was asked for last. */
  asked: number;
  /** Throws for sizes with which the graph has no value. */
  readonly check: ((sizes: DimSizes) => void) | undefined;
  /** Sizes that have been looked at. */
  checked: DimSizes | undefined;
}

/** Executables kept at most, so that options which change with every step do not fill the memory. */
export const EXECUTABLES_KEPT = 256;

/** Executables by graph: the loss and its options, the signature of its inputs, dtype and gradients. */
export class ExecutableCache<T> {
  readonly #engine: Engine<T>;
  readonly #entries = new Map<string, Entry<T>>();
  #requests = 0;
  readonly #identities = new WeakMap<object, number>();
  #identity = 0;
  #disposed = false;

  constructor(engine: Engine<T>) {
    this.#engine = engine;
  }

  /** Finds or makes the executable, and keeps it alive until it is let go. */
  hold(request: ExecutableRequest, binding: Binding): Entry<T> {
    if (this.#disposed) {
      throw new LossesError(
        "BACKEND_DISPOSED",
        `${this.#engine.id}: the backend must be alive, got one that is disposed. Make a new one.`,
      );
    }
    const entry = this.#entry(request, binding);
    if (entry.checked !== binding.sizes) {
      entry.check?.(binding.sizes);
      entry.checked = binding.sizes;
    }
    entry.users += 1;
    return entry;
  }

  letGo(entry: Entry<T>): void {
    entry.users -= 1;
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    const all = await Promise.allSettled([...this.#entries.values()].map(async ({ compiled }) => compiled));
    this.#entries.clear();
    for (const result of all) if (result.status === "fulfilled") await result.value.executable.dispose();
  }

  #entry({ key, spec, dtype, gradients, parts }: ExecutableRequest, binding: Binding): Entry<T> {
    this.#requests += 1;
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.asked = this.#requests;
      return known;
    }
    const graph = traceLoss(spec, binding, { dtype, gradients, parts });
    const outputs = graph.outputs.map(({ name, node }) => {
      const { shape, dtype: own } = nodeAt(graph, node);
      return { name, shape, dtype: own };
    });
    const compiled = chain(this.#engine.compile(graph), (executable): Compiled<T> => ({ executable, outputs }));
    const entry: Entry<T> = {
      compiled,
      names: outputs.map(({ name }) => name).filter((name) => !name.startsWith("divisor:")),
      users: 0,
      asked: this.#requests,
      check: sizeCheck(graph),
      checked: undefined,
    };
    if (this.#entries.size >= EXECUTABLES_KEPT) this.#forgetOldest();
    this.#entries.set(key, entry);
    // A compilation that failed must not be remembered as the answer.
    if (compiled instanceof Promise) compiled.catch(() => this.#entries.delete(key));
    return entry;
  }

  /** Makes room for one, unless all are in use. */
  #forgetOldest(): void {
    const idle = [...this.#entries].filter(([, { users }]) => users === 0);
    const [oldest] = idle.sort(([, a], [, b]) => a.asked - b.asked);
    if (oldest === undefined) return;
    const [key, { compiled }] = oldest;
    this.#entries.delete(key);
    // Nobody waits for this: what goes wrong in freeing it has no one to tell.
    Promise.resolve(compiled)
      .then(({ executable }) => executable.dispose())
      .catch(() => undefined);
  }

  /** Tells a loss with its options apart from every other. */
  keyOf(spec: LossSpec): string {
    // Two losses may share a name; the definition itself tells them apart.
    return JSON.stringify([this.#identify(spec.loss), this.#asText(spec.options)]);
  }

  /** An option as JSON holds it: NaN and infinities by name, functions, and losses among them, by identity. */
  #asText(value: unknown): unknown {
    if (typeof value === "function") return this.#identify(value);
    if (typeof value === "number") return String(value);
    if (Array.isArray(value)) return value.map((item) => this.#asText(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.entries(value).map(([name, part]) => [name, this.#asText(part)]);
  }

  #identify(value: object): number {
    const known = this.#identities.get(value);
    if (known !== undefined) return known;
    this.#identity += 1;
    this.#identities.set(value, this.#identity);
    return this.#identity;
  }
}
