import {
  bindInputs,
  isFloat,
  lossTerms,
  OptionError,
  type BoundInput,
  type DimSizes,
  type FloatDType,
  type GivenInput,
  type LossSpec,
  type LossTerm,
} from "@losses/core";
import { rowSize, type ArraySource } from "../arraySource.js";

export type Sources = Readonly<Record<string, ArraySource>>;

/** How the loss of files is computed. */
export interface BatchPlan {
  readonly terms: readonly LossTerm[];
  readonly inputs: readonly BoundInput[];
  /** Sizes of the symbols; of those that count samples only where files say it beforehand. */
  readonly sizes: DimSizes;
  /** The inputs that are read row by row, in step, by the symbol that counts their rows. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** The inputs that every batch gets whole. */
  readonly shared: readonly string[];
  /** Rows in a batch. */
  readonly rows: number;
  /** True where batches give what one call over all samples would give. */
  readonly isExact: boolean;
}

export interface BatchPlanOptions {
  /** Rows in a batch; default: as many as fit in `batchBytes`, and all where samples meet each other. */
  readonly batchRows?: number;
  readonly batchBytes: number;
}

const maxRows = 2 ** 18;

/** Decides how a loss is computed from files; throws what a call with such inputs throws. */
export async function makeBatchPlan(spec: LossSpec, sources: Sources, options: BatchPlanOptions): Promise<BatchPlan> {
  const { batchRows } = options;
  const first = lossTerms(spec, typesOf(sources));
  // Kinds of samples that are counted apart may be equally many or not, and that decides which are read in step.
  const types = typesOf(first.length > 1 ? await counted(sources) : sources);
  const terms = first.length > 1 ? lossTerms(spec, types) : first;
  const { inputs, sizes } = bindInputs(spec.loss.definition, types, spec.options);
  const groups = new Map(
    terms.flatMap(({ samples, sampleInputs }) => (samples === undefined ? [] : [[samples, sampleInputs] as const])),
  );
  const inStep = new Set([...groups.values()].flat());
  const isSeparable = terms.every((term) => term.isSeparable);
  return {
    terms,
    inputs,
    sizes,
    groups,
    shared: inputs.flatMap(({ name }) => (inStep.has(name) ? [] : [name])),
    rows: batchRows ?? (isSeparable ? fittingRows(sources, [...inStep], options.batchBytes) : Number.MAX_SAFE_INTEGER),
    isExact: isSeparable || batchRows === undefined || groups.size === 0,
  };
}

/** The rows of files that do not say how many they have are taken to be as many as those of another, or two. */
function typesOf(sources: Sources): Readonly<Record<string, GivenInput>> {
  const known = Object.values(sources).find(({ shape }) => shape[0] !== undefined)?.shape[0] ?? 2;
  return Object.fromEntries(
    Object.entries(sources).map(([name, { shape, dtype }]): [string, GivenInput] => [
      name,
      { shape: shape.map((dim) => dim ?? known), dtype },
    ]),
  );
}

/** The sources, with their rows counted where the files do not say it. */
async function counted(sources: Sources): Promise<Sources> {
  const known = Object.entries(sources).map(async ([name, source]): Promise<[string, ArraySource]> => {
    const [rows, ...sample] = source.shape;
    if (source.shape.length === 0 || rows !== undefined) return [name, source];
    let total = 0;
    for await (const batch of source.batches(maxRows)) total += batch.rows;
    return [name, { ...source, shape: [total, ...sample.map((dim) => dim ?? 0)] }];
  });
  return Object.fromEntries(await Promise.all(known));
}

function fittingRows(sources: Sources, names: readonly string[], batchBytes: number): number {
  const rowBytes = names.reduce((sum, name) => {
    const source = sources[name];
    return sum + (source === undefined ? 0 : 4 * rowSize(source));
  }, 0);
  return Math.min(maxRows, Math.max(1, Math.floor(batchBytes / Math.max(1, rowBytes))));
}

/** Refuses gradients towards inputs that have none. */
export function checkGradients(spec: LossSpec, { inputs }: BatchPlan, names: readonly string[]): void {
  const differentiable = inputs.filter((input) => input.differentiable).map(({ name }) => name);
  for (const name of names) {
    if (differentiable.includes(name)) continue;
    throw new OptionError(
      `${spec.name}: gradients must be of ${differentiable.join(", ") || "no input here"}, got ${name}. Inputs that hold integers have none.`,
    );
  }
}

/** The numbers that a dtype is computed with in files. */
export function fileFloat(dtype: FloatDType): "float32" | "float64" {
  return isFloat(dtype) && dtype === "float64" ? "float64" : "float32";
}

/** The shape of one row of an input. */
export function rowShape({ shape }: ArraySource): readonly number[] {
  return shape.slice(1).map((dim) => dim ?? 0);
}
