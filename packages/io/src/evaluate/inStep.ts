import { inputOf, listsOf, ShapeError, type FloatDType, type LossSpec, type ShapedArray } from "@losses/core";
import { nothing, readArray, type Rows } from "../arraySource.js";
import { rowShape, type BatchPlan, type Sources } from "./batchPlan.js";

/** The inputs of one call, and how many rows each group of them has. */
export interface Batch {
  readonly feeds: Readonly<Record<string, ShapedArray>>;
  readonly rows: ReadonlyMap<string, number>;
}

interface Member {
  readonly name: string;
  readonly rows: AsyncGenerator<Rows>;
}

/** The inputs of a call, elements as the lists that they are of. */
function feedsOf(
  { loss: { definition } }: LossSpec,
  { inputs }: BatchPlan,
  given: Readonly<Record<string, ShapedArray>>,
): Batch["feeds"] {
  const feeds: Record<string, ShapedArray | ShapedArray[]> = {};
  // Elements come in the order of their places.
  for (const { name } of inputs) {
    const array = given[name];
    if (array === undefined) continue;
    const list = inputOf(name);
    if (!listsOf(definition).has(list)) feeds[name] = array;
    else ((feeds[list] ??= []) as ShapedArray[]).push(array);
  }
  // Of a loss that nothing is known of, types expect one tensor for each input.
  return feeds as Batch["feeds"];
}

/**
 * Reads the inputs of a loss batch by batch. Inputs whose rows belong together must end together; of samples that are counted
 * apart, those that have ended are fed as none.
 */
export async function* inStep(
  spec: LossSpec,
  sources: Sources,
  plan: BatchPlan,
  shared: Readonly<Record<string, ShapedArray>>,
  float: FloatDType,
): AsyncGenerator<Batch> {
  if (plan.groups.size === 0) {
    yield { feeds: feedsOf(spec, plan, shared), rows: new Map() };
    return;
  }
  const groups = [...plan.groups].map(([symbol, names]) => ({
    symbol,
    isOver: false,
    members: names.flatMap((name): Member[] => {
      const source = sources[name];
      return source === undefined ? [] : [{ name, rows: source.batches(plan.rows, float) }];
    }),
  }));
  try {
    for (;;) {
      const feeds: Record<string, ShapedArray> = { ...shared };
      const rows = new Map<string, number>();
      for (const group of groups) {
        const parts = group.isOver ? [] : await Promise.all(group.members.map((member) => member.rows.next()));
        const counts = parts.map(({ value, done }) => (done === true ? 0 : value.rows));
        const count = counts[0] ?? 0;
        checkEqual(spec.name, group.members, counts);
        group.isOver ||= count === 0;
        rows.set(group.symbol, count);
        group.members.forEach(({ name }, i) => {
          const source = sources[name];
          const part = parts[i];
          if (source === undefined) return;
          const data = part === undefined || part.done === true ? nothing(source, float) : part.value.data;
          feeds[name] = { data, shape: [count, ...rowShape(source)] };
        });
      }
      if (groups.every(({ isOver }) => isOver)) return;
      yield { feeds: feedsOf(spec, plan, feeds), rows };
    }
  } finally {
    await Promise.all(groups.flatMap(({ members }) => members.map((member) => member.rows.return(undefined))));
  }
}

function checkEqual(loss: string, members: readonly Member[], counts: readonly number[]): void {
  const at = counts.findIndex((count) => count !== counts[0]);
  if (at < 0) return;
  const names = `${members[0]?.name} and ${members[at]?.name}`;
  throw new ShapeError(`${loss}: ${names} must have equally many rows, got ${counts[0]} and ${counts[at]} at the end.`);
}

/** The inputs that every batch gets whole. */
export async function readShared(
  sources: Sources,
  { shared }: BatchPlan,
  float: FloatDType,
): Promise<Readonly<Record<string, ShapedArray>>> {
  const found: Record<string, ShapedArray> = {};
  for (const name of shared) {
    const source = sources[name];
    if (source !== undefined) found[name] = await readArray(source, float);
  }
  return found;
}
