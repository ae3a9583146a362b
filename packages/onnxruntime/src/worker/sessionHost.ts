// The other side of remoteRuntime.ts: what a worker thread runs. It is started from its own text (writeSessionHost.mjs), since a
// bundle has no file for it, so it imports nothing but types and modules of Node.js.
import { createRequire } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import type { NativeTensor, OrtModule, OrtSession, OrtTensor, SessionHandler } from "../runtime.js";
import type { Answer, Call, HostData, Request, WireTensor } from "./protocol.js";

interface HostSession extends OrtSession {
  readonly handler: SessionHandler;
}

const { file, logLevel } = workerData as HostData;
const ort = createRequire(file)(file) as OrtModule;
if (logLevel !== undefined) ort.env.logLevel = logLevel;
const sessions = new Map<number, HostSession>();
let made = 0;

parentPort?.on("message", ({ call, request }: Call) => {
  answer(request).then(
    (result) => send({ call, ...result }),
    (cause: unknown) => send({ call, failure: cause instanceof Error ? cause.message : String(cause) }),
  );
});

type Result = Answer extends infer A ? (A extends Answer ? Omit<A, "call"> : never) : never;

async function answer(request: Request): Promise<Result> {
  switch (request.kind) {
    case "create": {
      const session = await ort.InferenceSession.create(request.model, request.options);
      made += 1;
      sessions.set(made, session as HostSession);
      return { session: made };
    }
    case "run": {
      const feeds = Object.entries(request.feeds).map(([name, tensor]): [string, NativeTensor] => [
        name,
        { ...tensor, location: "cpu" },
      ]);
      const fetches = Object.fromEntries(request.outputs.map((name) => [name, null]));
      // A tensor would hold float16 as a Float16Array where there is one, which the native code does not take; it takes the bits.
      const results = await find(request.session).handler.run(Object.fromEntries(feeds), fetches, {});
      const outputs = request.outputs.map((name): [string, WireTensor] => {
        const { type, dims, data } = results[name] as OrtTensor;
        return [name, { type, dims, data }];
      });
      return { outputs: Object.fromEntries(outputs) };
    }
    case "release": {
      const session = find(request.session);
      sessions.delete(request.session);
      await session.release();
      return { released: true };
    }
  }
}

function find(number: number): HostSession {
  const session = sessions.get(number);
  if (session === undefined) throw new Error(`session ${number} does not exist`);
  return session;
}

/** Results are handed over, not copied. */
function send(answer: Answer): void {
  const buffers = "outputs" in answer ? Object.values(answer.outputs).map(({ data }) => bufferOf(data)) : [];
  const distinct = new Set(buffers.filter((buffer) => buffer instanceof ArrayBuffer));
  parentPort?.postMessage(answer, [...distinct]);
}

function bufferOf(data: WireTensor["data"]): ArrayBufferLike | undefined {
  return ArrayBuffer.isView(data) ? data.buffer : undefined;
}
