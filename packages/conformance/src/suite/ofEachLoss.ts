import type { Fixture } from "../cases/caseFormat.js";
import { groupBy } from "../groupBy.js";
import { spread } from "../spread.js";

/** So many cases of each loss at most, spread evenly over them. */
export function ofEachLoss(fixtures: readonly Fixture[], atMost: number): readonly Fixture[] {
  return groupBy(fixtures, ({ loss }) => loss).flatMap(([, cases]) => spread(cases, atMost));
}
