import { itemOrder } from "./assembleGroup.js";
import { operandsOf } from "./groups.js";
import { isInOrder } from "./access.js";
import type { Value } from "./resolve.js";
import type { Segment } from "./schedule.js";

/** A place in a segment: which group, and which of its items. */
interface Place {
  readonly group: number;
  readonly item: number;
}

/**
 * For a value that a segment makes, the values whose place in memory it may take: the segment reads them element by
 * element, each before it is overwritten. (Tile by tile, group by group, block by block; a group reads a value once.)
 */
export function overwritable(values: readonly Value[], segment: Segment): (id: number) => readonly number[] {
  const made = new Map<number, Place>();
  const lastRead = new Map<number, Place>();
  const scattered = new Set<number>();
  segment.groups.forEach((own, group) => {
    const firstRead = new Map<number, Place>();
    itemOrder(values, own).forEach((id, item) => {
      made.set(id, { group, item });
      const value = values[id];
      for (const { value: read, strides } of value === undefined ? [] : operandsOf(value)) {
        if (!firstRead.has(read)) firstRead.set(read, { group, item });
        if (!isInOrder(strides, own.dims, values[read]?.size ?? 0)) scattered.add(read);
      }
    });
    for (const [read, place] of firstRead) lastRead.set(read, place);
  });
  return (id) => {
    const at = made.get(id);
    if (at === undefined) return [];
    return [...lastRead].flatMap(([read, place]) => {
      const isPassed = place.group < at.group || (place.group === at.group && place.item <= at.item);
      const fits = !made.has(read) && !scattered.has(read) && values[read]?.size === values[id]?.size;
      return isPassed && fits ? [read] : [];
    });
  };
}
