import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from "vue";
import { descend } from "@app/explorer/descend.js";
import type { ExplorerInput, ExplorerOption, ExplorerPlan } from "@app/explorer/plan.js";
import { reproduce } from "@app/explorer/reproduce.js";
import type { ExplorerResult, PairsResult } from "@app/explorer/run.js";
import type { LossEngine } from "./engine.js";

export interface ExplorerData {
  readonly plan: ExplorerPlan;
  readonly result: ExplorerResult;
  readonly pairs?: PairsResult;
}

const engines = new Map<string, Promise<LossEngine>>();

/** What computes a loss, loaded once for all its explorers. */
export function loadEngine(loss: string): Promise<LossEngine> {
  const engine = engines.get(loss) ?? import("./engine.js").then(({ engineOf }) => engineOf(loss));
  engines.set(loss, engine);
  return engine;
}

/** The state of one explorer: inputs and options that change, and what the loss gives for them. */
export interface Explorer {
  readonly plan: ExplorerPlan;
  readonly inputs: ShallowRef<readonly ExplorerInput[]>;
  readonly options: ShallowRef<readonly ExplorerOption[]>;
  readonly result: ShallowRef<ExplorerResult>;
  readonly pairs: ShallowRef<PairsResult | undefined>;
  readonly error: Ref<string>;
  readonly engine: ShallowRef<LossEngine | undefined>;
  readonly total: ComputedRef<number>;
  readonly code: ComputedRef<string>;
  setData(name: string, data: readonly number[]): void;
  setOption(name: string, value: number | boolean | string): void;
  step(rate: number): void;
  reset(): void;
  /** Loads the engine if it is not there, then computes. */
  update(): Promise<void>;
}

export function useExplorer({ plan, result: initial, pairs: initialPairs }: ExplorerData): Explorer {
  const inputs = shallowRef(plan.inputs);
  const options = shallowRef(plan.options);
  const result = shallowRef(initial);
  const pairs = shallowRef(initialPairs);
  const error = ref("");
  const engine = shallowRef<LossEngine>();

  async function update(): Promise<void> {
    engine.value ??= await loadEngine(plan.loss);
    try {
      result.value = engine.value.run(options.value, inputs.value);
      if (initialPairs !== undefined) pairs.value = engine.value.runPairs(options.value, inputs.value);
      error.value = "";
    } catch (cause) {
      error.value = cause instanceof Error ? cause.message : String(cause);
    }
  }

  return {
    plan,
    inputs,
    options,
    result,
    pairs,
    error,
    engine,
    total: computed(() => result.value.value.reduce((sum, x) => sum + x, 0)),
    code: computed(() => reproduce(plan.loss, inputs.value, options.value, plan.options, result.value.value)),
    setData(name, data) {
      inputs.value = inputs.value.map((input) => (input.name === name ? { ...input, data } : input));
      void update();
    },
    setOption(name, value) {
      options.value = options.value.map((option) => (option.name === name ? { ...option, value } : option));
      void update();
    },
    step(rate) {
      inputs.value = descend(inputs.value, result.value.grads, rate);
      void update();
    },
    reset() {
      inputs.value = plan.inputs;
      options.value = plan.options;
      void update();
    },
    update,
  };
}

/** Four digits that count. */
export function shown(x: number): string {
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const text = Math.abs(x) >= 1e5 || Math.abs(x) < 1e-3 ? x.toExponential(1) : String(Number(x.toPrecision(4)));
  return text.replace("-", "−");
}
