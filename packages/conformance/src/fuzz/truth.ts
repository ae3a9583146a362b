import {
  bindInputs,
  bindShape,
  nodeAt,
  sizeOf,
  traceLoss,
  type DimSizes,
  type FloatDType,
  type Graph,
} from "@losses/core";
import { analyze } from "../analysis/analyze.js";
import { isNoNumber, spanAt, type Bounded } from "../analysis/bounded.js";
import { programSpec, type Program } from "./program.js";
import { hasValidLabels, type FuzzFeed, type Run } from "./runs.js";

/** A call and the truth about it. */
export interface Item {
  readonly run: Run;
  readonly dtype: FloatDType;
  /** The inputs whose gradients are asked for. */
  readonly wrt: readonly string[];
  readonly graph: Graph;
  readonly sizes: DimSizes;
  readonly feeds: Readonly<Record<string, TypedFeed>>;
  /** By output name. */
  readonly truth: ReadonlyMap<string, Bounded>;
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

/** A call with the truth about it, found once; undefined where that would take too long, or labels name no class. */
export function prepareRun(program: Program, run: Run, dtype: FloatDType): Item | undefined {
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
    const feed = run.feeds[name];
    return feed === undefined ? [] : [{ name, ...feed, dtype: kind === "index" ? ("int32" as const) : dtype }];
  });
  const inputs = Object.fromEntries(given.map((one) => [one.name, one]));
  const binding = bindInputs(spec.loss.definition, inputs);
  const wrt = binding.inputs.filter(({ differentiable }) => differentiable).map(({ name }) => name);
  const graph = traceLoss(spec, binding, { dtype, gradients: wrt });
  if (isTooLarge(graph, binding.sizes)) return undefined;
  const outputs = analyze(graph, inputs, binding.sizes, dtype);
  const truth = new Map(graph.outputs.map(({ name }, i) => [name, boundAt(outputs, i)]));
  return { run, dtype, wrt, graph, sizes: binding.sizes, feeds: inputs, truth };
}

function boundAt(outputs: readonly Bounded[], i: number): Bounded {
  const bound = outputs[i];
  if (bound === undefined) throw new RangeError("fuzz: every output must be bounded.");
  return bound;
}

function isTooLarge(graph: Graph, sizes: DimSizes): boolean {
  const shapeAt = (id: number): readonly number[] => bindShape(nodeAt(graph, id).shape, sizes);
  const elements = graph.nodes.reduce((sum, { id }) => sum + sizeOf(shapeAt(id)), 0);
  const products = graph.nodes.reduce(
    (sum, { op, id, inputs }) =>
      op === "matmul" ? sum + sizeOf(shapeAt(id)) * (shapeAt(inputs[0] ?? 0)[1] ?? 0) : sum,
    0,
  );
  return elements > mostElements || products > mostProducts;
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
