import type { Shape } from "@losses/core";
import { concat, type Bytes, type FunctionSource } from "../assembler/bytes.js";
import { copy, i32, local, Locals, repeatWhile, v128 } from "../assembler/instructions.js";
import type { Features } from "../platform.js";
import { roundSums, type MemoryAccumulator } from "./accumulators.js";
import type { RunTable } from "./runTable.js";
import { stageParameters } from "./share.js";

/** The function that brings together what each share has accumulated in memory of its own: in their order, whoever did which. */
export class Together {
  readonly #runTable: RunTable;
  readonly #locals: Locals;
  readonly #code: Bytes[] = [];

  constructor(runTable: RunTable, features: Features) {
    this.#runTable = runTable;
    this.#locals = new Locals(stageParameters(features));
  }

  /** `from`: the scratch of the first share; `to`: the result. */
  add(to: string, from: string, shape: Shape, { bytes, merge }: MemoryAccumulator): void {
    const runTable = this.#runTable;
    const [share, at, other] = [this.#locals.add("i32"), this.#locals.add("i32"), this.#locals.add("i32")];
    const [result, first, size] = [runTable.address(to), runTable.address(from), runTable.size(shape, bytes)];
    const here = i32.add(first, local.get(at));
    const there = i32.add(local.get(other), local.get(at));
    const advance = (counter: number, by: number): Bytes =>
      local.set(counter, i32.add(local.get(counter), i32.const(by)));
    // Pieces of scratch end with a whole vector.
    const vector = concat([v128.store(here, merge(v128.load(here), v128.load(there))), advance(at, 16)]);
    const piece = concat([
      local.set(other, i32.add(local.get(other), runTable.load({ kind: "apart", of: from }))),
      local.set(at, i32.const(0)),
      repeatWhile(i32.lt(local.get(at), size), vector),
      advance(share, 1),
    ]);
    this.#code.push(
      local.set(share, i32.const(1)),
      local.set(other, first),
      repeatWhile(i32.lt(local.get(share), local.get(2)), piece),
      bytes === 8 ? roundSums(result, first, runTable.size(shape), at) : copy(result, first, size),
    );
  }

  source(): FunctionSource | undefined {
    if (this.#code.length === 0) return undefined;
    const { parameters, types } = this.#locals;
    return { parameters, results: [], locals: types, body: concat(this.#code) };
  }
}
