import { nodeAt, type LossSpec } from "@losses/core";
import { openBackend } from "../backends.js";
import { UsageError } from "../failure.js";
import { readNames, readShape, readSpec } from "../read.js";
import { printShapes, sizeLoss } from "../shapes.js";
import { factsOf, type LossProblem } from "./lossProblem.js";
import type { Contest } from "./workloads.js";

/** What `--loss` and the options beside it say. */
export interface LossRequest {
  /** Names, separated by commas. */
  readonly loss: string;
  readonly option: readonly string[];
  readonly shape: readonly string[];
  /** Inputs, separated by commas; default: all that can be differentiated. */
  readonly grad?: string | undefined;
}

/** A loss to measure. */
export interface LossContest extends Contest {
  readonly spec: LossSpec;
  readonly problem: LossProblem;
}

/**
 * The losses that were named, each at the shapes that were given.
 *
 * @throws UsageError where a size is missing or a loss has no single value; what a loss throws for options and shapes it does not take
 */
export async function namedLosses({ loss, option, shape, grad }: LossRequest): Promise<readonly LossContest[]> {
  const names = readNames("--loss", loss);
  const given = Object.fromEntries(shape.map(readShape));
  const wanted = grad === undefined ? true : readNames("--grad", grad);
  const contests: LossContest[] = [];
  for (const name of names) {
    const spec = readSpec(name, option);
    const { shapes, gradients: wrt, graph } = await sizeLoss(spec, given, wanted);
    const value = graph.outputs.find((output) => output.name === "value");
    if (value === undefined || nodeAt(graph, value.node).shape.length > 0) {
      throw new UsageError(`--loss must be of one value, got ${spec.name} with one for each sample. Reduce it.`);
    }
    const title = [spec.name, ...option, printShapes(shapes)].join(" ");
    contests.push({ spec, title, problem: await finite(title, { loss: spec.toJSON(), shapes, wrt, least: -1 }) });
  }
  return contests;
}

/** The problem with numbers for which its loss is one: some take logarithms of inputs that name no range. */
async function finite(title: string, problem: LossProblem): Promise<LossProblem> {
  const value = await valueOf(problem);
  if (Number.isFinite(value)) return problem;
  if (Number.isNaN(value) && problem.least < 0) return finite(title, { ...problem, least: 0 });
  throw new UsageError(`--loss must be finite to be compared, got ${value} for ${title}. Take other sizes or options.`);
}

async function valueOf(problem: LossProblem): Promise<number> {
  const { spec, inputs, byInput } = await factsOf(problem);
  const backend = await openBackend("js");
  try {
    const loss = await backend.compile(spec);
    const { data } = await backend.read(await loss.value(byInput(inputs)));
    return Number(data[0]);
  } finally {
    await backend.dispose();
  }
}
