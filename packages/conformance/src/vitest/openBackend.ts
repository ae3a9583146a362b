import type { Backend, Rules } from "@losses/core";
import { describe, it } from "vitest";
import { flagRule, textRule } from "../arguments.js";
import { environment } from "../node.js";
import { tryCreate } from "../suite/runConformance.js";
import { selectBackends, type Selection } from "../suite/select.js";

/** A backend, or a function that makes one. */
export type BackendSource<T> = Backend<T> | (() => Backend<T> | Promise<Backend<T>>);

/** How tests know a backend. */
export interface BackendTestOptions {
  /** The id under which the environment speaks of the backend. Default: its own, which is known once it has been made; say it of one that may be missing. */
  readonly id?: string;
  /** Skip the tests, instead of failing, where the backend does not work and `LOSSES_REQUIRE` does not name it. */
  readonly optional?: boolean;
}

export const backendTestRules: Rules<BackendTestOptions> = { id: textRule, optional: flagRule };

/** The id of a backend that was given none, until it is there and has its own. */
const unnamed = "backend";
const leftOut = "is left out by LOSSES_BACKENDS";

/** Registers the tests of a backend; one skipped or failing test in their place where it does not work. */
export async function whereItWorks<T>(
  source: BackendSource<T>,
  { id = unnamed, optional = false }: BackendTestOptions,
  register: (backend: Backend<T>) => void,
): Promise<void> {
  const selection = selectBackends(undefined, environment());
  const made = typeof source === "function" ? await whereTaken(id, source, selection) : { works: source };
  if ("works" in made) {
    if (selection.takes(id === unnamed ? made.works.id : id)) {
      register(made.works);
      return;
    }
    await made.works.dispose();
    describe(made.works.id, () => it.skip(leftOut, () => undefined));
    return;
  }
  describe(id, () => {
    if (made.leftOut || (optional && !selection.requires(id))) it.skip(made.reason, () => undefined);
    else {
      it("works here", () => {
        throw new Error(made.reason);
      });
    }
  });
}

type Made<T> = { readonly works: Backend<T> } | { readonly reason: string; readonly leftOut: boolean };

async function whereTaken<T>(
  id: string,
  create: () => Backend<T> | Promise<Backend<T>>,
  selection: Selection,
): Promise<Made<T>> {
  if (id !== unnamed && !selection.takes(id)) return { reason: leftOut, leftOut: true };
  // Engines throw what they like where there is no device.
  const made = await tryCreate(create).catch((error: unknown) => ({
    reason: error instanceof Error ? error.message : String(error),
  }));
  return "works" in made ? made : { reason: `does not work here: ${made.reason}`, leftOut: false };
}
