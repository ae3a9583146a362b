import { checkSpec, readOptions, type LossInputs, type LossSpec, type Rules } from "@losses/core";
import type { LossDescription } from "@losses/core/docs";
import { describeLoss } from "./describeLoss.js";
import type { Provider } from "./emit/providers.js";
import { exportGraph } from "./exportGraph.js";
import { lossGraph, type LossGraphOptions } from "./lossGraph.js";
import { byNameRule, graphRules, providerRule, readDocs } from "./requests.js";

export interface ExportLossOptions<I extends LossInputs = LossInputs> extends LossGraphOptions<I> {
  /** `"cpu"` for a model that only the processor will run: it may be faster there. Default `"any"`. */
  readonly provider?: Provider;
  /** What the model says of its loss and inputs: `describeLoss(spec.loss.definition)` of `@losses/core/docs`. Default: what the definition says. */
  readonly docs?: Partial<LossDescription>;
}

const rules: Rules<ExportLossOptions> = { ...graphRules, provider: providerRule, docs: byNameRule };

/**
 * Writes a loss, or a loss and its gradients, as an ONNX model: the bytes of a `.onnx` file that every ONNX runtime
 * computes forwards, without any support for training.
 *
 * The inputs have the loss's names. The outputs are `value` and, for each gradient asked for, `grad:<input>`: the gradient of
 * the sum of the value; with `parts`, `part:<name>` for each part of the loss. Sizes that are not fixed are symbolic, so one file serves every batch size. The model's
 * `metadata_props` hold `losses.name`, `losses.options` (JSON), `losses.outputs` (JSON) and `losses.version`.
 *
 * @param typed the loss with its options
 * @param options gradients, dtype, and shapes or dtypes of single inputs
 * @throws OptionError on an option that does not exist; InputError, ShapeError or DTypeError where the options do not fit the loss;
 * UnsupportedOpError on a recursion of too many or unknown steps, unless the model is for the processor
 * @example
 * ```ts
 * const bytes = exportLoss(tripletMarginLoss({ margin: 0.2 }), { gradients: true });
 * const fixed = exportLoss(crossEntropy(), { shapes: { input: ["batch", 10] }, inputs: { target: { dtype: "int64" } } });
 * ```
 */
export function exportLoss<I extends LossInputs>(typed: LossSpec<I>, options?: ExportLossOptions<I>): Uint8Array {
  checkSpec("exportLoss", typed);
  const spec: LossSpec = typed;
  const {
    provider = "any",
    docs,
    ...rest
  } = readOptions("exportLoss", options as ExportLossOptions | undefined, rules);
  const said = readDocs("exportLoss", docs);
  const made = lossGraph(spec, rest);
  return exportGraph(made.graph, { ...describeLoss(spec, made, said), provider });
}
