import { prepareProgram } from "./program.js";
import type { Failure, RunRequest, RunResult, WorkerMessage, WorkerRequest } from "./protocol.js";

/** How a run ended. */
export type Outcome = { readonly result: RunResult } | { readonly failure: Failure };

const defaultPatience = 8_000;

/** A worker that holds one program, and what is known of it. */
interface Holder {
  readonly worker: Worker;
  readonly source: string;
  isReady: boolean;
  /** When it last gave a sign of life; before its runtime has come, it owes none. */
  heard: number | undefined;
}

/**
 * Runs programs, one at a time, each in a worker of its own that is kept while the program stays the same. A worker that
 * computes without end gives no sign of life and is ended, as is one that is stopped: the page never waits for it.
 */
export class Session {
  readonly #runtime: string;
  readonly #patience: number;
  #holder: Holder | undefined;
  #end: ((outcome: Outcome) => void) | undefined;

  constructor(runtime: string, patience: number = defaultPatience) {
    this.#runtime = runtime;
    this.#patience = patience;
  }

  /** Runs the program with these inputs on that backend. A run that is under way ends as stopped. */
  async run(source: string, request: RunRequest): Promise<Outcome> {
    this.stop();
    if (this.#holder?.source !== source) {
      const prepared = prepareProgram(source, this.#runtime);
      if ("failure" in prepared) return prepared;
      this.#open(source, prepared.script);
    }
    const holder = this.#holder;
    if (holder === undefined) return failed("Error", "There is no worker.");
    const watch = setInterval(() => this.#watch(holder), 500);
    const outcome = await new Promise<Outcome>((resolve) => {
      this.#end = resolve;
      holder.heard = holder.heard === undefined ? undefined : Date.now();
      holder.worker.onmessage = ({ data }: MessageEvent<WorkerMessage>): void => this.#hear(holder, data, request);
      holder.worker.onerror = (event): void => {
        event.preventDefault();
        this.#finish({
          failure: { name: "Error", message: event.message, line: event.lineno > 0 ? event.lineno : undefined },
        });
        this.#close();
      };
      if (holder.isReady) send(holder.worker, request);
    });
    clearInterval(watch);
    // A program that failed before it was ready is begun anew when it is run again. Another may hold the place by now.
    if (!holder.isReady && this.#holder === holder) this.#close();
    return outcome;
  }

  /** Ends what runs. */
  stop(): void {
    if (this.#end === undefined) return;
    this.#finish(failed("Stopped", "The program was stopped."));
    this.#close();
  }

  #open(source: string, script: string): void {
    this.#close();
    const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    this.#holder = { worker: new Worker(address, { type: "module" }), source, isReady: false, heard: undefined };
  }

  #hear(holder: Holder, message: WorkerMessage, request: RunRequest): void {
    holder.heard = Date.now();
    switch (message.type) {
      case "began":
      case "pong":
        return;
      case "ready":
        holder.isReady = true;
        send(holder.worker, request);
        return;
      case "result":
        this.#finish({ result: message.result });
        return;
      case "failure":
        this.#finish({ failure: message.failure });
    }
  }

  #watch(holder: Holder): void {
    if (holder.heard === undefined) return;
    send(holder.worker, { type: "ping" });
    if (Date.now() - holder.heard < this.#patience) return;
    this.#finish(
      failed(
        "Timeout",
        `The program gave no sign of life for ${this.#patience / 1000} seconds and was stopped. Does a loop not end?`,
      ),
    );
    this.#close();
  }

  #close(): void {
    this.#holder?.worker.terminate();
    this.#holder = undefined;
  }

  #finish(outcome: Outcome): void {
    const end = this.#end;
    this.#end = undefined;
    end?.(outcome);
  }
}

function send(worker: Worker, request: WorkerRequest): void {
  worker.postMessage(request);
}

function failed(name: string, message: string): Outcome {
  return { failure: { name, message, line: undefined } };
}
