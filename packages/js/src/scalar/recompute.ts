import { isExpensive, type OpName } from "@losses/core";
import type { KernelName } from "./elementwise.js";
import { operandsOf, type Group } from "./groups.js";
import { isInOrder, type Access, type Dims } from "./access.js";
import { withOperands } from "./needed.js";
import type { MapValue, Value } from "./resolve.js";
import { madeBy, type Stage } from "./schedule.js";

/** From how many elements on values are computed again. */
export interface RecomputeFrom {
  readonly cheap: number;
  readonly slow: number;
}

/** Half a MB, below which memory is no concern; 128 MB, above which it is more of one than time. */
const usual: RecomputeFrom = { cheap: 2 ** 16, slow: 2 ** 24 };

/** True for an op of which an element costs much; what is a kernel and no op costs little. */
function isSlow(kernel: KernelName): boolean {
  return isExpensive(kernel as OpName);
}

/** What is computed, and when. */
export interface Schedule {
  readonly values: readonly Value[];
  readonly stages: readonly Stage[];
}

/** Someone who reads a value: in which stage, over which space (none: all of it at once), and how. */
interface Reader {
  readonly stage: number;
  readonly dims: Dims | undefined;
  readonly access: Access;
}

/**
 * The same computation with fewer large values in memory: where later stages read one element by element, they compute it
 * once more, from what it was made of.
 */
export function recompute(schedule: Schedule, outputs: ReadonlySet<number>, from: RecomputeFrom = usual): Schedule {
  const again = chosen(schedule, outputs, from);
  if (again.size === 0) return schedule;
  const values = [...schedule.values];
  const copies = new Map<string, number>();
  const inStage =
    (stage: number) =>
    <A extends Pick<Access, "value">>(access: A): A => ({
      ...access,
      value: copies.get(`${access.value} ${stage}`) ?? access.value,
    });
  // What a value is made from comes before it, so that copies are made from copies.
  for (const id of [...again.keys()].sort((a, b) => a - b)) {
    for (const stage of again.get(id) ?? []) {
      const copy = withOperands(valueAt(schedule.values, id), inStage(stage));
      copies.set(`${id} ${stage}`, values.push(copy) - 1);
    }
  }
  const stages = schedule.stages.map((stage, at): Stage => {
    const own = [...again].flatMap(([id, where]) => (where.has(at) ? [inStage(at)({ value: id }).value] : []));
    if (stage.kind === "call" || own.length === 0) return stage;
    for (const id of stage.groups.flatMap((group) => [...group.maps, ...group.folds])) {
      values[id] = withOperands(valueAt(values, id), inStage(at));
    }
    return { ...stage, groups: withCopies(values, stage.groups, own) };
  });
  return withoutUnread(values, stages, outputs);
}

/** The values to compute again, and in which stages. */
function chosen(
  { values, stages }: Schedule,
  outputs: ReadonlySet<number>,
  from: RecomputeFrom,
): ReadonlyMap<number, ReadonlySet<number>> {
  const made = new Map<number, number>();
  const readers = values.map((): Reader[] => []);
  stages.forEach((stage, at) => {
    for (const id of madeBy(stage)) {
      made.set(id, at);
      const value = valueAt(values, id);
      const dims = value.kind === "map" || value.kind === "fold" ? value.dims : undefined;
      for (const access of operandsOf(value)) readers[access.value]?.push({ stage: at, dims, access });
    }
  });
  const again = new Map<number, ReadonlySet<number>>();
  // Whoever is computed again reads again what it is made from.
  for (let id = values.length - 1; id >= 0; id--) {
    const value = valueAt(values, id);
    const late = (readers[id] ?? []).filter(({ stage }) => stage > (made.get(id) ?? stage));
    if (late.length === 0 || outputs.has(id) || value.kind !== "map" || !isWorthwhile(values, value, from)) continue;
    const isElementwise = ({ dims, access }: Reader): boolean =>
      dims !== undefined && dims.join() === value.dims.join() && isInOrder(access.strides, dims, value.size);
    if (!late.every(isElementwise)) continue;
    const where = new Set(late.map(({ stage }) => stage));
    again.set(id, where);
    for (const access of value.operands) {
      for (const stage of where) readers[access.value]?.push({ stage, dims: value.dims, access });
    }
  }
  return again;
}

/** True for a large value, if what it is computed from is no more to keep than itself. */
function isWorthwhile(values: readonly Value[], { kernel, size, operands }: MapValue, from: RecomputeFrom): boolean {
  if (size < (isSlow(kernel) ? from.slow : from.cheap)) return false;
  const large = new Set(operands.map(({ value }) => value).filter((id) => isKept(valueAt(values, id), size)));
  return large.size <= 1;
}

function isKept(operand: Value, size: number): boolean {
  return operand.kind !== "input" && operand.kind !== "number" && 2 * operand.size > size;
}

/** The groups with copies in them, each in the first one that reads it. */
function withCopies(values: readonly Value[], groups: readonly Group[], copies: readonly number[]): readonly Group[] {
  const members = groups.map((group) => [...group.maps, ...group.folds]);
  // A copy is read by members, or by copies made later.
  for (const copy of [...copies].sort((a, b) => b - a)) {
    const reads = (id: number): boolean => operandsOf(valueAt(values, id)).some(({ value }) => value === copy);
    members.find((ids) => ids.some(reads))?.unshift(copy);
  }
  return groups.map((group, i) => {
    const own = (members[i] ?? []).filter((id) => copies.includes(id));
    return { ...group, maps: [...own, ...group.maps] };
  });
}

function withoutUnread(values: readonly Value[], stages: readonly Stage[], outputs: ReadonlySet<number>): Schedule {
  const read = new Set(outputs);
  const isRead = (id: number): boolean => read.has(id);
  const left = [...stages].reverse().flatMap((stage): readonly Stage[] => {
    if (stage.kind === "call") {
      for (const id of stage.values) for (const { value } of operandsOf(valueAt(values, id))) read.add(value);
      return [stage];
    }
    const groups = [...stage.groups].reverse().flatMap((group) => {
      const ids = [...group.maps, ...group.folds];
      for (const id of ids.reverse()) {
        if (read.has(id)) for (const { value } of operandsOf(valueAt(values, id))) read.add(value);
      }
      const [maps, folds] = [group.maps.filter(isRead), group.folds.filter(isRead)];
      return maps.length + folds.length === 0 ? [] : [{ ...group, maps, folds }];
    });
    return groups.length === 0 ? [] : [{ ...stage, groups: groups.reverse() }];
  });
  return { values, stages: left.reverse() };
}

function valueAt(values: readonly Value[], id: number): Value {
  const value = values[id];
  if (value === undefined) throw new RangeError(`recompute: value ${id} does not exist`);
  return value;
}
