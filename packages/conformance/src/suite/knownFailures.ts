import { checkArgument, LossesError, printValue, type FloatDType } from "@losses/core";
import { placeRule } from "../arguments.js";
import { nodeModule } from "../node.js";
import type { Part } from "./checkCase.js";

/** A failure that is understood: `*` in a pattern stands for any characters. */
export interface KnownFailure {
  /** Backend ids: `tfjs:webgl`, `tfjs:*`. */
  readonly backend: string;
  /** Case ids: `klDiv/*`. */
  readonly case: string;
  readonly dtype?: FloatDType;
  readonly part?: Part;
  readonly reason: string;
  /** Where it is discussed. */
  readonly link: string;
}

/** What a part of a case is known by. */
export interface Place {
  readonly backend: string;
  readonly case: string;
  readonly dtype: FloatDType;
  readonly part: Part;
}

/** Reads the known failures that this package ships, or those of another file. */
export function loadKnownFailures(
  file: URL = new URL("../../known-failures.json", import.meta.url),
): readonly KnownFailure[] {
  checkArgument("loadKnownFailures", "the file", file, placeRule);
  const { readFileSync } = nodeModule("node:fs", "reading the known failures");
  const entries = JSON.parse(readFileSync(file, "utf8")) as unknown;
  if (!Array.isArray(entries)) throw invalid("must be an array", entries);
  return entries.map((entry: unknown): KnownFailure => {
    const { backend, case: id, reason, link } = Object(entry) as Record<string, unknown>;
    if (![backend, id, reason, link].every((text) => typeof text === "string" && text !== "")) {
      throw invalid("entries must have backend, case, reason and link", entry);
    }
    return entry as KnownFailure;
  });
}

function invalid(what: string, value: unknown): LossesError {
  return new LossesError("INVALID_INPUT", `known failures: ${what}, got ${printValue(value)}.`);
}

/** True if an entry speaks of a place. */
export function explains(entry: KnownFailure, place: Place): boolean {
  return (
    matches(entry.backend, place.backend) &&
    matches(entry.case, place.case) &&
    (entry.dtype === undefined || entry.dtype === place.dtype) &&
    (entry.part === undefined || entry.part === place.part)
  );
}

/** `*` stands for any characters; everything else for itself. */
export function matches(pattern: string, text: string): boolean {
  const source = pattern.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${source.join(".*")}$`).test(text);
}

/** Keeps account of which entries explained something, and which spoke of a case that passes. */
export class KnownFailureLedger {
  readonly #entries: readonly KnownFailure[];
  readonly #failing = new Set<KnownFailure>();
  readonly #passing = new Map<KnownFailure, string>();

  constructor(entries: readonly KnownFailure[]) {
    this.#entries = entries;
  }

  /** Notes how a part went; returns the entry that explains its failure. */
  note(place: Place, failed: boolean): KnownFailure | undefined {
    const mine = this.#entries.filter((entry) => explains(entry, place));
    for (const entry of mine) {
      if (failed) this.#failing.add(entry);
      else this.#passing.set(entry, `${place.case} ${place.part} [${place.backend} ${place.dtype}]`);
    }
    return failed ? mine[0] : undefined;
  }

  /** Entries for these backends that match nothing, or something that passes, one sentence each. */
  stale(backends: readonly string[]): readonly string[] {
    return this.#entries.flatMap((entry) => {
      if (!backends.some((id) => matches(entry.backend, id))) return [];
      const name = `known failure { backend: "${entry.backend}", case: "${entry.case}" }`;
      const passes = this.#passing.get(entry);
      if (passes !== undefined) return [`${name} is out of date: ${passes} passes.`];
      return this.#failing.has(entry) ? [] : [`${name} matches no case.`];
    });
  }
}
