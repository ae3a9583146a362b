import {
  allInputs,
  checkSpec,
  OptionError,
  perSample,
  readOptions,
  type InputName,
  type LossInputs,
  printValue,
  type LossSpec,
  type Rule,
  type Rules,
} from "@losses/core";
import { toTfjs } from "./toTfjs.js";
import { requireTf, tfRule, type Tf, type TfTensor } from "./tf.js";

export interface ToLayersLossOptions<N extends string = string> {
  /** The TensorFlow.js that you train with; may be left out once `createBackend()` has imported it. */
  readonly tf?: Tf;
  /** The input that receives the model's output; default `input`. */
  readonly prediction?: N;
  /** The input that receives the labels; default `target`. */
  readonly truth?: N;
  /**
   * Hand over one number for the whole batch, for a loss that has no value for each sample. Weights of classes or samples then only
   * scale it. Default false: such a loss is refused.
   */
  readonly wholeBatch?: boolean;
}

const input: Rule = { domain: "the name of an input", accepts: (value) => typeof value === "string" };

const flag: Rule = { domain: "true or false", accepts: (value) => typeof value === "boolean" };

const rules: Rules<ToLayersLossOptions> = { tf: tfRule, prediction: input, truth: input, wholeBatch: flag };

/**
 * A loss for `model.compile({ loss })` of a layers model, which calls it with `(yTrue, yPred)`.
 *
 * It gives one number for each sample, of which the mean is the loss: layers models multiply them by `classWeight` and take the mean.
 *
 * Layers models demand labels of the shape of the output for every loss but their own: give `crossEntropy` one-hot rows.
 *
 * @throws OptionError if the loss has no such inputs, or needs more of them; when called, if it has no value for each sample.
 * @example
 * model.compile({ optimizer: "adam", loss: toLayersLoss(crossEntropy(), { tf }) });
 */
export function toLayersLoss<I extends LossInputs>(
  spec: LossSpec<I>,
  options?: ToLayersLossOptions<InputName<I>>,
): (yTrue: TfTensor, yPred: TfTensor) => TfTensor {
  checkSpec("toLayersLoss", spec);
  const given = readOptions("toLayersLoss", options, rules);
  const { definition } = spec.loss;
  const inputs = allInputs(definition);
  const { prediction = "input", truth = "target" }: { readonly prediction?: string; readonly truth?: string } = given;
  const missing = Object.keys(definition.inputs).filter((name) => name !== prediction && name !== truth);
  if (!Object.hasOwn(inputs, prediction) || !Object.hasOwn(inputs, truth) || missing.length > 0) {
    throw new OptionError(
      `toLayersLoss: ${spec.name} must take a prediction and a truth (${printValue(prediction)}, ${printValue(truth)}) and no more, got the inputs ${Object.keys(inputs).join(", ")}. Name them: toLayersLoss(spec, { prediction, truth }).`,
    );
  }
  const tf = requireTf("toLayersLoss", given.tf);
  const { wholeBatch = false } = given;
  const loss = toTfjs(wholeBatch ? (spec as LossSpec) : perSample(spec as LossSpec, prediction), {
    tf,
    wrt: [prediction],
  });
  return (yTrue, yPred) => {
    const value = loss({ [prediction]: yPred, [truth]: yTrue });
    if (wholeBatch || value.rank > 0) return value;
    value.dispose();
    throw new OptionError(
      `toLayersLoss: ${spec.name} must have a value for each sample, which the model multiplies by its weight, got one for the whole batch. If no weights are used, say so: toLayersLoss(spec, { wholeBatch: true }).`,
    );
  };
}
