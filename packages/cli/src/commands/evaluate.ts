import { once } from "node:events";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { caseRunner, parseCases } from "@losses/conformance";
import { openBackend } from "../backends.js";
import { UsageError } from "../failure.js";
import { note, print } from "../output.js";
import { progressBar } from "../progress.js";
import { readDType } from "../read.js";

export interface EvaluateOptions {
  readonly backend: string;
  readonly dtype?: string;
  readonly grad: boolean;
}

/** `losses eval`: one line of results for each case, in order. Returns the exit status. */
export async function evaluate(file: string | undefined, options: EvaluateOptions): Promise<number> {
  const dtype = readDType(options.dtype);
  const backend = await openBackend(options.backend);
  try {
    if (dtype !== undefined && !backend.dtypes.includes(dtype)) {
      throw new UsageError(`--dtype must be ${backend.dtypes.join(" or ")} on ${options.backend}, got ${dtype}.`);
    }
    const cases = parseCases(await readInput(file));
    if (cases.length === 0) note("losses: there were no cases to read.");
    const run = caseRunner(backend, {
      gradients: options.grad,
      name: options.backend,
      ...(dtype === undefined ? {} : { dtype }),
    });
    const bar = progressBar();
    let unreadable = 0;
    for (const [i, parsed] of cases.entries()) {
      if ("unreadable" in parsed) unreadable += 1;
      await print(`${JSON.stringify("unreadable" in parsed ? parsed.unreadable : await run(parsed.read))}\n`);
      if (!process.stdout.isTTY) bar.show("eval", i + 1, cases.length);
    }
    bar.stop();
    if (unreadable > 0) note(`losses: ${unreadable} of ${cases.length} cases could not be read.`);
    return unreadable > 0 ? 1 : 0;
  } finally {
    await backend.dispose();
  }
}

async function readInput(file: string | undefined): Promise<string> {
  if (file !== undefined && file !== "-") return readFile(file, "utf8");
  if (process.stdin.isTTY) {
    throw new UsageError(
      "eval must get cases from a file or standard input, got neither: losses eval --backend js < cases.jsonl",
    );
  }
  const chunks: Buffer[] = [];
  process.stdin.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(process.stdin, "end");
  return Buffer.concat(chunks).toString("utf8");
}
