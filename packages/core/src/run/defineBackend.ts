import { printValue, readable, readOptions } from "../arguments.js";
import type {
  Backend,
  CompileOptions,
  Engine,
  HostTensor,
  PlainTensor,
  SyncBackend,
  SyncCompiledLoss,
} from "../backend.js";
import { InputError } from "../errors.js";
import type { LossSpec } from "../loss/define.js";
import type { LossInputs } from "../loss/inputTypes.js";
import { isFloat, type DType } from "../tensor/dtype.js";
import { tensorRules } from "./callOptions.js";
import { checkEngine } from "./checkBackend.js";
import { compileLoss } from "./compileLoss.js";
import { ExecutableCache } from "./executableCache.js";
import { readPlain, toHost } from "./host.js";
import { now } from "./maybe.js";

/** Makes an engine into the backend that users hold. */
export function defineBackend<T>(engine: Engine<T>): Backend<T> {
  const all = defineSyncBackend(engine);
  // What answers at once is left out, and not only of the type.
  return {
    id: all.id,
    device: all.device,
    dtypes: all.dtypes,
    compile: async (spec, options) => {
      const loss = all.compileSync(spec, options);
      return {
        spec,
        value: (feeds, run) => loss.value(feeds, run),
        valueAndGrad: (feeds, run) => loss.valueAndGrad(feeds, run),
        warm: (inputs, run) => loss.warm(inputs, run),
        uses: () => loss.uses(),
      };
    },
    tensor: (data, options) => all.tensor(data, options),
    read: (tensor) => all.read(tensor),
    release: (tensor) => all.release(tensor),
    dispose: () => all.dispose(),
  };
}

/** The same for an engine that never answers with a promise: its backend has a synchronous path as well. */
export function defineSyncBackend<T>(engine: Engine<T>): SyncBackend<T> {
  checkEngine("defineBackend", engine);
  const cache = new ExecutableCache(engine);
  const compileSync = <I extends LossInputs>(spec: LossSpec<I>, options?: CompileOptions): SyncCompiledLoss<T, I> =>
    // What a loss is fed and gives by name is known to its type alone.
    compileLoss(engine, cache, spec as LossSpec, options) as unknown as SyncCompiledLoss<T, I>;
  return {
    id: engine.id,
    device: engine.device,
    dtypes: engine.dtypes,
    compile: async (spec, options) => compileSync(spec, options),
    compileSync,
    tensor: (data, options) => engine.upload(plainTensor(engine, data, options)),
    read: async (tensor) => engine.download(ownTensor(engine, "read", tensor)),
    readSync: (tensor) => now(engine, engine.download(ownTensor(engine, "readSync", tensor)), () => undefined),
    release: (tensor) => engine.release(ownTensor(engine, "release", tensor)),
    dispose: async () => {
      await cache.dispose();
      await engine.dispose();
    },
  };
}

function plainTensor<T>(
  engine: Engine<T>,
  data: PlainTensor,
  options: { readonly dtype?: DType } | undefined,
): HostTensor {
  const where = `${engine.id}.tensor`;
  const { dtype: wanted } = readOptions(where, options, tensorRules);
  const plain = readable(where, () => readPlain(`${where}: data`, data));
  const own: DType = plain.dtype === "untyped" ? engine.dtypes[0] : plain.dtype === "int64" ? "int32" : plain.dtype;
  const fallback = isFloat(own) && !engine.dtypes.includes(own) ? engine.dtypes[0] : own;
  return toHost(`${where}: data`, plain, wanted ?? fallback);
}

function ownTensor<T>(engine: Engine<T>, what: string, tensor: unknown): T {
  if (readable(`${engine.id}.${what}`, () => engine.isTensor(tensor))) return tensor as T;
  throw new InputError(
    `${engine.id}.${what}: the tensor must be one of this backend, got ${printValue(tensor)}. Results are, and what tensor() makes.`,
    "INVALID_INPUT",
  );
}
