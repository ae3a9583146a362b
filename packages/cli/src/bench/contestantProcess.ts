// The program of a contestant's process: told its job on the command line, asked for times by the driver.
import { performance } from "node:perf_hooks";
import process from "node:process";
import type { Contestant } from "./contestant.js";
import type { Reply, Request } from "./messages.js";
import { openContestant, type Job } from "./openContestant.js";
import { summarise } from "./summary.js";

function tell(reply: Reply, done: () => void = () => undefined): void {
  process.send?.(reply, done);
}

function fail(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  tell({ tell: "failed", reason: reason.replaceAll("\n", " ") }, end);
}

/** Without its driver nothing keeps the process alive. */
function end(): void {
  if (process.connected) process.disconnect();
}

/** Milliseconds a call takes, over as many calls as fill the time. */
async function time({ call }: Contestant, atLeastMs: number): Promise<number> {
  const start = performance.now();
  let calls = 0;
  let elapsed = 0;
  do {
    const pending = call();
    if (pending !== undefined) await pending;
    calls += 1;
    elapsed = performance.now() - start;
  } while (elapsed < atLeastMs);
  return elapsed / calls;
}

async function serve(contestant: Contestant, request: Request): Promise<void> {
  if (request.ask === "time") return tell({ tell: "timed", callMs: await time(contestant, request.atLeastMs) });
  await contestant.close();
  tell({ tell: "closed", peakBytes: process.resourceUsage().maxRSS * 1024 }, end);
}

try {
  const contestant = await openContestant(JSON.parse(process.argv[2] ?? "") as Job);
  process.on("message", (request: Request) => void serve(contestant, request).catch(fail));
  tell({ tell: "ready", summary: summarise(await contestant.answer()) });
} catch (error) {
  fail(error);
}
