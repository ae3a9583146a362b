import { BackendUnavailableError, defineSyncBackend, type SyncBackend } from "@losses/core";
import { deviceSources, isTfjsDevice, type TfjsDevice } from "./devices.js";
import { initialise, isRegistered } from "./engineSwitch.js";
import { floatBits } from "./floatBits.js";
import { loadTf, type Tf, type TfTensor } from "./tf.js";
import { createEngine } from "./tfjsEngine.js";

export interface TfjsOptions {
  /** The TensorFlow.js engine to compute on; default: the one that is current (`tf.getBackend()`). */
  readonly device?: TfjsDevice;
  /** The TensorFlow.js to use; default: the installed `@tensorflow/tfjs-core`. */
  readonly tf?: Tf;
}

/**
 * Opens a TensorFlow.js engine for losses.
 *
 * Exactly the engine asked for, or an error; the engine that is current in TensorFlow.js stays current. Results are
 * `tf.Tensor`s that the caller disposes, or that an enclosing `tf.tidy` does.
 *
 * @throws BackendUnavailableError if the engine is not installed, fails to start, or computes with less than 32 bits.
 * @example
 * const backend = await createBackend({ device: "wasm" });
 * const loss = backend.compileSync(crossEntropy());
 * const { value, grads } = loss.valueAndGradSync({ input: logits, target: [2, 0] });
 */
export async function createBackend(options: TfjsOptions = {}): Promise<SyncBackend<TfTensor>> {
  const tf = await loadTf(options.tf);
  const device = options.device ?? currentDevice(tf);
  await ensureEngine(tf, device);
  return device === "webgpu" ? withLateReads(tf, device) : defineSyncBackend(createEngine(tf, device));
}

/** A backend whose asynchronous half waits for what the device has computed, while the synchronous one refuses to read it. */
function withLateReads(tf: Tf, device: string): SyncBackend<TfTensor> {
  const now = defineSyncBackend(createEngine(tf, device, "now"));
  const later = defineSyncBackend(createEngine(tf, device, "later"));
  const compileSync: SyncBackend<TfTensor>["compileSync"] = (spec, options) => {
    const waiting = later.compileSync(spec, options);
    return {
      ...now.compileSync(spec, options),
      value: async (feeds) => waiting.value(feeds),
      valueAndGrad: async (feeds, grad) => waiting.valueAndGrad(feeds, grad),
    };
  };
  return {
    ...now,
    compileSync,
    compile: async (spec, options) => compileSync(spec, options),
    read: async (tensor) => later.read(tensor),
    dispose: async () => {
      await Promise.all([now.dispose(), later.dispose()]);
    },
  };
}

function currentDevice(tf: Tf): string {
  const current = tf.getBackend();
  if (current) return current;
  const reason = "no TensorFlow.js engine is current";
  throw new BackendUnavailableError(
    `tfjs: device must be chosen, got none and ${reason}. Pass one, as in createBackend({ device: "wasm" }), or call await tf.setBackend("wasm") first.`,
    [reason],
  );
}

async function ensureEngine(tf: Tf, device: string): Promise<void> {
  if (!isRegistered(tf, device)) await register(tf, device);
  try {
    await initialise(tf, device);
  } catch (cause) {
    throw unavailable(device, `it failed to start: ${messageOf(cause)}`, "", cause);
  }
  const bits = floatBits(tf, device);
  if (bits < 32) {
    throw unavailable(device, `it computes with ${bits}-bit floats here`, ' Use the device "wasm" or "cpu".');
  }
}

async function register(tf: Tf, device: string): Promise<void> {
  if (!isTfjsDevice(device)) {
    const known = Object.keys(deviceSources).join(", ");
    throw unavailable(device, `no engine of that name is registered with TensorFlow.js`, ` Use one of ${known}.`);
  }
  const source = deviceSources[device];
  const cure = ` Run: npm install ${source.package}@${tf.version_core}`;
  try {
    await source.load();
  } catch (cause) {
    throw unavailable(device, `${source.package} could not be imported (${messageOf(cause)})`, cure, cause);
  }
  if (!isRegistered(tf, device)) {
    throw unavailable(device, `${source.package} was imported but did not register the engine`, cure);
  }
}

function unavailable(device: string, reason: string, cure: string, cause?: unknown): BackendUnavailableError {
  const message = `tfjs: device must be available, got "${device}": ${reason}.${cure}`;
  return new BackendUnavailableError(message, [reason], { cause });
}

function messageOf(cause: unknown): string {
  const text =
    typeof cause === "object" && cause !== null && "message" in cause ? String(cause.message) : String(cause);
  return text.split("\n")[0] ?? text;
}
