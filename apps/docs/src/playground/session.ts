import { prepareProgram } from "./program.js";
import type { Failure, RunRequest, RunResult, WorkerMessage } from "./protocol.js";

/** How a run ended. */
export type Outcome = { readonly result: RunResult } | { readonly failure: Failure };

const patience = 20_000;

/**
 * Runs programs, one at a time, each in a worker of its own that is kept while the program stays the same. What takes too
 * long, or is stopped, ends with its worker: the page never waits for it.
 */
export class Session {
  readonly #runtime: string;
  readonly #patience: number;
  #worker: Worker | undefined;
  #source = "";
  #end: ((outcome: Outcome) => void) | undefined;

  constructor(runtime: string, patienceOf: number = patience) {
    this.#runtime = runtime;
    this.#patience = patienceOf;
  }

  /** Runs the program with these inputs on that backend. A run that is under way ends as stopped. */
  async run(source: string, request: RunRequest): Promise<Outcome> {
    this.stop();
    if (this.#worker === undefined || this.#source !== source) {
      const prepared = prepareProgram(source, this.#runtime);
      if ("failure" in prepared) return prepared;
      this.#restart(source, prepared.script);
    }
    const worker = this.#worker;
    if (worker === undefined) return failed("Error", "There is no worker.");
    const timer = setTimeout(() => {
      this.#finish(failed("Timeout", `The program must end within ${this.#patience / 1000} seconds; it was stopped.`));
      this.#close();
    }, this.#patience);
    const outcome = await new Promise<Outcome>((resolve) => {
      this.#end = resolve;
      worker.onmessage = ({ data }: MessageEvent<WorkerMessage>): void => {
        if (data.type === "ready") worker.postMessage(request);
        else this.#finish(data.type === "result" ? { result: data.result } : { failure: data.failure });
      };
      worker.onerror = (event): void => {
        this.#finish({ failure: { name: "Error", message: event.message, line: event.lineno > 0 ? event.lineno : undefined } });
        this.#close();
      };
      if (this.#isReady) worker.postMessage(request);
      this.#isReady = true;
    });
    clearTimeout(timer);
    // A program that failed before it was ready has no ears for another request.
    if ("failure" in outcome && outcome.failure.name !== "Timeout") this.#close();
    return outcome;
  }

  #isReady = false;

  /** Ends what runs. */
  stop(): void {
    if (this.#end === undefined) return;
    this.#finish(failed("Stopped", "The program was stopped."));
    this.#close();
  }

  #restart(source: string, script: string): void {
    this.#close();
    const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    this.#worker = new Worker(address, { type: "module" });
    this.#source = source;
    this.#isReady = false;
  }

  #close(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  #finish(outcome: Outcome): void {
    const end = this.#end;
    this.#end = undefined;
    end?.(outcome);
  }
}

function failed(name: string, message: string): Outcome {
  return { failure: { name, message, line: undefined } };
}
