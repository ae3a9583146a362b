import { BackendUnavailableError, LossesError, UnsupportedOpError } from "@losses/core";
import type { Provider } from "@losses/onnx";
import type { InferenceSession } from "onnxruntime-common";
import type { DeviceFacts } from "./devices.js";
import { messageOf, type OrtModule, type OrtTensor } from "./runtime.js";

export type SessionOptions = InferenceSession.SessionOptions;

/** What every session of a backend has in common. */
export interface SessionSetup {
  readonly ort: OrtModule;
  /** The id of the backend, for messages. */
  readonly id: string;
  readonly options: SessionOptions;
  /** Which ops its models may use. */
  readonly provider: Provider;
  /**
   * Options for runs in which a size is 0: there is nothing to compute but the shapes and the value over no elements, and the GPU
   * providers of ONNX Runtime fail at empty tensors (some of them end the process).
   */
  readonly emptyOptions: SessionOptions;
}

/** What the sessions of a backend on one device have in common. */
export function sessionSetup(ort: OrtModule, id: string, facts: DeviceFacts, threads: number): SessionSetup {
  const options = sessionOptions(facts, threads);
  return {
    ort,
    id,
    options,
    provider: facts.fallsBack ? "any" : "cpu",
    emptyOptions: facts.fallsBack ? { ...options, executionProviders: [facts.host] } : options,
  };
}

function sessionOptions(facts: DeviceFacts, threads: number): SessionOptions {
  return {
    executionProviders: [facts.provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Failures reach the caller as errors; only fatal ones are printed as well.
    logSeverityLevel: 4,
    // Each loss has a session with threads of its own: while it waits they must not burn a core each.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  };
}

/** The same, refusing every model of which a node would land on the processor. */
export function withoutFallback(options: SessionOptions): SessionOptions {
  return { ...options, extra: { session: { disable_cpu_ep_fallback: "1" } } };
}

export async function createSession(
  { ort, id }: SessionSetup,
  options: SessionOptions,
  loss: string,
  model: Uint8Array,
): Promise<InferenceSession> {
  try {
    return await ort.InferenceSession.create(model, options);
  } catch (cause) {
    const text = messageOf(cause);
    if (/could not find an implementation|not implemented|NOT_IMPLEMENTED/i.test(text)) {
      throw new UnsupportedOpError(`${id}: ${loss} must consist of ops that the device has, got: ${text}`, { cause });
    }
    throw new LossesError("BACKEND_FAILED", `${id}: no session could be made for ${loss}: ${text}`, { cause });
  }
}

/** Runs a session and returns its outputs in the order asked for. */
export async function runSession(
  id: string,
  loss: string,
  session: InferenceSession,
  feeds: Readonly<Record<string, OrtTensor>>,
  outputs: readonly string[],
): Promise<readonly OrtTensor[]> {
  let results: Readonly<Record<string, unknown>>;
  try {
    results = await session.run(feeds, outputs);
  } catch (cause) {
    throw new LossesError("BACKEND_FAILED", `${id}: ${loss} failed while running: ${messageOf(cause)}`, { cause });
  }
  return outputs.map((name) => results[name] as OrtTensor);
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
