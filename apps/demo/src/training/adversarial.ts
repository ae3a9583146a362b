import { ganDiscriminatorLoss, ganGeneratorLoss } from "@losses/core";
import { dimensions } from "../model/encoder.js";
import { dense, relu, sequence, type Forward } from "../model/layers.js";
import { createParameter, type Parameter } from "../model/parameter.js";
import type { Random } from "../random.js";
import type { Embedded, Objective, Term } from "./objective.js";
import { exponential, fixed, through, whole, type Slot, type Source } from "./sources.js";

const hidden = 32;
/** Weight of the game beside the matching loss. */
const gameWeight = 0.05;

/** A small network that guesses whether an embedding is of a picture or of a text. */
interface Discriminator {
  readonly weight1: Parameter;
  readonly bias1: Parameter;
  readonly weight2: Parameter;
  readonly bias2: Parameter;
}

/** Matching, with a discriminator that tells texts from pictures and an encoder that learns to deceive it. */
export function adversarial(match: (embedded: Embedded, logitScale: Source) => Term): Objective {
  return {
    name: "clipLoss+gan",
    doc: "clipLoss beside a game: a discriminator tells texts from pictures, the text tower learns to deceive it.",
    suits: "Two kinds of input whose embeddings stay apart although they match.",
    normalized: true,
    learningRate: 0.02,
    create: ({ random }) => {
      const logScale = createParameter(1, 1, random, { spread: 0 });
      logScale.value[0] = Math.log(1 / 0.07);
      const discriminator = createDiscriminator(random);
      const judging = ganDiscriminatorLoss();
      const deceiving = ganGeneratorLoss();
      return {
        parameters: [logScale, ...Object.values(discriminator)],
        terms: (embedded) => [
          match(embedded, exponential(logScale)),
          {
            spec: deceiving,
            weight: gameWeight,
            inputs: { fake: judge(whole(embedded.text), embedded.text.rows, frozen(discriminator)) },
          },
          {
            spec: judging,
            opponent: true,
            inputs: { real: detached(embedded.image, discriminator), fake: detached(embedded.text, discriminator) },
          },
        ],
      };
    },
  };
}

function createDiscriminator(random: Random): Discriminator {
  return {
    weight1: createParameter(dimensions, hidden, random, { spread: Math.sqrt(2 / dimensions) * 4 }),
    bias1: createParameter(1, hidden, random, { spread: 0 }),
    weight2: createParameter(hidden, 1, random, { spread: Math.sqrt(1 / hidden) }),
    bias2: createParameter(1, 1, random, { spread: 0 }),
  };
}

/** The same network with gradients that nobody reads: its opponent must not train it. */
function frozen(discriminator: Discriminator): Discriminator {
  const copy = (parameter: Parameter): Parameter => ({
    ...parameter,
    gradient: new Float32Array(parameter.gradient.length),
  });
  const { weight1, bias1, weight2, bias2 } = discriminator;
  return { weight1: copy(weight1), bias1: copy(bias1), weight2: copy(weight2), bias2: copy(bias2) };
}

function judge(source: Source, rows: number, { weight1, bias1, weight2, bias2 }: Discriminator): Source {
  const layers = (input: Float32Array): Forward =>
    sequence(input, [(x) => dense(x, rows, weight1, bias1), relu, (x) => dense(x, rows, weight2, bias2)]);
  return through(source, rows, layers);
}

/** Judged embeddings whose own gradient stops at the discriminator. */
function detached(slot: Slot, discriminator: Discriminator): Source {
  return judge(fixed(slot.value, [slot.rows, slot.columns]), slot.rows, discriminator);
}
