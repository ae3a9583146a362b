import { parseArgs } from "node:util";
import { backendNames, isBackendName, type BackendName } from "./backends.js";
import type { Objective } from "./training/objective.js";
import { objectives } from "./training/objectives.js";

export interface DemoOptions {
  readonly backend: BackendName;
  readonly objectives: readonly Objective[];
  readonly steps: number;
  readonly seed: number;
  readonly report: string | undefined;
  readonly quick: boolean;
}

/** A command line that cannot be followed; the message says what was expected. */
export class UsageError extends Error {}

const allBackends = ["js", ...backendNames].join(", ");
const allObjectives = objectives.map(({ name }) => name).join(", ");

export const help: string = `Learns to match pictures and texts with one loss after another, and writes a report.

Usage: npm start -- [options]
   or: node apps/demo/dist/main.js [options]

  --backend <name>   what computes the losses and their gradients (default js)
                     ${allBackends}
  --losses <a,b>     only these (default all)
                     ${allObjectives}
  --steps <n>        training steps for each loss (default 150)
  --seed <n>         another seed, another run; the same seed, the same run (default 1)
  --report <file>    where the report goes (default apps/demo/report.html)
  --quick            fewer pictures and steps: done in seconds, learns less
  --help             this text
`;

/** @returns what was asked for, or `"help"`. @throws UsageError */
export function readOptions(args: readonly string[]): DemoOptions | "help" {
  const values = parse(args);
  if (values.help) return "help";
  const quick = values.quick ?? false;
  return {
    backend: readBackend(values.backend ?? "js"),
    objectives: values.losses === undefined ? objectives : values.losses.split(",").map(readObjective),
    steps: values.steps === undefined ? (quick ? 30 : 150) : readInteger("steps", values.steps, 1),
    seed: values.seed === undefined ? 1 : readInteger("seed", values.seed, 0),
    report: values.report,
    quick,
  };
}

interface Values {
  readonly backend?: string;
  readonly losses?: string;
  readonly steps?: string;
  readonly seed?: string;
  readonly report?: string;
  readonly quick?: boolean;
  readonly help?: boolean;
}

function parse(args: readonly string[]): Values {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        backend: { type: "string" },
        losses: { type: "string" },
        steps: { type: "string" },
        seed: { type: "string" },
        report: { type: "string" },
        quick: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function readBackend(name: string): BackendName {
  if (isBackendName(name)) return name;
  throw new UsageError(`--backend: must be one of ${allBackends}, got "${name}".`);
}

function readObjective(name: string): Objective {
  const found = objectives.find((objective) => objective.name === name.trim());
  if (found === undefined) throw new UsageError(`--losses: must be among ${allObjectives}, got "${name}".`);
  return found;
}

function readInteger(name: string, text: string, least: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`--${name}: must be an integer >= ${least}, got "${text}".`);
}
