import type { Entries } from "../entries.js";
import { empty } from "../takes.js";
import { anything, type Entry } from "../walk.js";

const creates: Entry = {
  args: () => [{ engine: "scalar" }],
  takes: { nothing: anything, "0": empty },
  once: true,
  result: (made) => (made as { readonly id: string }).id,
};

export const entries: Entries = { createBackend: creates, createBackendSync: creates };

/** The scalar engine alone: it takes nothing. */
export const scalar: Entries = { createBackend: { args: () => [] }, createBackendSync: { args: () => [] } };
