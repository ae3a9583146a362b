import { takePart } from "./takePart.js";

/** What a worker is told: first the memory, then modules, then runs of them; at last that one will not be run again. */
export type Message =
  | { readonly memory: object }
  | { readonly id: number; readonly module: object }
  | { readonly id: number; readonly words: Int32Array }
  | { readonly forgotten: number };

/** What it says: that it is ready, or why it has failed. */
export type Answer = { readonly isReady: true } | { readonly failure: string };

/**
 * The code of a worker: a text, so that it needs no file of its own, which bundlers would have to know of. `listen`: code that hands messages
 * to `receive`; `say`: the function that answers.
 */
export function workerSource(listen: string, say: string): string {
  return `"use strict";
const takePart = ${String(takePart)};
const say = ${say};
const runs = new Map();
let host;
function receive(message) {
  try {
    if (message.memory) {
      host = { memory: message.memory, whole() {} };
      say({ isReady: true });
    } else if (message.module) {
      runs.set(message.id, new WebAssembly.Instance(message.module, { host }).exports.run);
    } else if (message.words) {
      // Waits in turns: what ends a thread may not be seen by one that waits for ever.
      while (takePart(message.words, runs.get(message.id), false, 1000) === "timed out");
    } else runs.delete(message.forgotten);
  } catch (cause) {
    if (message.words) {
      Atomics.store(message.words, 0, -1);
      Atomics.notify(message.words, 0);
    }
    say({ failure: String(cause) });
  }
}
${listen}`;
}
