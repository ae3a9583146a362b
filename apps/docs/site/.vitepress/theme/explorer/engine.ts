import type { AnyLoss } from "@losses/core";
import { createBackendSync } from "@losses/js";
import { evaluate, LossCache, PairsCache, type ExplorerResult, type PairsResult } from "@app/explorer/run.js";
import type { ExplorerInput, ExplorerOption } from "@app/explorer/plan.js";

/** What computes one loss here, and its name. */
export interface LossEngine {
  readonly id: string;
  /** The value and the gradients for the state of an explorer. */
  run(options: readonly ExplorerOption[], inputs: readonly ExplorerInput[]): ExplorerResult;
  /** What the loss sees of all pairs. */
  runPairs(options: readonly ExplorerOption[], inputs: readonly ExplorerInput[]): PairsResult | undefined;
}

/** Each loss is a chunk of its own: a page loads and runs the definition of one, not of all. */
const definitions = import.meta.glob<AnyLoss>("../../../../.generated/data/losses/*.ts", { import: "default" });

const backend = createBackendSync();
const cache = new LossCache(backend);
const pairsCache = new PairsCache(cache);

const optionsOf = (options: readonly ExplorerOption[]): Record<string, unknown> =>
  Object.fromEntries(options.map(({ name, value }) => [name, value]));

export async function engineOf(name: string): Promise<LossEngine> {
  const define = definitions[`../../../../.generated/data/losses/${name}.ts`];
  if (define === undefined) throw new Error(`explorer: the loss must be one of the site's, got ${name}.`);
  const loss = await define();
  return {
    id: backend.id,
    run(options, inputs) {
      const chosen = optionsOf(options);
      const key = `${loss.lossName} ${JSON.stringify(chosen)} ${inputs.map(({ shape }) => shape.length).join()}`;
      return evaluate(
        cache.compile(key, () => loss(chosen)),
        inputs,
      );
    },
    runPairs(options, inputs) {
      const chosen = optionsOf(options);
      return pairsCache.evaluate(`${loss.lossName} ${JSON.stringify(chosen)}`, loss(chosen), inputs);
    },
  };
}
