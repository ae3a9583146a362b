import {
  checkBackend,
  crossEntropy,
  formatShape,
  readOptions,
  ShapeError,
  type Backend,
  type Rules,
} from "@losses/core";
import { countRule, flagRule, floatRule, functionRule, signalRule } from "../arguments.js";
import { readArray, type ArraySource } from "../arraySource.js";
import { unsupported } from "../fileError.js";
import { givenSource } from "../givenSource.js";
import { memoryArray } from "../memoryArray.js";
import { evaluateArrays, type EvaluateArraysOptions } from "./evaluateArrays.js";

export interface PerplexityOptions extends Pick<
  EvaluateArraysOptions,
  "dtype" | "batchRows" | "signal" | "onProgress"
> {
  /** The label of tokens that do not count. Default -100. */
  readonly ignoreIndex?: number;
  /**
   * True where the labels are the tokens of the input themselves, so that position t predicts label t + 1, as in the causal
   * language models of transformers. Default false: position t predicts label t.
   */
  readonly shift?: boolean;
}

export interface Perplexity {
  /** Tokens that count. */
  readonly tokens: number;
  /** The mean negative log-likelihood of a token, in nats. */
  readonly loss: number;
  /** `exp(loss)` */
  readonly perplexity: number;
  /** `loss / log 2` */
  readonly bitsPerToken: number;
}

const rules: Rules<PerplexityOptions> = {
  dtype: floatRule,
  batchRows: countRule,
  signal: signalRule,
  onProgress: functionRule,
  ignoreIndex: { domain: "an integer", accepts: Number.isSafeInteger },
  shift: flagRule,
};

/**
 * How well a language model predicts a text, from its logits in a file.
 *
 * @param logitsArray (T, V), or (B, T, V) row-major
 * @param labelsArray token ids, (T) or (B, T)
 * @example
 * ```ts
 * const { perplexity: ppl } = await perplexity(backend, logits, labels, { shift: true });
 * ```
 */
export async function perplexity<T>(
  backend: Backend<T>,
  logitsArray: ArraySource,
  labelsArray: ArraySource,
  options?: PerplexityOptions,
): Promise<Perplexity> {
  checkBackend("perplexity", backend);
  const logits = givenSource("perplexity", "logits", logitsArray);
  const labels = givenSource("perplexity", "labels", labelsArray);
  const { ignoreIndex = -100, shift = false, ...rest } = readOptions("perplexity", options, rules);
  if (logits.shape.length !== 2 && logits.shape.length !== 3) {
    throw new ShapeError(`perplexity: logits must have shape [T, V] or [B, T, V], got ${logits.shape.length} axes.`);
  }
  const tokens = await readArray(labels);
  const expected = logits.shape.slice(0, -1);
  if (
    tokens.shape.length !== expected.length ||
    expected.some((dim, axis) => (dim ?? tokens.shape[axis]) !== tokens.shape[axis])
  ) {
    const wanted = formatShape(expected.map((dim) => dim ?? "T"));
    throw new ShapeError(
      `perplexity: labels must have shape ${wanted} as the logits, got ${formatShape(tokens.shape)}.`,
    );
  }
  if (logits.shape.length === 3 && logits.merged === undefined) {
    throw unsupported(
      `${logits.name}: logits of several texts must lie row by row in the file, got another order. Save them in C order.`,
    );
  }
  const inPlace = Array.from(tokens.data, Number);
  const ids = shift ? shifted(inPlace, tokens.shape.at(-1) ?? 0, ignoreIndex) : inPlace;
  const flat = logits.shape.length === 3 ? (logits.merged?.() ?? logits) : logits;
  const target = memoryArray(labels.name, ids, [ids.length]);
  const { terms, value = Number.NaN } = await evaluateArrays(
    backend,
    crossEntropy({ ignoreIndex }),
    { input: flat, target },
    rest,
  );
  return {
    tokens: terms[0]?.divisor ?? 0,
    loss: value,
    perplexity: Math.exp(value),
    bitsPerToken: value / Math.LN2,
  };
}

/** The label after each; after the last of a text there is none. */
function shifted(labels: readonly number[], length: number, none: number): number[] {
  return Array.from(labels, (_, i) => ((i + 1) % length === 0 ? none : (labels[i + 1] ?? none)));
}
