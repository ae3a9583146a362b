import { crossEntropy, type Backend, type HostTensor, type LossSpec, type SyncBackend } from "@losses/core";
import { element, empty, list, size } from "../takes.js";
import { type Call, type Entry, type Takes } from "../walk.js";

/** A backend, or a loss that it has compiled, as functions by name. */
export interface Methods {
  /** The object that they are of: it has no others. */
  readonly of: object;
  readonly entries: Readonly<Record<string, Entry>>;
}

const feeds = (): object => ({
  input: { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] },
  target: [2, 0],
  weight: Float32Array.of(1, 1, 1),
});

/** Numbers in the shape of `[2, 3]` and of `[3]`, which only a few of the bad values have. */
const feedTakes: Readonly<Record<string, Takes>> = {
  "0.input.shape.*": size,
  // A class for each of two rows.
  "0.target": (value) => isNumbers(value, [0, 1, 2]),
  "0.target.*": (value) => element(value) && [0, 1].includes(Number(value)),
};

function isNumbers(value: unknown, allowed: readonly number[]): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((item) => allowed.includes(item as number));
}

function plain({ data, shape, dtype }: HostTensor): unknown {
  return { data: Array.from(data), shape: [...shape], dtype };
}

/** Every function of a backend that answers at once, or only later. */
export async function backendMethods<T>(backend: Backend<T> | SyncBackend<T>): Promise<Methods> {
  const spec = (): LossSpec => crossEntropy() as LossSpec;
  const tensor = (): T => backend.tensor([1, 2]);
  const release = (made: unknown): void => backend.release(made as T);
  const compiles: Entry = {
    args: () => [spec(), { dtype: "float32" }],
    takes: { "1": empty },
    whole: ["0"],
    once: true,
  };
  const reads: Entry = { args: () => [tensor()], whole: ["0"] };
  return {
    of: backend,
    entries: {
      compile: compiles,
      ...("compileSync" in backend ? { compileSync: compiles, readSync: reads } : {}),
      tensor: {
        args: () => [{ data: Float32Array.of(1, 2), shape: [2], dtype: "float32" }, { dtype: "float32" }],
        takes: {
          "0": isTensor,
          "0.data": (value) => value instanceof Float32Array || isNumbers(value, [1, 2]),
          "0.shape": (value) => list(size)(value) && (value as number[]).reduce((count, dim) => count * dim, 1) === 2,
          "1": empty,
        },
        open: ["0"],
        once: true,
        dispose: release,
      },
      read: reads,
      release: reads,
    },
  };
}

/** What is a tensor of numbers, whatever its shape. */
const isTensor: Takes = (value) =>
  typeof value === "number" ||
  (Array.isArray(value) && value.length < 100 && value.every((item) => typeof item === "number")) ||
  (ArrayBuffer.isView(value) && !(value instanceof DataView));

/** Every function of a compiled loss. */
export async function lossMethods<T>(backend: Backend<T> | SyncBackend<T>): Promise<Methods> {
  const loss = await backend.compile(crossEntropy({ reduction: "sum" }), { dtype: "float32" });
  const signal = new AbortController().signal;
  const call =
    (name: string): Call =>
    async (...args) => {
      const result = await (loss as unknown as Readonly<Record<string, Call>>)[name]?.(...args);
      if (name === "warm") return result;
      if (name.startsWith("valueAndGrad")) {
        const { value, grads } = result as { readonly value: T; readonly grads: Readonly<Record<string, T>> };
        return Object.fromEntries(
          await Promise.all(Object.entries({ ...grads, value }).map(async ([key, own]) => [key, await taken(own)])),
        );
      }
      return taken(result as T);
    };
  /** What a tensor holds; it is freed. */
  const taken = async (tensor: T): Promise<unknown> => {
    const read = plain(await backend.read(tensor));
    backend.release(tensor);
    return read;
  };
  const result = (found: unknown): unknown => found;
  const value = (name: string): Entry => ({
    call: call(name),
    args: () => [feeds(), { signal }],
    takes: { ...feedTakes, "1": empty },
    whole: ["1.signal"],
    open: ["0.input"],
    once: true,
    result,
  });
  const grad = (name: string): Entry => ({
    ...value(name),
    args: () => [feeds(), { signal, wrt: ["input"] }],
    takes: { ...feedTakes, "1": empty, "1.wrt": list(() => false), "1.out": empty },
  });
  const isSync = "valueSync" in loss;
  return {
    of: loss,
    entries: {
      value: value("value"),
      valueAndGrad: grad("valueAndGrad"),
      ...(isSync ? { valueSync: value("valueSync"), valueAndGradSync: grad("valueAndGradSync") } : {}),
      warm: {
        call: call("warm"),
        args: () => [
          { input: { shape: [2, 3], dtype: "float32" }, target: { shape: [2], dtype: "int32" } },
          { signal, wrt: ["input"] },
        ],
        // There may be one class.
        takes: { "0.input.shape.1": (value) => value === 1, "1": empty, "1.wrt": list(() => false) },
        whole: ["1.signal"],
        once: true,
        result,
      },
      uses: { args: () => [] },
    },
  };
}
