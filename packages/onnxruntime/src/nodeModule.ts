import { LossesError } from "@losses/core";

interface Builtins {
  readonly "node:fs/promises": typeof import("node:fs/promises");
  readonly "node:module": typeof import("node:module");
  readonly "node:os": typeof import("node:os");
  readonly "node:path": typeof import("node:path");
  readonly "node:worker_threads": typeof import("node:worker_threads");
}

/** A module of Node.js. No `import` names it, which a bundler for browsers would have to resolve. */
export function nodeModule<K extends keyof Builtins>(name: K): Builtins[K] {
  const builtin = globalThis.process?.getBuiltinModule?.(name) as Builtins[K] | undefined;
  if (builtin === undefined) {
    throw new LossesError("BACKEND_UNAVAILABLE", `onnxruntime: Node.js >= 20.19 must be there, got no ${name}.`);
  }
  return builtin;
}
