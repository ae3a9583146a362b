import { nodeAt, type LossSpec } from "@losses/core";
import { openBackend } from "../backends.js";
import { UsageError } from "../failure.js";
import { readNames, readShape, readSpec } from "../read.js";
import { printShapes, sizeLoss } from "../shapes.js";
import { factsOf, type LossProblem } from "./lossProblem.js";
import type { Contest } from "./workloads.js";

/** What the options beside `--loss` say. */
export interface LossRequest {
  readonly option: readonly string[];
  readonly shape: readonly string[];
  /** Inputs, separated by commas; default: all that can be differentiated. */
  readonly grad?: string | undefined;
}

/** The losses behind a list such as `crossEntropy,nllLoss`, each with the options that were given. */
export function namedLosses(list: string, { option }: Pick<LossRequest, "option">): readonly LossSpec[] {
  return readNames("--loss", list).map((name) => readSpec(name, option));
}

/**
 * Losses at the shapes that were given.
 *
 * @throws UsageError where a size is missing or a loss has no single value; what a loss throws for shapes it does not take
 */
export async function contestsOf(specs: readonly LossSpec[], request: LossRequest): Promise<readonly Contest[]> {
  const contests: Contest[] = [];
  // One after the other: inputs are large.
  for (const spec of specs) contests.push(await contestOf(spec, request));
  return contests;
}

async function contestOf(spec: LossSpec, { option, shape, grad }: LossRequest): Promise<Contest> {
  const wanted = grad === undefined ? true : readNames("--grad", grad);
  const { shapes, gradients: wrt, graph } = await sizeLoss(spec, Object.fromEntries(shape.map(readShape)), wanted);
  const value = graph.outputs.find((output) => output.name === "value");
  if (value === undefined || nodeAt(graph, value.node).shape.length > 0) {
    throw new UsageError(`--loss must be of one value, got ${spec.name} with one for each sample. Reduce it.`);
  }
  const title = [spec.name, ...option, printShapes(shapes)].join(" ");
  return { title, problem: await finite(title, { loss: spec.toJSON(), shapes, wrt, least: -1 }) };
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
