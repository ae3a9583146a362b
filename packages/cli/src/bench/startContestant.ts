import { fork, type ChildProcess } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Reply, Request } from "./messages.js";
import type { Job } from "./openContestant.js";
import type { Timed } from "./rounds.js";
import type { Summary } from "./summary.js";

const program = fileURLToPath(new URL("./contestantProcess.js", import.meta.url));

// What differs from run to run and not from contestant to contestant is kept still.

/**
 * Megabytes that the young generation may grow to. Beyond what the old one of so small a program has left, V8 marks the whole
 * heap over and over, in some runs and not in others.
 */
const youngMegabytes = 2;

/** Memory once taken is kept: whether the C library gives it back, and takes page after page again, is luck of the layout. */
export const keptMemory: Readonly<Record<string, string>> = {
  MALLOC_TRIM_THRESHOLD_: String(2 ** 40),
  MALLOC_MMAP_MAX_: "0",
};

/** A contestant in a process of its own. */
export interface RunningContestant extends Timed {
  readonly summary: Summary;
  /** Ends the process; gives the most memory that it ever held, in bytes. */
  readonly close: () => Promise<number>;
  /** Ends the process whatever it does. */
  readonly kill: () => void;
}

/**
 * Starts a contestant; waits until it has computed once.
 *
 * @throws Error with what the process said, if it fails or ends
 */
export async function startContestant(job: Job): Promise<RunningContestant> {
  const child = fork(program, [JSON.stringify(job)], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    // JSON has no NaN, and what stands for it would agree with itself.
    serialization: "advanced",
    env: { ...keptMemory, ...process.env },
    execArgv: [...process.execArgv, `--max-semi-space-size=${youngMegabytes}`],
  });
  const lines = lastLines(child);
  const expectReply = <K extends Reply["tell"]>(kind: K): Promise<Extract<Reply, { readonly tell: K }>> =>
    nextReply(child, lines).then((reply) => {
      if (reply.tell === kind) return reply as Extract<Reply, { readonly tell: K }>;
      throw new Error(reply.tell === "failed" ? reply.reason : `the process told ${reply.tell} instead of ${kind}`);
    });
  const ask = (request: Request): void => {
    child.send(request);
  };
  const kill = (): void => {
    child.kill("SIGKILL");
  };
  try {
    const { summary } = await expectReply("ready");
    return running(summary, {
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

/** How to talk with a process that has computed once. */
interface Talk {
  readonly ask: (request: Request) => void;
  readonly timed: () => Promise<{ readonly callMs: number }>;
  readonly closed: () => Promise<{ readonly peakBytes: number }>;
  readonly kill: () => void;
}

/** The contestant that such a process is. */
export function running(summary: Summary, { ask, timed, closed, kill }: Talk): RunningContestant {
  return {
    summary,
    time: async (atLeastMs) => {
      ask({ ask: "time", atLeastMs });
      return (await timed()).callMs;
    },
    close: async () => {
      ask({ ask: "close" });
      return (await closed()).peakBytes;
    },
    kill,
  };
}

/** The next thing that a process tells; an error if it ends before. */
function nextReply(child: ChildProcess, lines: () => string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      child.off("message", onMessage).off("close", onClose).off("error", onError);
    };
    const onMessage = (reply: unknown): void => {
      stop();
      resolve(reply as Reply);
    };
    const onClose = (code: number | null, signal: string | null): void => {
      stop();
      reject(new Error(`its process ended (${signal ?? `status ${code}`}): ${lines() || "it said nothing"}`));
    };
    const onError = (error: Error): void => {
      stop();
      reject(error);
    };
    child.on("message", onMessage).on("close", onClose).on("error", onError);
  });
}

/** Collects the end of what a process writes to standard error. */
export function lastLines(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    text = (text + chunk).slice(-2000);
  });
  return () => text.trim().split("\n").slice(-3).join(" | ");
}
