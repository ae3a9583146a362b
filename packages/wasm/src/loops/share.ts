import { concat, type Bytes, type ValueType } from "../assembler/bytes.js";
import { i32, local, smaller, type Locals } from "../assembler/instructions.js";
import type { Features } from "../platform.js";

// A stage that can be done in shares is told which one to do, and of how many; sums over what is shared out are finished afterwards.

/** What the function of a stage is given: the table; where there are shares, which one, and how many. */
export function stageParameters({ shares }: Features): readonly ValueType[] {
  return shares === true ? ["i32", "i32", "i32"] : ["i32"];
}

/** The turns that are a share's. */
export interface Range {
  readonly code: Bytes;
  readonly from: Bytes;
  readonly to: Bytes;
}

/** The share of so many turns, a multiple of `grain` but for the last; all of them where there are no shares. */
export function shareOf(turns: Bytes, grain: number, features: Features, locals: Locals): Range {
  if (features.shares !== true) return { code: [], from: i32.const(0), to: turns };
  const [share, shares] = [local.get(1), local.get(2)];
  const [from, to, each] = [locals.add("i32"), locals.add("i32"), locals.add("i32")];
  const grains = i32.mul(shares, i32.const(grain));
  const code = concat([
    local.set(each, i32.div(i32.add(turns, i32.sub(grains, i32.const(1))), grains)),
    local.set(each, i32.mul(local.get(each), i32.const(grain))),
    local.set(from, i32.mul(local.get(each), share)),
    local.set(from, smaller(local.get(from), turns)),
    local.set(to, i32.add(local.get(from), local.get(each))),
    local.set(to, smaller(local.get(to), turns)),
  ]);
  return { code, from: local.get(from), to: local.get(to) };
}
