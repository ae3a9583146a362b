import type { LossSpec } from "@losses/core";
import type { LossEngine, LossInputs } from "../backends.js";
import { batches, type Batch, type Dataset } from "../data/dataset.js";
import { createEncoder, type Encoder } from "../model/encoder.js";
import { addTo } from "../model/matrix.js";
import { updateParameters } from "../model/parameter.js";
import { createRandom } from "../random.js";
import type { Objective, Term, Trainable } from "./objective.js";
import { retrieve, type Retrieval } from "./recall.js";
import { createSlot } from "./sources.js";

export interface TrainingOptions {
  readonly steps: number;
  readonly batchSize: number;
  readonly seed: number;
  /** Called after every step. */
  readonly onStep?: (step: number, loss: number) => void;
}

/** What a loss was given at one step: to be given to other backends as well. */
export interface RecordedCall {
  readonly spec: LossSpec;
  readonly inputs: LossInputs;
  readonly wrt: readonly string[];
}

export interface TrainingResult {
  readonly objective: Objective;
  /** The loss at each step. */
  readonly losses: readonly number[];
  /** The mean loss over the last tenth of the steps. */
  readonly finalLoss: number;
  readonly retrieval: Retrieval;
  readonly secondsPerStep: number;
  /** The part of it that the backend took: loss and gradients. */
  readonly lossSecondsPerStep: number;
  /** The calls of the first and the last step. */
  readonly recorded: readonly RecordedCall[];
}

/** Trains a fresh encoder with one objective; the backend computes the losses and their gradients. */
export async function train(
  objective: Objective,
  dataset: Dataset,
  engine: LossEngine,
  options: TrainingOptions,
): Promise<TrainingResult> {
  const { steps, batchSize, seed, onStep } = options;
  const random = createRandom(seed);
  const encoder = createEncoder(random, objective.normalized);
  const trainable = objective.create({ random, pictures: dataset.emoji.length });
  const parameters = [...encoder.parameters, ...trainable.parameters];
  const stream = batches(dataset, batchSize, objective.perPicture ?? 1, random);
  const losses: number[] = [];
  const recorded: RecordedCall[] = [];
  let lossSeconds = 0;
  const started = performance.now();
  for (let step = 0; step < steps; step++) {
    const progress = step / steps;
    const now = { progress, record: step === 0 || step === steps - 1 };
    const outcome = await runStep(encoder, trainable, stream.next().value, engine, now);
    updateParameters(parameters, step + 1, objective.learningRate * schedule(step, steps));
    losses.push(outcome.loss);
    lossSeconds += outcome.lossSeconds;
    recorded.push(...outcome.recorded);
    onStep?.(step + 1, outcome.loss);
  }
  const seconds = (performance.now() - started) / 1000;
  const last = losses.slice(-Math.max(1, Math.round(steps / 10)));
  return {
    objective,
    losses,
    finalLoss: last.reduce((sum, loss) => sum + loss, 0) / last.length,
    retrieval: retrieve(encoder, dataset),
    secondsPerStep: seconds / steps,
    lossSecondsPerStep: lossSeconds / steps,
    recorded,
  };
}

interface StepOutcome {
  readonly loss: number;
  readonly lossSeconds: number;
  readonly recorded: readonly RecordedCall[];
}

/** Forward through the towers, the losses and their gradients on the backend, back through the towers. */
async function runStep(
  encoder: Encoder,
  trainable: Trainable,
  batch: Batch,
  engine: LossEngine,
  { progress, record }: { readonly progress: number; readonly record: boolean },
): Promise<StepOutcome> {
  const pictures = encoder.encodePictures(batch.pictures, batch.size);
  const texts = encoder.encodeTexts(batch.texts);
  const image = createSlot(pictures.output, batch.size);
  const text = createSlot(texts.output, batch.size);
  const terms = trainable.terms({ image, text, labels: batch.labels }, progress);
  let loss = 0;
  let lossSeconds = 0;
  for (const term of terms) {
    const outcome = await runTerm(term, engine);
    loss += outcome.loss;
    lossSeconds += outcome.seconds;
  }
  pictures.backward(image.gradient);
  texts.backward(text.gradient);
  return { loss, lossSeconds, recorded: record ? terms.map(recordCall) : [] };
}

async function runTerm(term: Term, engine: LossEngine): Promise<{ readonly loss: number; readonly seconds: number }> {
  const { spec, inputs, weight = 1, opponent = false } = term;
  const started = performance.now();
  const { value, gradients } = await engine.evaluate(spec, tensorsOf(term), trainedInputs(term));
  const seconds = (performance.now() - started) / 1000;
  for (const [name, gradient] of Object.entries(gradients)) {
    const scaled = new Float32Array(gradient.length);
    addTo(scaled, gradient, weight);
    inputs[name]?.accept?.(scaled);
  }
  return { loss: opponent ? 0 : weight * value, seconds };
}

function tensorsOf({ inputs }: Term): LossInputs {
  return Object.fromEntries(Object.entries(inputs).map(([name, { tensor }]) => [name, tensor]));
}

function trainedInputs({ inputs }: Term): string[] {
  return Object.keys(inputs).filter((name) => inputs[name]?.accept !== undefined);
}

function recordCall(term: Term): RecordedCall {
  const inputs = Object.entries(tensorsOf(term)).map(([name, { data, shape }]) => [
    name,
    { data: data.slice(), shape },
  ]);
  return { spec: term.spec, inputs: Object.fromEntries(inputs), wrt: trainedInputs(term) };
}

/** The factor of the learning rate: a short rise, and a fall towards 0 over the last two thirds. */
function schedule(step: number, steps: number): number {
  return Math.min(1, (step + 1) / 10, 1.5 * (1 - step / steps));
}
