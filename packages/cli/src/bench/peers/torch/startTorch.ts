import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import type { Readable } from "node:stream";
import type { Reply, Request } from "../../messages.js";
import type { Job } from "../../openContestant.js";
import { factsOf, isWritten } from "../../lossProblem.js";
import { tripletOptions, vseMargin } from "../../problems.js";
import { keptMemory, lastLines, running, type RunningContestant } from "../../startContestant.js";
import { summarise } from "../../summary.js";
import { program } from "./program.js";
import { torchCall } from "./torchFunction.js";

type Told = Exclude<Reply, { readonly tell: "ready" }> | { readonly tell: "answer"; readonly value: string };

/**
 * Starts PyTorch on a problem, on one thread; waits until it has computed once. It gets the inputs that the others make.
 *
 * @param python the program
 * @throws Error with what Python said, if it fails or ends
 */
export async function startTorch({ problem, part, entrant }: Job, python: string): Promise<RunningContestant> {
  const { spec, wrt, inputs } = await factsOf(problem);
  const child = spawn(python, ["-c", program], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...keptMemory, OMP_NUM_THREADS: "1", ...process.env },
  });
  const said = lastLines(child);
  const failed = once(child, "error").then(([error]: unknown[]): never => {
    throw new Error(`${python} must be a Python, got ${error instanceof Error ? error.message : String(error)}`);
  });
  failed.catch(() => undefined);
  const closed = once(child, "close");
  const bytes = bytesOf(child.stdout);
  const read = async (length: number | "line"): Promise<Buffer> => {
    const found = await Promise.race([bytes(length), failed]);
    if (found !== undefined) return found;
    await closed;
    throw new Error(`its process ended: ${said() || "it said nothing"}`);
  };
  const expectReply = async <K extends Told["tell"]>(kind: K): Promise<Extract<Told, { readonly tell: K }>> => {
    const told = JSON.parse((await read("line")).toString()) as Told;
    if (told.tell === kind) return told as Extract<Told, { readonly tell: K }>;
    throw new Error(`the process told ${told.tell} instead of ${kind}`);
  };
  const ask = (request: Request): void => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
  };
  const kill = (): void => {
    child.kill("SIGKILL");
  };
  // Python that ends before it has read all says why.
  child.stdin.on("error", () => undefined);
  try {
    const tensors = Object.entries(inputs).map(([name, { data, shape, dtype }]) => ({
      name,
      shape,
      dtype,
      bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    }));
    const job = {
      ...(isWritten(problem) ? { kind: problem.kind } : { call: torchCall(spec, Object.keys(inputs)) }),
      part,
      compiled: entrant === "torch.compile",
      wrt,
      options: { triplet: tripletOptions, vseMargin },
      inputs: tensors.map(({ name, shape, dtype, bytes: own }) => [name, dtype, shape, own.length]),
    };
    child.stdin.write(`${JSON.stringify(job)}\n`);
    for (const tensor of tensors) child.stdin.write(tensor.bytes);
    const { value } = await expectReply("answer");
    const grads: Record<string, Float32Array> = {};
    for (const name of part === "gradient" ? wrt : []) {
      const own = await read(tensors.find((tensor) => tensor.name === name)?.bytes.length ?? 0);
      grads[name] = new Float32Array(Uint8Array.from(own).buffer);
    }
    return running(summarise({ value: Number(value), grads }), {
      ask,
      timed: () => expectReply("timed"),
      closed: () => expectReply("closed"),
      kill,
    });
  } catch (error) {
    kill();
    throw error;
  }
}

/** Takes a line, or so many bytes, from the front of a stream; `undefined` where it ends before. */
function bytesOf(stream: Readable): (length: number | "line") => Promise<Buffer | undefined> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: readonly Buffer[] = [];
  return async (length) => {
    for (;;) {
      const size = rest.reduce((sum, chunk) => sum + chunk.length, 0);
      // The break is in the last chunk, as none of those before had one.
      const isThere = length === "line" ? rest.at(-1)?.includes(10) === true : size >= length;
      if (isThere) {
        const all = Buffer.concat(rest);
        const end = length === "line" ? all.indexOf(10) + 1 : length;
        rest = [all.subarray(end)];
        return all.subarray(0, end);
      }
      const { value, done } = await chunks.next();
      if (done === true) return undefined;
      rest = [...rest, value];
    }
  };
}
