import { groupWork, makeWork, operandsOf, type Group, type GroupWork, type Work } from "./groups.js";
import type { Access, Dims } from "./access.js";
import type { Resolved, Value } from "./resolve.js";

/** Groups that run row block by row block together, so that what they hand to each other stays in cache. */
export interface Segment {
  readonly kind: "segment";
  readonly rows: number;
  readonly groups: readonly Group[];
}

/** What is computed of whole tensors at once. */
export interface Call {
  readonly kind: "call";
  readonly values: readonly number[];
}

export type Stage = Segment | Call;

/** The values that a stage makes. */
export function madeBy(stage: Stage): readonly number[] {
  return stage.kind === "call" ? stage.values : stage.groups.flatMap((group) => [...group.maps, ...group.folds]);
}

/** Orders the computation of all values. */
export function schedule(resolved: Resolved): readonly Stage[] {
  const { values } = resolved;
  const readers = readersOf(values);
  const outputs = new Set(resolved.outputs.map(({ value }) => value));
  const done = new Set<number>();
  const stages: Stage[] = [];
  let waiting = makeWork(values);
  while (waiting.length > 0) {
    const ready = waiting.filter((work) => work.reads.every(({ value }) => isThere(values, done, value)));
    const [first] = ready;
    if (first === undefined) throw new RangeError("schedule: values depend on each other in a circle");
    const call = ready.find((work) => work.kind === "call");
    if (call !== undefined) {
      stages.push({ kind: "call", values: call.makes });
      for (const value of call.makes) done.add(value);
      waiting = waiting.filter((work) => work !== call);
      continue;
    }
    const { groups, rest } = nextSegment(values, readers, outputs, done, waiting, ready.map(rowsOf));
    stages.push({ kind: "segment", rows: groups[0]?.rows ?? 1, groups });
    groups.forEach((group) => [...group.maps, ...group.folds].forEach((value) => done.add(value)));
    waiting = rest;
  }
  return stages;
}

function rowsOf(work: Work): number {
  return work.kind === "group" ? work.group.rows : -1;
}

interface Reader {
  readonly access: Access;
  /** `undefined`: all of it at once. */
  readonly dims: Dims | undefined;
}

function readersOf(values: readonly Value[]): ReadonlyMap<number, readonly Reader[]> {
  const readers = new Map<number, Reader[]>();
  for (const value of values) {
    for (const access of operandsOf(value)) {
      const list = readers.get(access.value) ?? [];
      list.push({ access, dims: value.kind === "map" || value.kind === "fold" ? value.dims : undefined });
      readers.set(access.value, list);
    }
  }
  return readers;
}

/**
 * The groups that can run together now, of the first number of rows for which that brings something to an end: an output,
 * a fold over the rows, or a value that has to be complete before it is read. Whatever does not contribute to that waits,
 * so that it runs together with what needs it.
 */
function nextSegment(
  values: readonly Value[],
  readers: ReadonlyMap<number, readonly Reader[]>,
  outputs: ReadonlySet<number>,
  done: ReadonlySet<number>,
  waiting: readonly Work[],
  candidates: readonly number[],
): { readonly groups: readonly Group[]; readonly rest: readonly Work[] } {
  const attempts = [...new Set(candidates)].map((rows) => {
    const chosen = runnable(values, done, waiting, rows);
    const rowSizes = new Map(
      chosen.flatMap((work) => work.makes.map((id) => [id, rowSizeOf(values[id], rows)] as const)),
    );
    const ends = [...rowSizes.keys()].filter((id) => {
      const inRows = ({ access, dims }: Reader): boolean =>
        dims !== undefined && (dims[0] ?? 1) === rows && isAligned(access, dims, rowSizes);
      return outputs.has(id) || rowSizes.get(id) === undefined || !(readers.get(id) ?? []).every(inRows);
    });
    return { chosen, needed: behind(values, ends, rowSizes) };
  });
  const { chosen = [], needed = new Set<number>() } = attempts.find((attempt) => attempt.needed.size > 0) ?? {};
  if (needed.size === 0) throw new RangeError("schedule: some values are needed by nothing");
  const parts = chosen.map((work) => ({
    now: part(values, work, needed, true),
    later: part(values, work, needed, false),
  }));
  return {
    groups: parts.flatMap(({ now }) => (now.makes.length > 0 ? [now.group] : [])),
    rest: waiting.flatMap((work): readonly Work[] => {
      const later = work.kind === "group" ? parts[chosen.indexOf(work)]?.later : undefined;
      return later === undefined ? [work] : later.makes.length > 0 ? [later] : [];
    }),
  };
}

/** All groups of so many rows that can run row block by row block, given what is done. */
function runnable(
  values: readonly Value[],
  done: ReadonlySet<number>,
  waiting: readonly Work[],
  rows: number,
): readonly GroupWork[] {
  const rowSizes = new Map<number, number | undefined>();
  const chosen: GroupWork[] = [];
  for (let grown = true; grown;) {
    grown = false;
    for (const work of waiting) {
      if (work.kind !== "group" || work.group.rows !== rows || chosen.includes(work)) continue;
      const { dims } = work.group;
      if (!work.reads.every((read) => isThere(values, done, read.value) || isAligned(read, dims, rowSizes))) continue;
      chosen.push(work);
      for (const value of work.makes) rowSizes.set(value, rowSizeOf(values[value], rows));
      grown = true;
    }
  }
  return chosen;
}

/** These values and all among `made` that they are made from. */
function behind(
  values: readonly Value[],
  ends: readonly number[],
  made: ReadonlyMap<number, unknown>,
): ReadonlySet<number> {
  const found = new Set(ends);
  for (const id of found) {
    const value = values[id];
    if (value === undefined) continue;
    for (const operand of operandsOf(value)) if (made.has(operand.value)) found.add(operand.value);
  }
  return found;
}

/** The part of a group that makes values of a set, or the part that does not. */
function part(values: readonly Value[], work: GroupWork, set: ReadonlySet<number>, inside: boolean): GroupWork {
  const keep = (id: number): boolean => set.has(id) === inside;
  return groupWork(values, { ...work.group, maps: work.group.maps.filter(keep), folds: work.group.folds.filter(keep) });
}

function isThere(values: readonly Value[], done: ReadonlySet<number>, value: number): boolean {
  const kind = values[value]?.kind;
  return kind === "input" || kind === "number" || kind === "iota" || done.has(value);
}

/** Elements of a value for each row of its segment; `undefined` where it is only known after the last row. */
export function rowSizeOf(value: Value | undefined, rows: number): number | undefined {
  if (value?.kind === "map") return value.size / rows;
  if (value?.kind !== "fold") return undefined;
  if (value.dims.length === 0) return 1;
  return value.strides[0] === 0 ? undefined : value.size / rows;
}

/** True where row r of a space reads only row r of a value that its segment has just made. */
function isAligned({ value, strides }: Access, dims: Dims, rowSizes: ReadonlyMap<number, number | undefined>): boolean {
  const rowSize = rowSizes.get(value);
  if (rowSize === undefined) return false;
  if (dims.length === 0) return true;
  const reach = strides.slice(1).reduce((sum, stride, i) => sum + stride * ((dims[i + 1] ?? 1) - 1), 0);
  return strides[0] === rowSize && reach < rowSize;
}
