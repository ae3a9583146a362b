import { listRule, readParts, recordRule, type Rule, type Rules } from "@losses/core";
import { dtypeRule, flagRule, numberRule, partRule, partsRule, textRule } from "../arguments.js";
import type { UnclaimedShare } from "./claims.js";
import type { Unclaimed } from "./compare.js";
import type { Report, ReportFailure, ReportRow, Unavailable } from "./report.js";

// What a report holds, for one that may have been read from anywhere.

const textsRule: Rule = listRule("a list of texts", textRule);
const namedTextsRule: Rule = recordRule("a plain object of texts", textRule);

const unclaimedRule: Rule = partsRule<Unclaimed>(
  "numbers of elements without a claim",
  { rounding: numberRule, range: numberRule },
  ["rounding", "range"],
);

const failureRule: Rule = partsRule<ReportFailure>(
  "a failure",
  { case: textRule, problems: textsRule, known: textRule },
  ["case", "problems"],
);

const rowRules: Rules<ReportRow> = {
  backend: textRule,
  device: textRule,
  dtype: dtypeRule,
  loss: textRule,
  part: partRule,
  cases: numberRule,
  elements: numberRule,
  unclaimed: unclaimedRule,
  worst: numberRule,
  worstAbsolute: numberRule,
  failures: listRule("a list of failures", failureRule),
};

const shareRules: Rules<UnclaimedShare> = {
  backend: textRule,
  dtype: dtypeRule,
  elements: numberRule,
  rounding: numberRule,
  range: numberRule,
};

const backendRules: Rules<Report["backends"][number]> = {
  id: textRule,
  device: textRule,
  dtypes: listRule("a list of dtypes", dtypeRule),
};

const unavailableRules: Rules<Unavailable> = { backend: textRule, required: flagRule, reason: textRule };

const rules: Rules<Report> = {
  versions: namedTextsRule,
  machine: namedTextsRule,
  backends: listRule("a list of backends", partsRule("a backend", backendRules, ["id", "device", "dtypes"])),
  rows: listRule("a list of rows", partsRule("a row", rowRules, ["backend", "dtype", "loss", "part", "failures"])),
  unclaimed: listRule("a list of shares", partsRule("a share", shareRules, ["backend", "dtype"])),
  unavailable: listRule("a list of backends", partsRule("a backend", unavailableRules, ["backend", "reason"])),
  problems: textsRule,
};

/** A report as it was given, read once; throws `OptionError` on what is none. */
export function readReport(where: string, report: Report): Report {
  return readParts(where, report, rules, ["versions", "backends", "rows", "unclaimed", "unavailable", "problems"]);
}
