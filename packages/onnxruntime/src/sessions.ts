import { BackendUnavailableError, LossesError, UnsupportedOpError, type FloatDType } from "@losses/core";
import type { Provider } from "@losses/onnx";
import type { InferenceSession } from "onnxruntime-common";
import type { DeviceFacts } from "./devices.js";
import { oneAtATime, queueOf, type InTurn } from "./oneAtATime.js";
import { bitsOf, moveTensor } from "./tensors.js";
import {
  isRecord,
  messageOf,
  type NativeTensor,
  type OrtModule,
  type OrtSession,
  type OrtTensor,
  type SessionHandler,
} from "./runtime.js";

export type SessionOptions = InferenceSession.SessionOptions;

/** What every session of a backend has in common. */
export interface SessionSetup {
  readonly ort: OrtModule;
  /** The id of the backend, for messages. */
  readonly id: string;
  /** On every device but the processor they refuse a model of which a node would land there. */
  readonly options: SessionOptions;
  /** Which ops its models may use. */
  readonly provider: Provider;
  /** Floating dtypes that the device computes in. */
  readonly dtypes: readonly [FloatDType, ...FloatDType[]];
  /** True for the native code in this thread: it writes into tensors in JavaScript memory that it is handed. */
  readonly writesHost: boolean;
  /** Runs something that touches the device when nothing else does, where the runtime wants that. */
  readonly inTurn: InTurn;
  /**
   * Options for runs in which a size is 0: there is nothing to compute but the shapes and the value over no elements, and the GPU
   * providers of ONNX Runtime fail at empty tensors (some of them end the process).
   */
  readonly emptyOptions: SessionOptions;
  /** What to do about a loss of which a node would land on the processor. */
  readonly opsCure: string;
}

export interface SetupOptions {
  readonly threads: number;
  /** Where results stay, on devices that can keep them. */
  readonly outputs: "host" | "device";
  readonly writesHost: boolean;
}

/** What the sessions of a backend on one device have in common. */
export function sessionSetup(
  ort: OrtModule,
  id: string,
  facts: DeviceFacts,
  { threads, outputs, writesHost }: SetupOptions,
): SessionSetup {
  const base = sessionOptions(facts.provider, threads);
  const options: SessionOptions =
    outputs === "device" && facts.buffers === true ? { ...base, preferredOutputLocation: "gpu-buffer" } : base;
  return {
    ort: facts.oneAtATime === true ? oneAtATime(ort) : ort,
    id,
    options: facts.fallsBack ? withFallback(options, false) : options,
    provider: facts.fallsBack ? "any" : facts.host,
    dtypes: ["float32"],
    writesHost,
    inTurn: facts.oneAtATime === true ? queueOf(ort) : (task) => task(),
    emptyOptions: facts.fallsBack ? sessionOptions(facts.host, threads) : base,
    opsCure: facts.opsCure ?? "placement() names them.",
  };
}

function sessionOptions(provider: string, threads: number): SessionOptions {
  return {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Failures reach the caller as errors; only fatal ones are printed as well.
    logSeverityLevel: 4,
    // Each loss has a session with threads of its own: while it waits they must not burn a core each.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  };
}

/** The same, taking or refusing models of which a node would land on the processor. */
export function withFallback(options: SessionOptions, allowed: boolean): SessionOptions {
  const session = { ...Object(options.extra?.["session"]), disable_cpu_ep_fallback: allowed ? "0" : "1" };
  return { ...options, extra: { ...options.extra, session } };
}

export async function createSession(
  { ort, id, opsCure, writesHost }: SessionSetup,
  options: SessionOptions,
  loss: string,
  model: Uint8Array,
): Promise<OrtSession> {
  try {
    return unchecked(await ort.InferenceSession.create(model, options), writesHost);
  } catch (cause) {
    const text = messageOf(cause);
    if (/could not find an implementation|not implemented|NOT_IMPLEMENTED/i.test(text)) {
      throw new UnsupportedOpError(`${id}: ${loss} must consist of ops that the device has, got: ${text}`, { cause });
    }
    if (/fallback to CPU EP has been explicitly disabled/i.test(text)) {
      throw new UnsupportedOpError(
        `${id}: ${loss} must run wholly on the device, got ops that ONNX Runtime has on the processor only. ${opsCure}`,
        { cause },
      );
    }
    throw new LossesError("BACKEND_FAILED", `${id}: no session could be made for ${loss}: ${text}`, { cause });
  }
}

/** The session without checks of names, which cannot fail here and take a share of every small call. */
function unchecked(session: OrtSession, isNative: boolean): OrtSession {
  const handler = "handler" in session ? session.handler : undefined;
  if (!isHandler(handler)) return session;
  const own = isNative && "Float16Array" in globalThis ? withHalfBits : asTheyAre;
  return {
    run: (feeds, fetches) => handler.run(own(feeds), own(fetches), {}),
    release: () => session.release(),
    endProfiling: () => session.endProfiling?.(),
  };
}

const asTheyAre = <T>(tensors: T): T => tensors;

/** onnxruntime-node takes float16 as its bits, while tensors hold a Float16Array wherever there is one. */
function withHalfBits<T extends OrtTensor | null>(
  tensors: Readonly<Record<string, T>>,
): Readonly<Record<string, T | NativeTensor>> {
  if (!Object.values(tensors).some(isHalf)) return tensors;
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, isHalf(tensor) ? halfBitsOf(tensor) : tensor]),
  );
}

function isHalf(tensor: OrtTensor | null): tensor is OrtTensor {
  return tensor?.type === "float16" && tensor.location === "cpu";
}

function halfBitsOf({ type, dims, data, location }: OrtTensor): NativeTensor {
  return { type, dims, data: bitsOf(data), location };
}

function isHandler(value: unknown): value is SessionHandler {
  return isRecord(value) && typeof value["run"] === "function";
}

/** Runs a session and returns its outputs in the order asked for; where there is a tensor for one, that tensor holds it. */
export async function runInto(
  setup: SessionSetup,
  session: OrtSession,
  feeds: Readonly<Record<string, OrtTensor>>,
  outputs: readonly string[],
  out: readonly (OrtTensor | undefined)[] = [],
): Promise<readonly OrtTensor[]> {
  const handed = out.map((tensor) => (setup.writesHost || tensor?.location !== "cpu" ? tensor : undefined));
  const results = await session.run(feeds, Object.fromEntries(outputs.map((name, i) => [name, handed[i] ?? null])));
  const tensors = outputs.map((name, i) => out[i] ?? (results[name] as OrtTensor));
  for (const [i, wanted] of out.entries()) {
    const result = results[outputs[i] ?? ""];
    if (wanted !== undefined && handed[i] === undefined) await moveTensor(setup, result as OrtTensor, wanted);
  }
  return tensors;
}

/** The error of a run that went wrong inside the runtime. */
export function runFailure(id: string, loss: string, cause: unknown): LossesError {
  return new LossesError("BACKEND_FAILED", `${id}: ${loss} failed while running: ${messageOf(cause)}`, { cause });
}

/** The error for a device that does not work, with everything that was tried. */
export function unavailable(wanted: string, reasons: readonly string[], cause?: unknown): BackendUnavailableError {
  const list = reasons.map((reason) => `\n- ${reason}`).join("");
  return new BackendUnavailableError(
    `createBackend: ${wanted} must work on this machine, got:${list}`,
    reasons,
    cause === undefined ? {} : { cause },
  );
}
