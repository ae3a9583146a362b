import { loadFixtures, type Fixture } from "@losses/conformance";
import type { LossDocs } from "../losses/lossDocs.js";
import { printNumber } from "../losses/edges.js";

/** A call of a loss on data of which the answer is known: its golden case with default options. */
export interface Example {
  readonly loss: LossDocs;
  readonly inputs: Fixture["inputs"];
  readonly value: string;
  readonly source: string;
}

/** One way to run an example. */
export interface CodeTab {
  readonly title: string;
  readonly blocks: readonly { readonly language: "js" | "python" | "sh"; readonly code: string }[];
}

/** The examples of all losses, by name. */
export function readExamples(losses: readonly LossDocs[]): ReadonlyMap<string, Example> {
  const fixtures = loadFixtures();
  return new Map(
    losses.flatMap((loss) => {
      const fixture = fixtures.find(({ id }) => id === `${loss.name}/defaults`);
      if (fixture === undefined || "error" in fixture.expected) return [];
      const value = printNumber(fixture.expected.value.data[0] ?? Number.NaN).replace("−", "-");
      return [[loss.name, { loss, inputs: fixture.inputs, value, source: fixture.source ?? "" }] as const];
    }),
  );
}

/** Rows of numbers, one to a line where there are several. */
export function printRows(shape: readonly number[], data: readonly number[], indent = ""): string {
  if (shape.length === 0) return String(data[0]);
  if (shape.length === 1) return `[${data.join(", ")}]`;
  const [first = 0, ...rest] = shape;
  const size = rest.reduce((product, dim) => product * dim, 1);
  const rows = Array.from({ length: first }, (_, i) =>
    printRows(rest, data.slice(i * size, (i + 1) * size), `${indent}  `),
  );
  return `[\n${rows.map((row) => `${indent}  ${row},\n`).join("")}${indent}]`;
}
