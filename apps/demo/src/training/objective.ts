import type { LossSpec } from "@losses/core";
import type { Parameter } from "../model/parameter.js";
import type { Random } from "../random.js";
import type { Slot, Source } from "./sources.js";

/** What the two towers made of a batch, with room for the gradients. */
export interface Embedded {
  readonly image: Slot;
  readonly text: Slot;
  /** The picture that each row belongs to. */
  readonly labels: Int32Array;
}

/** One loss of an objective with its inputs. */
export interface Term {
  readonly spec: LossSpec;
  readonly inputs: Readonly<Record<string, Source>>;
  readonly weight?: number;
  /** True for the other player of an adversarial pair: it trains, but is no part of the reported loss. */
  readonly opponent?: boolean;
}

/** An objective in training: its own parameters, and its terms for each batch. */
export interface Trainable {
  readonly parameters: readonly Parameter[];
  /** `progress`: the share of the training that is done, in [0, 1). */
  terms(embedded: Embedded, progress: number): readonly Term[];
}

/** A way to train the encoder: which losses, and what they are given of a batch. */
export interface Objective {
  /** The name it is chosen by and shown under. */
  readonly name: string;
  /** One sentence: what the loss sees. */
  readonly doc: string;
  /** One sentence: what the loss suits. */
  readonly suits: string;
  /** Whether embeddings are divided by their length before the loss. */
  readonly normalized: boolean;
  readonly learningRate: number;
  /** Captions of the same picture in a batch. Default 1. */
  readonly perPicture?: number;
  create(context: { readonly random: Random; readonly pictures: number }): Trainable;
}
