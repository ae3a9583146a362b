import type { TypeAnswer, TypeCompletion, TypeDiagnostic } from "@app/playground/typeWorker.js";

/** The language service, in a worker. It is fetched when the editor is at rest; until then there are no hints. */
export class TypeClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (answer: TypeAnswer) => void>();
  #id = 0;
  readonly ready: Promise<void>;

  constructor(address: string) {
    this.#worker = new Worker(address, { type: "module" });
    this.ready = new Promise((resolve) => this.#waiting.set(0, () => resolve()));
    this.#worker.onmessage = ({ data }: MessageEvent<TypeAnswer>): void => {
      this.#waiting.get(data.id)?.(data);
      this.#waiting.delete(data.id);
    };
  }

  async complete(code: string, at: number): Promise<readonly TypeCompletion[]> {
    const answer = await this.#ask({ ask: "complete", code, at });
    return "completions" in answer ? answer.completions : [];
  }

  async hover(code: string, at: number): Promise<string> {
    const answer = await this.#ask({ ask: "hover", code, at });
    return "text" in answer ? answer.text : "";
  }

  async diagnose(code: string): Promise<readonly TypeDiagnostic[]> {
    const answer = await this.#ask({ ask: "diagnose", code });
    return "diagnostics" in answer ? answer.diagnostics : [];
  }

  close(): void {
    this.#worker.terminate();
  }

  async #ask(request: object): Promise<TypeAnswer> {
    await this.ready;
    const id = ++this.#id;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#worker.postMessage({ id, ...request });
    });
  }
}
