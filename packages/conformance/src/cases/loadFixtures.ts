import { checkArgument, LossesError } from "@losses/core";
import { placeRule, textRule } from "../arguments.js";
import type { Fixture } from "./caseFormat.js";
import { nodeModule } from "../node.js";
import { parseCases } from "./parseCases.js";

/** The folder of the golden fixtures that this package ships: one file per loss. */
export const fixturesFolder: URL = new URL("../../fixtures/", import.meta.url);

/**
 * Reads every golden fixture; throws if a file holds something that is no case with an expected answer.
 *
 * @param folder another folder of case files, default the one of this package
 */
export function loadFixtures(folder: URL = fixturesFolder): readonly Fixture[] {
  checkArgument("loadFixtures", "the folder", folder, placeRule);
  const { readdirSync, readFileSync } = nodeModule("node:fs", "reading the golden fixtures");
  const files = readdirSync(folder).filter((file) => /\.jsonl?$/.test(file));
  return files.sort().flatMap((file) => readFixtures(readFileSync(new URL(file, folder), "utf8"), file));
}

/** Reads fixtures from the text of one file. */
export function readFixtures(text: string, file: string): readonly Fixture[] {
  checkArgument("readFixtures", "the input", text, textRule);
  checkArgument("readFixtures", "the name of the file", file, textRule);
  return parseCases(text).map((parsed) => {
    if ("unreadable" in parsed) throw new LossesError("INVALID_INPUT", `${file}: ${parsed.unreadable.error.message}`);
    const { id, expected } = parsed.read;
    if (id === "" || expected === undefined) {
      throw new LossesError(
        "INVALID_INPUT",
        `${file}: a fixture must have an id and an expected answer, got ${id || "no id"}.`,
      );
    }
    return { ...parsed.read, expected };
  });
}
