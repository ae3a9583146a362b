import { listRule, OptionError, printValue, readOptions, type Backend, type Rules } from "@losses/core";
import { makeBackend } from "./backends.js";
import { deviceNames, deviceTable, type Device, type DeviceFacts } from "./devices.js";
import { nodeModule } from "./nodeModule.js";
import { probeDevice, probeDTypes } from "./probe.js";
import {
  asOrtModule,
  loadRuntime,
  messageOf,
  runtimePackages,
  type OrtModule,
  type OrtTensor,
  type RuntimeName,
} from "./runtime.js";
import { sessionSetup, unavailable } from "./sessions.js";
import { startRemoteRuntime, type RemoteRuntime } from "./worker/remoteRuntime.js";

export interface OnnxRuntimeOptions {
  /**
   * Where to compute: exactly there, or `createBackend` throws. A list is tried in order, and the backend's `device`
   * says which one it became. Default `"cpu"` (`"wasm"` with onnxruntime-web).
   */
  readonly device?: Device | readonly Device[];
  /** `"node"` for onnxruntime-node, `"web"` for onnxruntime-web; default: by where the code runs. */
  readonly runtime?: RuntimeName;
  /** The module itself, if it shall not be imported: `await import("onnxruntime-web/webgpu")`. */
  readonly ort?: OrtModule;
  /** Processor threads a session may use; default: the number of processors, at most 4. */
  readonly threads?: number;
  /**
   * True: sessions run in a worker thread, and the event loop stays free. With onnxruntime-node, on every device but webgpu.
   * Default false.
   */
  readonly worker?: boolean;
  /**
   * `"device"`: results stay in the memory of the device (`location: "gpu-buffer"`), where other sessions can use them, until they
   * are read or released; with onnxruntime-web on webgpu. Default `"host"`: results are in JavaScript memory.
   */
  readonly outputs?: "host" | "device";
}

/**
 * Makes a backend that runs losses and their gradients on ONNX Runtime.
 *
 * @throws BackendUnavailableError if the runtime is not installed or the device does not work, with every reason and its
 * cure; OptionError on an unknown device or option.
 * @example
 * ```ts
 * const backend = await createBackend({ device: ["webgpu", "cpu"] });
 * const loss = await backend.compile(clipLoss());
 * const { value, grads } = await loss.valueAndGrad({ image, text, logitScale: 14.3 });
 * ```
 */
export async function createBackend(options?: OnnxRuntimeOptions): Promise<Backend<OrtTensor>> {
  const { runtime, devices, ort: given, threads, worker, outputs } = wantedOf(options);
  const name = runtimePackages[runtime];
  let ort: OrtModule;
  let remote: RemoteRuntime | undefined;
  try {
    ort = given ?? (await loadRuntime(runtime));
    remote = worker ? startRemoteRuntime(ort) : undefined;
  } catch (cause) {
    throw unavailable(devices.map(({ device }) => backendId(runtime, device)).join(" or "), [messageOf(cause)], cause);
  }
  const count = threads ?? defaultThreads(runtime);
  const stop = async (): Promise<void> => remote?.stop();
  const reasons: string[] = [];
  const causes: unknown[] = [];
  for (const { device, facts } of devices) {
    const id = backendId(runtime, device);
    if (worker && facts.oneThread === true) {
      reasons.push(`${name} ends the process when two threads use ${device}. Leave out worker.`);
      continue;
    }
    if (outputs === "device" && facts.buffers !== true && facts.fallsBack) {
      reasons.push(`${name} cannot leave results on ${device}. Leave out outputs.`);
      continue;
    }
    const writesHost = runtime === "node" && remote === undefined;
    const tried = sessionSetup(remote?.ort ?? ort, id, facts, { threads: count, outputs, writesHost });
    try {
      await probeDevice(tried);
      const setup = { ...tried, dtypes: await probeDTypes(tried, device) };
      return makeBackend({ setup, device, runtime, ort, stop });
    } catch (cause) {
      const what = messageOf(cause).replace(`no session could be made for probe: `, `${name} refuses it: `);
      reasons.push(`${what.replace(/\.$/, "")}. ${facts.cure}`);
      causes.push(cause);
    }
  }
  await stop();
  throw unavailable(devices.map(({ device }) => backendId(runtime, device)).join(" or "), reasons, causes[0]);
}

function backendId(runtime: RuntimeName, device: Device): string {
  return runtime === "node" ? `onnxruntime:${device}` : `onnxruntime-web:${device}`;
}

interface Wanted {
  readonly runtime: RuntimeName;
  readonly devices: readonly { readonly device: Device; readonly facts: DeviceFacts }[];
  readonly ort: OrtModule | undefined;
  readonly threads: number | undefined;
  readonly worker: boolean;
  readonly outputs: "host" | "device";
}

/** More threads than any machine runs. */
const mostThreads = 1024;

const devicesRule = listRule("a list of devices", {
  domain: "a device",
  accepts: (value) => typeof value === "string",
});

const rules: Rules<OnnxRuntimeOptions> = {
  // Which ones there are depends on the runtime.
  device: {
    domain: "a device or a list of devices",
    accepts: (value) => typeof value === "string" || devicesRule.accepts(value),
    read: (value) => (typeof value === "string" ? value : devicesRule.read?.(value)),
  },
  runtime: {
    domain: Object.keys(runtimePackages).join(" or "),
    accepts: (value) => typeof value === "string" && Object.hasOwn(runtimePackages, value),
  },
  ort: { domain: "a module of ONNX Runtime", accepts: (value) => asOrtModule(value) !== undefined },
  threads: {
    domain: `an integer from 1 to ${mostThreads}`,
    accepts: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= mostThreads,
  },
  worker: { domain: "true or false", accepts: (value) => typeof value === "boolean" },
  outputs: { domain: '"host" or "device"', accepts: (value) => value === "host" || value === "device" },
};

function wantedOf(options: OnnxRuntimeOptions | undefined): Wanted {
  const given = readOptions("createBackend", options, rules);
  const { runtime = isNode() ? "node" : "web", threads, worker = false, outputs = "host" } = given;
  const ort = given.ort && asOrtModule(given.ort);
  if (worker && (runtime === "web" || ort !== undefined)) {
    throw new OptionError(
      "createBackend: option worker must be left out with onnxruntime-web or a module of your own, got true. The worker imports onnxruntime-node; for the web see its env.wasm.proxy.",
    );
  }
  const wanted = given.device ?? (runtime === "node" ? "cpu" : "wasm");
  const list: readonly Device[] = typeof wanted === "string" ? [wanted] : wanted;
  const devices = list.map((device) => {
    const facts = Object.hasOwn(deviceTable[runtime], device) ? deviceTable[runtime][device] : undefined;
    if (facts === undefined) {
      throw new OptionError(
        `createBackend: option device must be ${deviceNames(runtime).join(", ")} with ${runtimePackages[runtime]}, got ${printValue(device)}.`,
      );
    }
    return { device, facts };
  });
  if (devices.length === 0)
    throw new OptionError("createBackend: option device must name at least one device, got none.");
  return { runtime, devices, ort, threads, worker, outputs };
}

function isNode(): boolean {
  return typeof process === "object" && typeof process.versions?.node === "string";
}

function defaultThreads(runtime: RuntimeName): number {
  return runtime === "web" ? 1 : Math.min(4, nodeModule("node:os").availableParallelism());
}
