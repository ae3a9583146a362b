import type { DType } from "@losses/core";
import type { BufferPlan } from "./plan.js";

/** Numbers the arrays of a plan, and lets values that do not live at the same time share one. */
export class BufferPlanner {
  readonly #plans: (BufferPlan | { readonly kind: "sized"; size: number })[] = [];
  readonly #free: number[] = [];
  readonly #inputs = new Map<string, number>();

  input(name: string): number {
    const known = this.#inputs.get(name);
    if (known !== undefined) return known;
    const buffer = this.#plans.push({ kind: "input", name }) - 1;
    this.#inputs.set(name, buffer);
    return buffer;
  }

  output(shape: readonly number[], dtype: DType, size: number): number {
    return this.#plans.push({ kind: "output", shape, dtype, size }) - 1;
  }

  filled(cells: Float64Array): number {
    return this.#plans.push({ kind: "own", cells }) - 1;
  }

  /** A float64 buffer for an intermediate value: a free one of about that size, or a new one. */
  take(size: number): number {
    const at = this.#free.findIndex((buffer) => {
      const plan = this.#plans[buffer];
      return plan?.kind === "sized" && plan.size >= size && plan.size <= 2 * size;
    });
    const [known] = at < 0 ? [] : this.#free.splice(at, 1);
    return known ?? this.#plans.push({ kind: "sized", size }) - 1;
  }

  /** True for a buffer of an intermediate value. */
  isSized(buffer: number): boolean {
    return this.#plans[buffer]?.kind === "sized";
  }

  giveBack(buffer: number): void {
    if (this.isSized(buffer) && !this.#free.includes(buffer)) this.#free.push(buffer);
  }

  finish(): readonly BufferPlan[] {
    return this.#plans.map((plan) =>
      plan.kind === "sized" ? { kind: "own", cells: new Float64Array(plan.size) } : plan,
    );
  }
}
