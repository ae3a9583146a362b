import { defineSyncBackend, OptionError, type SyncBackend } from "@losses/core";
import { scalarEngine } from "./scalar/engine.js";
import type { JsTensor } from "./tensor.js";

export type { JsTensor } from "./tensor.js";

/**
 * The backend `js:scalar` alone, for bundles that shall not carry the compiler: `import { createBackend } from "@losses/js/scalar"`.
 *
 * @example
 * ```ts
 * const backend = await createBackend();
 * const loss = await backend.compile(tripletMarginLoss({ margin: 0.2 }));
 * const { value, grads } = await loss.valueAndGrad({ anchor, positive, negative });
 * ```
 */
export async function createBackend(...none: readonly []): Promise<SyncBackend<JsTensor>> {
  return createBackendSync(...none);
}

/** The same backend at once, as for a synchronous training step. */
export function createBackendSync(...none: readonly []): SyncBackend<JsTensor> {
  // JavaScript may pass what the type forbids.
  if (none.length > 0)
    throw new OptionError(
      "js/scalar: createBackend must be called without options, got some. The one of @losses/js takes them.",
    );
  return defineSyncBackend(scalarEngine());
}
