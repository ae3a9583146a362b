import { readFixtures, type Fixture } from "@losses/conformance";

const files = import.meta.glob<string>("../fixtures/*.json", { query: "?raw", import: "default", eager: true });

/** The golden fixtures, bundled for the browser. */
export const fixtures: readonly Fixture[] = Object.entries(files).flatMap(([file, text]) => readFixtures(text, file));
