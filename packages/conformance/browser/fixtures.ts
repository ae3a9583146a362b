import { readFixtures, type Fixture } from "@losses/conformance";

const files = import.meta.glob<string>("../fixtures/*.json", { query: "?raw", import: "default", eager: true });

/** The golden fixtures, bundled for the browser. */
export const fixtures: readonly Fixture[] = Object.entries(files).flatMap(([file, text]) => readFixtures(text, file));

/** How many cases of each loss are taken at most: `LOSSES_CASES`, or as many as is said here. */
export function casesAtMost(usual: number): number {
  const asked: unknown = import.meta.env["LOSSES_CASES"];
  return typeof asked === "string" && asked !== "" ? Number(asked) : usual;
}
