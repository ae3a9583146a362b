import process from "node:process";
import { allLosses, findLoss } from "@losses/core";
import {
  loadFixtures,
  printReport,
  runConformance,
  selectBackends,
  type Report,
  type ReportRow,
  type UnclaimedShare,
} from "@losses/conformance";
import { backendIds, engineVersions, namedBackends, openBackend } from "../backends.js";
import { UsageError } from "../failure.js";
import { describeMachine } from "../machine.js";
import { columns, note, print, writeWhole } from "../output.js";
import { progressBar } from "../progress.js";
import { readCount, readDType, readNames, readThreads } from "../read.js";

export interface ConformanceCommandOptions {
  readonly backend?: string;
  readonly dtype?: string;
  readonly loss?: string;
  readonly atMost?: string;
  readonly threads?: string;
  readonly require?: boolean;
  readonly json?: boolean;
  readonly report?: string;
}

/** `losses conformance`: holds backends to the golden fixtures. Returns the exit status. */
export async function conformance(options: ConformanceCommandOptions): Promise<number> {
  const selection = selectBackends(backendIds, process.env);
  const named = options.backend === undefined ? undefined : namedBackends(options.backend);
  // "js" is one of the other ids under another name.
  const ids = named ?? backendIds.filter((id) => id !== "js" && selection.takes(id));
  const dtype = readDType(options.dtype);
  const losses = options.loss === undefined ? undefined : readLosses(options.loss);
  const atMost = options.atMost === undefined ? undefined : readCount("--at-most", options.atMost);
  const threads = options.threads === undefined ? undefined : oneCount(readThreads(options.threads, ids));
  const open = (id: string): ReturnType<typeof openBackend> => openBackend(id, threads);
  if (options.require === true) await requireBackends(named, open);
  const bar = progressBar();
  const report = await runConformance(
    ids.map((id) => ({
      id,
      create: () => open(id),
      required: selection.requires(id) || named?.includes(id) === true,
    })),
    {
      versions: engineVersions(),
      machine: describeMachine(),
      onProgress: ({ backend, dtype: current, done, total }) => bar.show(`${backend} ${current}`, done, total),
      ...(dtype === undefined ? {} : { dtypes: [dtype] }),
      ...(atMost === undefined ? {} : { atMost }),
      ...(losses === undefined ? {} : { fixtures: loadFixtures().filter(({ loss }) => losses.includes(loss)) }),
    },
  );
  bar.stop();
  if (options.report !== undefined) {
    await writeWhole(options.report, printReport(report));
    note(`The report is in ${options.report}.`);
  }
  await print(options.json === true ? printReport(report) : asText(report));
  return report.problems.length > 0 ? 1 : 0;
}

/** Names of losses, separated by commas. */
function readLosses(given: string): readonly string[] {
  return readNames("--loss", given).map((name) => findLoss(allLosses, name).lossName);
}

/** A report is about one number of threads. */
function oneCount(counts: readonly number[]): number | undefined {
  if (counts.length > 1) throw new UsageError(`--threads must be one number here, got ${counts.join(", ")}.`);
  return counts[0];
}

/** Opens each backend that was named; what a deployment asks for and lacks is said before any case is run. */
async function requireBackends(ids: readonly string[] | undefined, open: typeof openBackend): Promise<void> {
  if (ids === undefined) throw new UsageError("--require must come with --backend, got no backend.");
  for (const id of ids) {
    const backend = await open(id);
    await backend.dispose();
  }
}

function asText({ backends, rows, unclaimed, unavailable, problems }: Report): string {
  const lines = backends.flatMap(({ id, dtypes }) =>
    dtypes.map((dtype) => {
      const isOwn = (row: { readonly backend: string; readonly dtype: string }): boolean =>
        row.backend === id && row.dtype === dtype;
      return summary(id, dtype, rows.filter(isOwn), unclaimed.find(isOwn));
    }),
  );
  const table = lines.length === 0 ? [] : [columns([header, ...lines]), legend];
  const missing = unavailable.map(({ backend, reason }) => `${backend} did not run: ${reason}`);
  const verdict = problems.length === 0 ? "No unexplained failures." : `${problems.length} problems.`;
  return `${[...table, ...missing, ...problems, verdict].join("\n")}\n`;
}

const header: readonly string[] = [
  "backend",
  "dtype",
  "losses",
  "cases",
  "value",
  "gradient",
  "open",
  "out of range",
  "known failures",
  "failures",
];

const legend = `value, gradient: the largest error, as a share of what the error analysis allows.
open, out of range: of how many elements it claims nothing, because of rounding and because of the dtype's range.
`;

function summary(
  id: string,
  dtype: string,
  rows: readonly ReportRow[],
  unclaimed: UnclaimedShare | undefined,
): readonly string[] {
  const failures = rows.flatMap((row) => row.failures);
  const known = failures.filter((failure) => failure.known !== undefined).length;
  const worst = (part: string): string => {
    const own = rows.filter((row) => row.part === part);
    return own.length === 0 ? "-" : Math.max(...own.map((row) => row.worst)).toFixed(2);
  };
  const cases = rows.filter((row) => row.part !== "gradient").reduce((sum, row) => sum + row.cases, 0);
  const losses = new Set(rows.map((row) => row.loss)).size;
  return [
    id,
    dtype,
    String(losses),
    String(cases),
    worst("value"),
    worst("gradient"),
    percent(unclaimed?.rounding ?? 0),
    percent(unclaimed?.range ?? 0),
    String(known),
    String(failures.length - known),
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(3)} %`;
}
