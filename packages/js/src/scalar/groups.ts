import { isInOrder, sizeOfDims, type Access, type Dims } from "./access.js";
import type { FoldValue, MapValue, Value } from "./resolve.js";

/** Maps over one space, in order, and folds of that space: one pass. */
export interface Group {
  readonly dims: Dims;
  /** The first axis, and the elements of the space for each of its steps. */
  readonly rows: number;
  readonly rowSize: number;
  readonly maps: readonly number[];
  readonly folds: readonly number[];
}

/** Something to be placed into the order: it reads and makes values. */
export type Work = GroupWork | CallWork;

export interface GroupWork {
  readonly kind: "group";
  readonly group: Group;
  readonly reads: readonly Access[];
  readonly makes: readonly number[];
}

/** What is computed of whole tensors: one value, or those that a recursion gives together. */
export interface CallWork {
  readonly kind: "call";
  readonly reads: readonly Access[];
  readonly makes: readonly number[];
}

export function groupWork(values: readonly Value[], group: Group): GroupWork {
  return { kind: "group", group, reads: groupReads(values, group), makes: [...group.maps, ...group.folds] };
}

interface GrowingGroup extends Group {
  readonly maps: number[];
  readonly folds: number[];
}

/** Gathers maps and folds of the same level and space into groups, the smaller spaces of a level first. */
export function makeWork(values: readonly Value[]): readonly Work[] {
  const levels: number[] = [];
  const groups = new Map<string, { readonly level: number; readonly group: GrowingGroup }>();
  const calls = new Map<
    object,
    { readonly level: number; readonly reads: readonly Access[]; readonly makes: number[] }
  >();
  const groupAt = (level: number, dims: Dims): GrowingGroup => {
    const key = `${level}:${dims.join()}`;
    const known = groups.get(key);
    if (known !== undefined) return known.group;
    const rows = dims[0] ?? 1;
    const group: GrowingGroup = { dims, rows, rowSize: sizeOfDims(dims.slice(1)), maps: [], folds: [] };
    groups.set(key, { level, group });
    return group;
  };
  values.forEach((value, id) => {
    const level = Math.max(0, ...operandsOf(value).map((operand) => readyLevel(values, levels, operand, value)));
    levels.push(value.kind === "fold" || isCalled(value) ? level + 1 : level);
    if (value.kind === "map") groupAt(level, value.dims).maps.push(id);
    else if (value.kind === "fold") groupAt(level, value.dims).folds.push(id);
    else if (isCalled(value)) {
      const key = value.kind === "scan" ? value.recursion : value;
      const call = calls.get(key) ?? { level, reads: operandsOf(value), makes: [] };
      call.makes.push(id);
      calls.set(key, call);
    }
  });
  const ordered = [
    ...[...calls.values()].map(({ level, reads, makes }) => ({
      level,
      rank: -1,
      work: { kind: "call", reads, makes } satisfies Work,
    })),
    ...[...groups.values()].map(({ level, group }) => ({
      level,
      rank: group.dims.length,
      work: groupWork(values, group),
    })),
  ];
  return ordered.sort((a, b) => a.level - b.level || a.rank - b.rank).map(({ work }) => work);
}

/** True for what is computed of whole tensors. */
function isCalled({ kind }: Value): boolean {
  return kind === "matmul" || kind === "whole" || kind === "scan";
}

export function operandsOf(value: Value): readonly Access[] {
  switch (value.kind) {
    case "map":
    case "fold":
    case "whole":
    case "scan":
      return value.operands;
    case "matmul":
      return [value.a, value.b];
    default:
      return [];
  }
}

/**
 * The first level at which a value can be read that way. A map is ready at its own level for the maps of its space, and
 * for those of larger spaces, which run later; read in another order, it must have been finished before.
 */
function readyLevel(
  values: readonly Value[],
  levels: readonly number[],
  { value, strides }: Access,
  reader: Value,
): number {
  const source = values[value];
  const level = levels[value] ?? 0;
  if (source?.kind !== "map") return level;
  if (reader.kind !== "map" && reader.kind !== "fold") return level + 1;
  if (source.dims.length < reader.dims.length) return level;
  // In its own order, but over another space, it is a map that was reshaped.
  const isSameSpace = source.dims.join() === reader.dims.join();
  return isSameSpace && isInOrder(strides, reader.dims, source.size) ? level : level + 1;
}

/** What a group reads from outside itself. */
function groupReads(values: readonly Value[], group: Group): readonly Access[] {
  const own = new Set(group.maps);
  return [...group.maps, ...group.folds].flatMap((id) => {
    const value = values[id];
    return value === undefined ? [] : operandsOf(value).filter((operand) => !own.has(operand.value));
  });
}

/** The maps and folds of a group, by id. */
export function mapAt(values: readonly Value[], id: number): MapValue {
  const value = values[id];
  if (value?.kind !== "map") throw new RangeError(`schedule: value ${id} is not a map`);
  return value;
}

export function foldAt(values: readonly Value[], id: number): FoldValue {
  const value = values[id];
  if (value?.kind !== "fold") throw new RangeError(`schedule: value ${id} is not a fold`);
  return value;
}
