import {
  BackendUnavailableError,
  defineSyncBackend,
  printValue,
  readOptions,
  type Rules,
  type SyncBackend,
} from "@losses/core";
import { deviceSources, isTfjsDevice, type TfjsDevice } from "./devices.js";
import { initialise, isRegistered, keepingCurrent, onEngine } from "./engineSwitch.js";
import { floatBits } from "./floatBits.js";
import { importEngine } from "./importEngine.js";
import { loadTf, tfRule, type Tf, type TfTensor } from "./tf.js";
import { createEngine } from "./tfjsEngine.js";

export interface TfjsOptions {
  /** The TensorFlow.js engine to compute on; default: the one that is current (`tf.getBackend()`). */
  readonly device?: TfjsDevice;
  /** The TensorFlow.js to use; default: the installed `@tensorflow/tfjs-core`. */
  readonly tf?: Tf;
}

const rules: Rules<TfjsOptions> = {
  // A name that is none of ours may be an engine that was registered with TensorFlow.js.
  device: { domain: "the name of an engine", accepts: (value) => typeof value === "string" && value !== "" },
  tf: tfRule,
};

/**
 * Opens a TensorFlow.js engine for losses.
 *
 * Exactly the engine asked for, or an error; the engine that is current in TensorFlow.js stays current. Results are
 * `tf.Tensor`s that the caller disposes, or that an enclosing `tf.tidy` does.
 *
 * @throws BackendUnavailableError if the engine is not installed, fails to start, or computes with less than 32 bits;
 * OptionError on an unknown option
 * @example
 * const backend = await createBackend({ device: "wasm" });
 * const loss = backend.compileSync(crossEntropy());
 * const { value, grads } = loss.valueAndGradSync({ input: logits, target: [2, 0] });
 */
export async function createBackend(options?: TfjsOptions): Promise<SyncBackend<TfTensor>> {
  const given = readOptions("tfjs", options, rules);
  const tf = await loadTf(given.tf);
  const device = given.device ?? currentDevice(tf);
  await ensureEngine(tf, device);
  return device === "webgpu" ? withLateReads(tf, device) : defineSyncBackend(createEngine(tf, device));
}

/** A backend whose asynchronous half waits for what the device has computed, while the synchronous one refuses to read it. */
function withLateReads(tf: Tf, device: string): SyncBackend<TfTensor> {
  const now = defineSyncBackend(createEngine(tf, device, "now"));
  const later = defineSyncBackend(createEngine(tf, device, "later"));
  const compileSync: SyncBackend<TfTensor>["compileSync"] = (spec, options) => {
    const waiting = later.compileSync(spec, options);
    const direct = now.compileSync(spec, options);
    return {
      ...waiting,
      uses: () => (waiting.uses().length > 0 ? waiting : direct).uses(),
      valueSync: (feeds, run) => direct.valueSync(feeds, run),
      valueAndGradSync: (feeds, run) => direct.valueAndGradSync(feeds, run),
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
  try {
    // An engine may start and still compute nothing, as tfjs-node 4.22 does on the Node versions after 22.
    onEngine(tf, device, () => tf.tidy(() => void tf.add(tf.scalar(1), tf.scalar(1))));
  } catch (cause) {
    throw unavailable(device, `it fails to compute: ${messageOf(cause)}`, cureOf(device), cause);
  }
  const bits = floatBits(tf, device);
  if (bits < 32) {
    throw unavailable(device, `it computes with ${bits}-bit floats here`, ' Use the device "wasm" or "cpu".');
  }
}

async function register(tf: Tf, device: string): Promise<void> {
  if (!isTfjsDevice(device)) {
    const known = Object.entries(deviceSources).map(([name, source]) => `${name} (${source.package})`);
    throw unavailable(
      device,
      `no engine of that name is registered with TensorFlow.js`,
      ` Use one of ${known.join(", ")}.`,
    );
  }
  const source = deviceSources[device];
  const cure = ` Run: npm install ${source.package}@${tf.version_core}`;
  try {
    await keepingCurrent(tf, device, () => importEngine(device));
  } catch (cause) {
    if (isMissing(cause, source.package)) throw unavailable(device, `${source.package} is not installed`, cure, cause);
    const reason = `${source.package} could not be imported (${messageOf(cause)})`;
    throw unavailable(device, reason, source.cure === undefined ? cure : ` ${source.cure}`, cause);
  }
  if (!isRegistered(tf, device)) {
    throw unavailable(device, `${source.package} was imported but did not register the engine`, cure);
  }
}

function cureOf(device: string): string {
  const cure = isTfjsDevice(device) ? deviceSources[device].cure : undefined;
  return cure === undefined ? "" : ` ${cure}`;
}

/** True if the package itself is not installed, rather than broken, as Node, bundlers and browsers say it. */
function isMissing(cause: unknown, name: string): boolean {
  const message = messageOf(cause);
  return (
    /cannot find|could not resolve|failed to resolve|does not resolve|bare specifier/i.test(message) &&
    message.includes(name)
  );
}

function unavailable(device: string, reason: string, cure: string, cause?: unknown): BackendUnavailableError {
  const message = `tfjs: device must be available, got ${printValue(device)}: ${reason}.${cure}`;
  return new BackendUnavailableError(message, [`${reason}.${cure}`], { cause });
}

function messageOf(cause: unknown): string {
  const text =
    typeof cause === "object" && cause !== null && "message" in cause ? String(cause.message) : String(cause);
  return (text.split("\n")[0] ?? text).trim().replace(/\.$/, "");
}
