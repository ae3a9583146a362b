import type { FloatDType } from "@losses/core";
import { encodeNumber, type JSONNumber } from "../cases/caseFormat.js";
import { groupBy } from "../groupBy.js";
import type { Part, PartResult } from "./checkCase.js";
import type { UnclaimedShare } from "./claims.js";
import { sumUnclaimed, type Unclaimed } from "./compare.js";
import type { KnownFailure, Place } from "./knownFailures.js";

/** How one loss did on one backend in one dtype, for one part of its cases. */
export interface ReportRow {
  readonly backend: string;
  readonly device: string;
  readonly dtype: FloatDType;
  readonly loss: string;
  readonly part: Part;
  readonly cases: number;
  readonly elements: number;
  /** Elements of which the analysis claims too little to tell a right result from a wrong one. */
  readonly unclaimed: Unclaimed;
  /** The largest error of the cases that pass, in units of what is allowed: 1 is the limit. */
  readonly worst: number;
  /** The same as a plain number. */
  readonly worstAbsolute: number;
  readonly failures: readonly ReportFailure[];
}

export interface ReportFailure {
  readonly case: string;
  readonly problems: readonly string[];
  /** The reason, where the failure is known. */
  readonly known?: string;
}

/** A backend that could not be run here. */
export interface Unavailable {
  readonly backend: string;
  readonly required: boolean;
  readonly reason: string;
}

/** What a run found: `report.json`. */
export interface Report {
  readonly versions: Readonly<Record<string, string>>;
  /** What the run was on, where that was noted. */
  readonly machine?: Readonly<Record<string, string>>;
  readonly backends: readonly {
    readonly id: string;
    readonly device: string;
    readonly dtypes: readonly FloatDType[];
  }[];
  readonly rows: readonly ReportRow[];
  /** Of how many elements the analysis claims too little, for each backend and dtype. */
  readonly unclaimed: readonly UnclaimedShare[];
  readonly unavailable: readonly Unavailable[];
  /** Everything that fails the run, one sentence each; empty if it passed. */
  readonly problems: readonly string[];
}

/** One part of one case on one backend. */
export interface Outcome extends Place {
  readonly loss: string;
  readonly device: string;
  readonly result: PartResult;
  readonly known: KnownFailure | undefined;
}

/** Brings outcomes together into one row for each backend, dtype, loss and part. */
export function summarise(outcomes: readonly Outcome[]): readonly ReportRow[] {
  const key = ({ backend, dtype, loss, part }: Outcome): string => [backend, dtype, loss, part].join(" ");
  return groupBy(outcomes, key).flatMap(([, group]) => {
    const [first] = group;
    return first === undefined ? [] : [row(first, group)];
  });
}

function row({ backend, device, dtype, loss, part }: Outcome, group: readonly Outcome[]): ReportRow {
  const passing = group.filter(({ result }) => result.problems.length === 0);
  const total = (pick: (result: PartResult) => number): number => group.reduce((sum, one) => sum + pick(one.result), 0);
  const worst = (pick: (result: PartResult) => number): number =>
    passing.reduce((most, one) => Math.max(most, pick(one.result)), 0);
  return {
    backend,
    device,
    dtype,
    loss,
    part,
    cases: group.length,
    elements: total((result) => result.elements),
    unclaimed: sumUnclaimed(group.map(({ result }) => result.unclaimed)),
    worst: worst((result) => result.worst),
    worstAbsolute: worst((result) => result.worstAbsolute),
    failures: group
      .filter(({ result }) => result.problems.length > 0)
      .map(({ case: id, result, known }) => ({
        case: id,
        problems: result.problems,
        ...(known === undefined ? {} : { known: known.reason }),
      })),
  };
}

/** A failure as it is printed: which case, where, and what. */
export function describeOutcome({ case: id, backend, dtype, result }: Outcome): string {
  return [`${id} [${backend} ${dtype}]`, ...result.problems.map((problem) => `    ${problem}`)].join("\n");
}

/** A report as text; numbers that JSON lacks are strings. */
export function printReport(report: Report): string {
  return `${JSON.stringify(report, (_, value: unknown) => (typeof value === "number" ? number(value) : value), 2)}\n`;
}

function number(value: number): JSONNumber {
  return encodeNumber(value);
}
