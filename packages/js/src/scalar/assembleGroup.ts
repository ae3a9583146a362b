import type { ArenaPlanner } from "./arena.js";
import { elementwiseKernels } from "./elementwise.js";
import { identityOf } from "./folds.js";
import { isInOrder, runsOf, type Access } from "./access.js";
import type { GroupPlan, Slot, Step, Storage, TileFold } from "./plan.js";
import type { Value } from "./resolve.js";
import { foldAt, mapAt, operandsOf, type Group } from "./groups.js";
import { rowSizeOf, type Segment } from "./schedule.js";

/** What a group has to know of the plan around it. */
export interface Surroundings {
  readonly values: readonly Value[];
  readonly block: number;
  constant(value: number): number | undefined;
  bufferOf(value: number): number | undefined;
  wholeOf(value: number): number;
  outputsOf(value: number): readonly number[];
}

/** Places in the arena of what a segment's groups hand to each other. */
type Tiles = Map<number, { readonly base: number; readonly rowSize: number }>;

/** Turns a group into steps over blocks, each value with a place in the arena for as long as it is needed. */
export function assembleGroup(
  around: Surroundings,
  segment: Segment,
  group: Group,
  tileRows: number,
  arena: ArenaPlanner,
  tiles: Tiles,
): GroupPlan {
  const { values, block } = around;
  const order = itemOrder(values, group);
  const own = new Set(group.maps);
  // One key for each way of reading a value; what the group makes itself is always read in order.
  const keyOf = ({ value, strides }: Access): string => (own.has(value) ? `${value}` : `${value}:${strides.join()}`);
  const lastUse = new Map<string, number>();
  order.forEach((id, at) => operandsOf(itemAt(values, id)).forEach((operand) => lastUse.set(keyOf(operand), at)));
  const slots = new Map<string, Slot>();
  const steps: Step[] = [];
  const tileFolds: TileFold[] = [];

  const slotOf = (operand: Access): Slot => {
    const constant = around.constant(operand.value);
    if (constant !== undefined) return { base: constant, moves: false };
    const key = keyOf(operand);
    const known = slots.get(key);
    if (known !== undefined) return known;
    const tile = tiles.get(operand.value);
    if (tile !== undefined && isInOrder(operand.strides, group.dims, values[operand.value]?.size ?? 0)) {
      return { base: tile.base, moves: true };
    }
    const to: Slot = { base: arena.take(block), moves: false };
    slots.set(key, to);
    const from: Storage =
      tile !== undefined
        ? { in: "arena", base: tile.base, rowSize: tile.rowSize }
        : { in: "buffer", buffer: around.wholeOf(operand.value) };
    steps.push({ do: "load", from, runs: runsOf(group.dims, operand.strides), to });
    return to;
  };
  const release = (at: number, operands: readonly Access[]): void => {
    for (const operand of operands) {
      const key = keyOf(operand);
      const slot = slots.get(key);
      if (slot === undefined || lastUse.get(key) !== at) continue;
      slots.delete(key);
      if (!slot.moves) arena.giveBack(slot.base, block);
    }
  };
  // Taken before any block: a tile lives through all blocks, so it must not lie where an earlier step keeps one.
  const ownTiles = new Map<number, number>();
  for (const id of order) {
    const rowSize = rowSizeOf(itemAt(values, id), segment.rows);
    const wanted = own.has(id) ? isShared(values, segment, group, id) : rowSize !== undefined;
    if (!wanted || rowSize === undefined) continue;
    const base = arena.take(Math.max(1, tileRows * rowSize));
    ownTiles.set(id, base);
    tiles.set(id, { base, rowSize });
  }

  order.forEach((id, at) => {
    const value = itemAt(values, id);
    const operands = operandsOf(value);
    const from = operands.map(slotOf);
    const [a = NOWHERE, b = NOWHERE, c = NOWHERE] = from;
    if (value.kind === "map") {
      const key = `${id}`;
      const tile = ownTiles.get(id);
      // A result may overwrite its operand: kernels read an element before they write it.
      release(at, operands);
      const out: Slot = tile === undefined ? { base: arena.take(block), moves: false } : { base: tile, moves: true };
      slots.set(key, out);
      steps.push({ do: "map", kernel: elementwiseKernels[value.kernel], out, a, b, c });
      for (const buffer of targets(around, id)) steps.push({ do: "store", from: out, buffer });
      if (tile === undefined && !lastUse.has(key)) {
        slots.delete(key);
        arena.giveBack(out.base, block);
      }
      return;
    }
    const { fold, dtype, strides } = foldAt(values, id);
    const runs = runsOf(group.dims, strides);
    const rowSize = rowSizeOf(value, segment.rows);
    const base = ownTiles.get(id);
    if (base === undefined || rowSize === undefined) {
      steps.push({ do: "fold", fold, a, b, runs, to: { in: "buffer", buffer: around.wholeOf(id) } });
    } else {
      tileFolds.push({ base, rowSize, identity: identityOf(fold, dtype), buffers: targets(around, id) });
      steps.push({ do: "fold", fold, a, b, runs, to: { in: "arena", base, rowSize } });
    }
    release(at, operands);
  });
  return { rowSize: group.rowSize, tileFolds, steps };
}

const NOWHERE: Slot = { base: 0, moves: false };

/** Buffers that a value is written to: the outputs it is, and the one that later stages read. */
function targets(around: Surroundings, id: number): readonly number[] {
  const buffer = around.bufferOf(id);
  return [...new Set([...(buffer === undefined ? [] : [buffer]), ...around.outputsOf(id)])];
}

/** Maps in order, each fold behind the last map that it reads; folds of what comes from outside go first. */
export function itemOrder(values: readonly Value[], group: Group): readonly number[] {
  const foldsAfter = (place: number): readonly number[] =>
    group.folds.filter((id) => {
      const places = foldAt(values, id).operands.map((operand) => group.maps.indexOf(operand.value));
      return Math.max(...places) === place;
    });
  return [...foldsAfter(-1), ...group.maps.flatMap((map, place) => [map, ...foldsAfter(place)])];
}

function itemAt(values: readonly Value[], id: number): Value {
  return values[id]?.kind === "fold" ? foldAt(values, id) : mapAt(values, id);
}

/** True where another group of the segment reads a map of this one. */
function isShared(values: readonly Value[], segment: Segment, group: Group, id: number): boolean {
  return segment.groups.some(
    (other) =>
      other !== group &&
      [...other.maps, ...other.folds].some((reader) =>
        operandsOf(itemAt(values, reader)).some((operand) => operand.value === id),
      ),
  );
}
