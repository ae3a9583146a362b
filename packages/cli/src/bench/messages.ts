import type { Summary } from "./summary.js";

/** What the driver asks of a contestant's process. */
export type Request = { readonly ask: "time"; readonly atLeastMs: number } | { readonly ask: "close" };

/** What a contestant's process tells the driver: `ready` by itself, the others in answer. */
export type Reply =
  | { readonly tell: "ready"; readonly summary: Summary }
  | { readonly tell: "timed"; readonly callMs: number }
  | { readonly tell: "closed"; readonly peakBytes: number }
  | { readonly tell: "failed"; readonly reason: string };
