import { bindInputs, ShapeError, sizeCheck, traceLoss, type DimSizes, type FloatDType, type Graph } from "@losses/core";
import { analyze } from "../analysis/analyze.js";
import { isNoNumber, spanAt, type Bounded } from "../analysis/bounded.js";
import { workOf } from "../analysis/work.js";
import { programSpec, type Program } from "./program.js";
import { feedOf, hasValidLabels, type FuzzFeed, type Run } from "./runs.js";

/** A call and the truth about it. */
export interface Item {
  readonly run: Run;
  readonly dtype: FloatDType;
  /** The inputs whose gradients are asked for. */
  readonly wrt: readonly string[];
  readonly graph: Graph;
  readonly sizes: DimSizes;
  readonly feeds: Readonly<Record<string, TypedFeed>>;
  /** By output name; of sizes that must be refused, nothing. */
  readonly truth: ReadonlyMap<string, Bounded>;
  /** What must be answered instead, where a graph has no value for these sizes. */
  readonly refusal?: string;
}

/** An input as a compiled loss takes it. */
export interface TypedFeed extends FuzzFeed {
  readonly dtype: FloatDType | "int32";
}

/** Results by output name. */
export type Results = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }>;

/** Something that is wrong; `kind` stays the same while a program is made smaller. */
export interface Failure {
  readonly kind: string;
  readonly message: string;
}

/** How many results were looked at, and of how many nothing is claimed. */
export interface Figures {
  programs: number;
  runs: number;
  elements: number;
  unclaimed: number;
}

/** Elements that all nodes of a graph may have together, and products that its matrix products may take. */
const mostElements = 40_000;
const mostProducts = 400_000;

const prepared = new WeakMap<Program, WeakMap<Run, Map<FloatDType, Item | undefined>>>();

/** A call with the truth about it; undefined where that would take too long, labels name no class, or sizes are refused. */
export function prepareRun(program: Program, run: Run, dtype: FloatDType): Item | undefined {
  const item = prepareAny(program, run, dtype);
  return item?.refusal === undefined ? item : undefined;
}

/** The same, found once, for sizes that must be refused, too. */
export function prepareAny(program: Program, run: Run, dtype: FloatDType): Item | undefined {
  const runs = prepared.get(program) ?? new WeakMap<Run, Map<FloatDType, Item | undefined>>();
  const items = runs.get(run) ?? new Map<FloatDType, Item | undefined>();
  prepared.set(program, runs.set(run, items));
  if (!items.has(dtype)) items.set(dtype, find(program, run, dtype));
  return items.get(dtype);
}

function find(program: Program, run: Run, dtype: FloatDType): Item | undefined {
  if (!hasValidLabels(program, run)) return undefined;
  const spec = programSpec(program);
  const given = program.inputs.flatMap(({ name, kind }) => {
    const feed = feedOf(run, name);
    return feed === undefined ? [] : [{ name, ...feed, dtype: kind === "index" ? ("int32" as const) : dtype }];
  });
  const inputs = Object.fromEntries(given.map((one) => [one.name, one]));
  const binding = bindInputs(spec.loss.definition, inputs, spec.options);
  const wrt = binding.inputs.filter(({ differentiable }) => differentiable).map(({ name }) => name);
  const graph = traceLoss(spec, binding, { dtype, gradients: wrt });
  const { sizes } = binding;
  const call = { run, dtype, wrt, graph, sizes, feeds: inputs };
  const refusal = refusalOf(graph, sizes);
  if (refusal !== undefined) return { ...call, truth: new Map(), refusal };
  const { elements, products } = workOf(graph, sizes);
  if (elements > mostElements || products > mostProducts) return undefined;
  const outputs = analyze(graph, inputs, sizes, dtype);
  return { ...call, truth: new Map(graph.outputs.map(({ name }, i) => [name, boundAt(outputs, i)])) };
}

/** The words in which sizes must be refused for which a graph has no value. */
export function refusalOf(graph: Graph, sizes: DimSizes): string | undefined {
  try {
    sizeCheck(graph)?.(sizes);
    return undefined;
  } catch (error) {
    if (error instanceof ShapeError) return error.message;
    throw error;
  }
}

function boundAt(outputs: readonly Bounded[], i: number): Bounded {
  const bound = outputs[i];
  if (bound === undefined) throw new RangeError("fuzz: every output must be bounded.");
  return bound;
}

/** What is wrong with results. Whatever is beyond the truth's bounds is; the first of it is told. */
export function differences(
  { truth, run, dtype }: Item,
  results: Results,
  figures: Figures,
  note = "",
): readonly Failure[] {
  return [...truth].flatMap(([name, bound]) => {
    const result = results.get(name);
    const part = `${name === "value" ? "value" : "gradient"}${note}`;
    if (result?.shape.join() !== bound.shape.join()) {
      const message = `${name}: expected shape [${bound.shape.join(", ")}], got [${result?.shape.join(", ") ?? "none"}]`;
      return [{ kind: `${part} shape`, message }];
    }
    figures.elements += bound.value.length;
    for (let i = 0; i < bound.value.length; i++) {
      const span = spanAt(bound, i);
      const got = result.data[i] ?? Number.NaN;
      if (bound.error[i] === Infinity) figures.unclaimed += 1;
      if (Number.isNaN(got) ? span.nan : span.low <= got && got <= span.high) continue;
      const range = isNoNumber(span) ? "NaN" : `${bound.value[i]} in [${span.low}, ${span.high}]`;
      const kind = `${part}${isNoNumber(span) ? " should be NaN" : Number.isNaN(got) ? " is NaN" : ""}`;
      return [{ kind, message: `${name}[${i}]: expected ${range}, got ${got} (${dtype}, ${run.style})` }];
    }
    return [];
  });
}
