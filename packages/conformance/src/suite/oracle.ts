import {
  allLosses,
  bindInputs,
  gradientOutput,
  isFloat,
  specFromJSON,
  traceLoss,
  type AnyLoss,
  type DimSizes,
  type FloatDType,
  type GivenInput,
  type Graph,
  type LossSpec,
} from "@losses/core";
import { analyze, analyzeIn, type Feed } from "../analysis/analyze.js";
import type { Bounded } from "../analysis/bounded.js";
import { withoutLimits } from "../analysis/precision.js";
import { createReferenceBackend } from "../analysis/reference.js";
import type { Case, CaseError } from "../cases/caseFormat.js";
import { caseRunner, type RunCase } from "../cases/runCase.js";

/** Bounds around an output. */
export interface OutputBounds extends Bounded {
  /** The same with no smallest and no largest number, where that might make a difference. */
  readonly wider?: Bounded;
}

/** What can be said of a case without any backend: bounds around each output, or the error that core raises. */
export type Verdict = { readonly outputs: Readonly<Record<string, OutputBounds>> } | CaseError;

/** Answers for cases, remembered between backends. */
export type Oracle = (single: Case, dtype: FloatDType) => Promise<Verdict>;

/** Makes an oracle over a list of losses. */
export function createOracle(losses: readonly AnyLoss[] = allLosses): Oracle {
  const run = caseRunner(createReferenceBackend(), { losses });
  const known = new Map<string, Promise<Verdict>>();
  const graphs = new Map<string, Graph>();
  return (single, dtype) => {
    const key = `${single.id} ${dtype}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const verdict = judge(single, dtype, losses, graphs, run);
    known.set(key, verdict);
    return verdict;
  };
}

async function judge(
  single: Case,
  dtype: FloatDType,
  losses: readonly AnyLoss[],
  graphs: Map<string, Graph>,
  run: RunCase,
): Promise<Verdict> {
  const result = await run(single);
  return "error" in result ? result : { outputs: boundCase(single, dtype, losses, graphs) };
}

/** A loss as a graph, with what it is fed. */
export interface Traced {
  readonly graph: Graph;
  readonly feeds: Readonly<Record<string, Feed>>;
  readonly sizes: DimSizes;
}

type NamedFeed = GivenInput & Feed & { readonly name: string };

interface Request {
  readonly dtype: FloatDType;
  readonly gradients: readonly string[];
  readonly parts: boolean;
}

function traceSpec(
  spec: LossSpec,
  inputs: readonly NamedFeed[],
  { dtype, gradients, parts }: Request,
  graphs: Map<string, Graph>,
): Traced {
  const feeds = Object.fromEntries(inputs.map((input) => [input.name, input]));
  const binding = bindInputs(spec.loss.definition, feeds, spec.options);
  const key = JSON.stringify([spec, binding.key, gradients, parts, dtype]);
  const graph = graphs.get(key) ?? traceLoss(spec, binding, { dtype, gradients, parts });
  graphs.set(key, graph);
  return { graph, feeds, sizes: binding.sizes };
}

/** Traces a case, with the gradients that it asks for or without; throws the typed errors of core. */
export function traceCase(
  single: Case,
  dtype: FloatDType,
  losses: readonly AnyLoss[],
  graphs: Map<string, Graph>,
  withGradients: boolean,
): Traced {
  const spec = specFromJSON(losses, { name: single.loss, options: single.options });
  const asked = single.inputs.filter((input) => input.grad && isFloat(input.dtype)).map((input) => input.name);
  const gradients = withGradients ? asked : [];
  return traceSpec(spec, single.inputs, { dtype, gradients, parts: single.parts === true }, graphs);
}

/** The value and each gradient of a case, with bounds; throws the typed errors of core. */
export function boundCase(
  single: Case,
  dtype: FloatDType,
  losses: readonly AnyLoss[] = allLosses,
  graphs: Map<string, Graph> = new Map(),
): Readonly<Record<string, OutputBounds>> {
  return boundTraced(traceCase(single, dtype, losses, graphs, true), dtype);
}

/** The same for a loss with its options, and inputs by name. */
export function boundSpec(
  spec: LossSpec,
  inputs: readonly NamedFeed[],
  request: Request,
): Readonly<Record<string, OutputBounds>> {
  return boundTraced(traceSpec(spec, inputs, request, new Map()), request.dtype);
}

function boundTraced({ graph, feeds, sizes }: Traced, dtype: FloatDType): Readonly<Record<string, OutputBounds>> {
  const outputs = analyze(graph, feeds, sizes, dtype);
  const wider = outputs.some(isVague) ? analyzeIn(graph, feeds, sizes, withoutLimits(dtype)) : [];
  const bounds = outputs.map((bounded, i): OutputBounds => {
    const unlimited = wider[i];
    return unlimited === undefined ? bounded : { ...bounded, wider: unlimited };
  });
  return Object.fromEntries(graph.outputs.map(({ name }, i) => [name, bounds[i] as OutputBounds]));
}

/** True if some elements have hardly a bound. */
function isVague({ value, error }: Bounded): boolean {
  const largest = value.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
  return error.some((one) => one > largest);
}

/** The bounds of one gradient of a verdict. */
export function gradientBound(
  outputs: Readonly<Record<string, OutputBounds>>,
  input: string,
): OutputBounds | undefined {
  return outputs[gradientOutput(input)];
}
