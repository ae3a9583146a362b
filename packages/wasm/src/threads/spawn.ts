import { workerSource, type Answer, type Message } from "./worker.js";

/** A thread of its own. */
export interface Thread {
  readonly tell: (message: Message) => void;
  /** It no longer keeps the process alive. */
  readonly letGo: () => void;
  readonly end: () => void;
  /** Whether it is seen to have ended already, before the listener is called: that waits for this thread to be free. */
  readonly hasEnded: () => boolean;
}

/** Called with what a thread says, or why it has ended. */
export type Listener = (answer: Answer) => void;

interface NodeWorker {
  postMessage(message: unknown): void;
  on(event: string, listener: (value: unknown) => void): void;
  unref(): void;
  terminate(): Promise<unknown>;
  readonly performance?: { eventLoopUtilization(): { readonly idle: number } };
}

interface WebWorker {
  postMessage(message: unknown): void;
  addEventListener(
    event: string,
    listener: (event: { readonly data?: unknown; readonly message?: string }) => void,
  ): void;
  terminate(): void;
}

interface Platform {
  readonly process?: {
    readonly getBuiltinModule?: (name: string) => {
      readonly Worker: new (source: string, options: object) => NodeWorker;
    };
  };
  readonly Worker?: new (url: string, options: object) => WebWorker;
  readonly Blob?: new (parts: readonly string[], options: object) => object;
  readonly URL?: { createObjectURL(blob: object): string; revokeObjectURL(url: string): void };
}

const name = "losses";

/** Starts a thread; throws what the platform throws. */
export function spawn(listener: Listener): Thread {
  const platform = globalThis as unknown as Platform;
  // Not imported, for bundles for browsers.
  const threads = platform.process?.getBuiltinModule?.("node:worker_threads");
  if (threads !== undefined) return nodeThread(threads.Worker, listener);
  const { Worker, Blob, URL } = platform;
  if (Worker === undefined || Blob === undefined || URL === undefined) {
    throw new Error("there are no workers.");
  }
  const source = workerSource("onmessage = ({ data }) => receive(data);", "(answer) => postMessage(answer)");
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { name });
  const heard = (answer: Answer): void => {
    URL.revokeObjectURL(url);
    listener(answer);
  };
  worker.addEventListener("message", ({ data }) => heard(data as Answer));
  // What a policy forbids has no message.
  const unsaid = "it could not be started. Allow workers from 'blob:' in the content-security policy.";
  worker.addEventListener("error", ({ message = "" }) => heard({ failure: message === "" ? unsaid : message }));
  return {
    tell: (message) => worker.postMessage(message),
    letGo: () => undefined,
    end: () => worker.terminate(),
    hasEnded: () => false,
  };
}

function nodeThread(Worker: new (source: string, options: object) => NodeWorker, listener: Listener): Thread {
  const source = workerSource('port.on("message", receive);', "(answer) => port.postMessage(answer)");
  const port = 'const port = require("node:worker_threads").parentPort;\n';
  const worker = new Worker(port + source, { eval: true, name, execArgv: [] });
  worker.on("message", (answer) => listener(answer as Answer));
  worker.on("error", (cause) => listener({ failure: String(cause) }));
  worker.on("exit", () => listener({ failure: "it has ended." }));
  return {
    tell: (message) => worker.postMessage(message),
    letGo: () => {
      worker.unref();
      // The first look at a loop has to be while there is one.
      hasNoLoop(worker);
    },
    end: () => void worker.terminate(),
    hasEnded: () => hasNoLoop(worker),
  };
}

/** An event loop that was there, and is no more, has been idle for -1. */
function hasNoLoop({ performance }: NodeWorker): boolean {
  try {
    return performance !== undefined && performance.eventLoopUtilization().idle < 0;
  } catch {
    // Some of what looks like Node.js has no such figures.
    return false;
  }
}
