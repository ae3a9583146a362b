import { UsageError } from "../failure.js";
import { readNames } from "../read.js";
import type { AnyProblem } from "./lossProblem.js";
import type { Kind, Problem } from "./problems.js";

export type WorkloadId = "W1a" | "W1b" | "W2" | "W3a" | "W3b" | "W4" | "W5" | "W6a" | "W6b" | "W7a" | "W7b";

/** What contestants are measured with. */
export interface Contest {
  /** The loss and its sizes. */
  readonly title: string;
  readonly problem: AnyProblem;
}

/** A problem with a name. */
export interface Workload extends Contest {
  readonly id: WorkloadId;
  readonly problem: Problem;
  /** True if it runs only when it is named: it takes minutes. */
  readonly heavy: boolean;
}

const titles: { readonly [K in Kind]: string } = {
  crossEntropy: "crossEntropy",
  triplet: "tripletMarginLoss",
  clip: "clipLoss",
  vse: "vseLoss max",
  kl: "klDiv log",
  smoothL1: "smoothL1Loss",
  bce: "BCE with logits",
};

export const workloads: { readonly [I in WorkloadId]: Workload } = {
  W1a: workload("W1a", "crossEntropy", 4096, 1000),
  W1b: workload("W1b", "crossEntropy", 512, 50257),
  W2: workload("W2", "triplet", 65536, 128),
  W3a: workload("W3a", "clip", 1024, 512),
  W3b: { ...workload("W3b", "clip", 4096, 512), heavy: true },
  W4: workload("W4", "vse", 1024, 1024),
  W5: workload("W5", "kl", 4096, 1000),
  W6a: workload("W6a", "smoothL1", 4096, 1024),
  W6b: workload("W6b", "bce", 4096, 1024),
  W7a: workload("W7a", "triplet", 32, 128),
  W7b: workload("W7b", "crossEntropy", 32, 10),
};

function workload(id: WorkloadId, kind: Kind, rows: number, columns: number): Workload {
  return { id, problem: { kind, rows, columns }, title: `${titles[kind]} ${rows}x${columns}`, heavy: false };
}

function isWorkload(id: string): id is WorkloadId {
  return Object.hasOwn(workloads, id);
}

/** The workloads behind a list such as `W1a,W4`; without one, all that do not take minutes. */
export function namedWorkloads(list: string | undefined): readonly Workload[] {
  if (list === undefined) return Object.values(workloads).filter(({ heavy }) => !heavy);
  return readNames("--workload", list).map((id) => {
    if (isWorkload(id)) return workloads[id];
    throw new UsageError(`--workload must be among ${Object.keys(workloads).join(", ")}, got ${id}.`);
  });
}
