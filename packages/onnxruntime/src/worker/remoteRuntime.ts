import { sessionHost } from "../generated/sessionHost.js";
import { nodeModule } from "../nodeModule.js";
import { bitsOf } from "../tensors.js";
import { messageOf, RuntimeMissing, type OrtModule, type OrtSession, type OrtTensor } from "../runtime.js";
import type { Answer, Call, HostData, Request, WireTensor } from "./protocol.js";

/** A runtime whose sessions live in a worker thread. */
export interface RemoteRuntime {
  readonly ort: OrtModule;
  readonly stop: () => Promise<void>;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (cause: Error) => void;
}

/**
 * Starts a worker thread that has ONNX Runtime to itself, so that the event loop of this one stays free. Feeds are copied, results
 * are handed over. The worker keeps the process alive only while something runs.
 */
export function startRemoteRuntime(local: OrtModule): RemoteRuntime {
  const { Worker } = nodeModule("node:worker_threads");
  const workerData: HostData = { file: runtimeFile(), logLevel: local.env.logLevel };
  const worker = new Worker(sessionHost, { eval: true, workerData });
  worker.unref();
  const waiting = new Map<number, Waiting>();
  let calls = 0;
  let ended: Error | undefined;

  const end = (why: string): void => {
    ended ??= new Error(`the worker thread has ended: ${why}. Make a new backend.`);
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  worker.on("message", (answer: Answer) => {
    const found = waiting.get(answer.call);
    waiting.delete(answer.call);
    if (waiting.size === 0) worker.unref();
    if ("failure" in answer) found?.reject(new Error(messageOf(new Error(answer.failure))));
    else found?.resolve(answer);
  });
  worker.on("error", (cause) => end(messageOf(cause)));
  worker.on("exit", (code) => end(`exit code ${code}`));

  const ask = (request: Request): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) {
        reject(ended);
        return;
      }
      const call: Call = { call: (calls += 1), request };
      worker.postMessage(call);
      waiting.set(call.call, { resolve, reject });
      worker.ref();
    });

  const makeSession = (session: number): OrtSession => ({
    run: async (feeds, fetches) => {
      const wired = await Promise.all(Object.entries(feeds).map(async ([name, tensor]) => [name, await wire(tensor)]));
      const answer = await ask({
        kind: "run",
        session,
        feeds: Object.fromEntries(wired) as Record<string, WireTensor>,
        outputs: Object.keys(fetches),
      });
      if (!("outputs" in answer)) throw new Error("the worker thread must answer with outputs");
      return Object.fromEntries(
        Object.entries(answer.outputs).map(([name, { type, data, dims }]): [string, OrtTensor] => [
          name,
          new local.Tensor(type, data, dims),
        ]),
      );
    },
    release: async () => {
      await ask({ kind: "release", session });
    },
  });

  return {
    ort: {
      Tensor: local.Tensor,
      env: local.env,
      InferenceSession: {
        create: async (model, options) => {
          const answer = await ask({ kind: "create", model, options });
          if (!("session" in answer)) throw new Error("the worker thread must answer with a session");
          return makeSession(answer.session);
        },
      },
    },
    stop: async () => {
      end("its backend was disposed");
      await worker.terminate();
    },
  };
}

async function wire(tensor: OrtTensor): Promise<WireTensor> {
  const held = tensor.location === "cpu" ? tensor.data : await tensor.getData();
  const data = tensor.type === "float16" ? bitsOf(held) : held;
  // Sending a part of a buffer would copy the whole of it.
  const isPart = ArrayBuffer.isView(data) && data.byteLength < data.buffer.byteLength;
  return { type: tensor.type, dims: tensor.dims, data: isPart ? data.slice() : data };
}

/**
 * The file that this thread loaded onnxruntime-node from: a bundle has no folder of its own to find the package from, but the
 * modules that are loaded are known by their files.
 */
function runtimeFile(): string {
  const { cache } = nodeModule("node:module").createRequire(globalThis.process.execPath);
  const file = Object.keys(cache).find((name) => /[\\/]onnxruntime-node[\\/]dist[\\/]index\.js$/.test(name));
  if (file === undefined) {
    throw new RuntimeMissing("the file of onnxruntime-node must be known to a worker, got none. Leave out worker.");
  }
  return file;
}
