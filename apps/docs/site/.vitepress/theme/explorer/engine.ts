import { allLosses, findLoss } from "@losses/core";
import { createBackendSync } from "@losses/js";
import { evaluate, LossCache, PairsCache, type ExplorerResult, type PairsResult } from "@app/explorer/run.js";
import type { ExplorerInput, ExplorerOption } from "@app/explorer/plan.js";

const backend = createBackendSync();
const cache = new LossCache(backend);
const pairsCache = new PairsCache(cache);

const optionsOf = (options: readonly ExplorerOption[]): Record<string, unknown> =>
  Object.fromEntries(options.map(({ name, value }) => [name, value]));

/** The engine that computes here. */
export const engineId: string = backend.id;

/** The value and the gradients of a loss for the state of an explorer. */
export function run(
  loss: string,
  options: readonly ExplorerOption[],
  inputs: readonly ExplorerInput[],
): ExplorerResult {
  const chosen = optionsOf(options);
  const key = `${loss} ${JSON.stringify(chosen)} ${inputs.map(({ shape }) => shape.length).join()}`;
  return evaluate(
    cache.compile(key, () => findLoss(allLosses, loss)(chosen)),
    inputs,
  );
}

/** What the loss sees of all pairs. */
export function runPairs(
  loss: string,
  options: readonly ExplorerOption[],
  inputs: readonly ExplorerInput[],
): PairsResult | undefined {
  const chosen = optionsOf(options);
  return pairsCache.evaluate(`${loss} ${JSON.stringify(chosen)}`, findLoss(allLosses, loss)(chosen), inputs);
}
