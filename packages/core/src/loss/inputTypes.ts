import type { Tensor } from "../tensor/tensor.js";

/**
 * What an input is, for the types of everything around a loss:
 * - `"float"`: floating numbers, with a gradient;
 * - `"fixed"`: floating numbers without one;
 * - `"number"`: numbers of any dtype, with a gradient where they come as floats;
 * - `"index"`: integers;
 * - `"mask"`: true or false;
 * - `"float[]"`: a list of floating tensors, with a gradient each.
 */
export type InputTag = "float" | "fixed" | "number" | "index" | "mask" | "float[]";

/** The inputs of a loss by name: `{ input: "float"; target: "index" | "float"; weight?: "float" }`. */
export type LossInputs = { readonly [name: string]: InputTag | undefined };

/** The names of a loss's inputs, as texts. */
export type InputName<I> = keyof I & string;

/** The inputs that must be given. */
export type RequiredInput<I> = { [K in InputName<I>]-?: undefined extends I[K] ? never : K }[InputName<I>];

/** The inputs that may be left out. */
export type OptionalInput<I> = Exclude<InputName<I>, RequiredInput<I>>;

/** The inputs that can have a gradient. */
export type GradInput<I> = {
  [K in InputName<I>]-?: Extract<I[K], "float" | "number" | "float[]"> extends never ? never : K;
}[InputName<I>];

/** Of an input that nothing is known of, one tensor is expected. */
type Listed<V, Tag> = [InputTag] extends [Tag] ? V : Tag extends "float[]" ? readonly V[] : V;

/** Something for each input. */
export type ForInputs<I, V> = { readonly [K in InputName<I>]: Listed<V, NonNullable<I[K]>> };

/** Something for each input that is given. Made over the members of `I`, whose comments editors show. */
export type PerInput<I, V> = { readonly [K in keyof I]: Listed<V, NonNullable<I[K]>> };

/** The tensors that a loss is written over: the required inputs, and the optional ones that were given. */
export type LossTensors<I> = { readonly [K in RequiredInput<I>]: Listed<Tensor, I[K]> } & {
  readonly [K in OptionalInput<I>]?: Listed<Tensor, NonNullable<I[K]>>;
};

/** Required inputs that are sure to have a gradient. */
type SureGrad<I> = { [K in RequiredInput<I>]: I[K] extends "float" | "float[]" ? K : never }[RequiredInput<I>];

/** The gradients of these inputs: sure to be there for floating inputs that must be given. */
export type Grads<T, I, W extends InputName<I>> = {
  readonly [K in keyof I as K & W & SureGrad<I>]: Listed<T, I[K]>;
} & { readonly [K in keyof I as K & Exclude<W, SureGrad<I>>]?: Listed<T, NonNullable<I[K]>> };

/** The optional inputs of a loss that gives a value for each sample. */
export type Sampled = {
  /** Weight of each sample: multiplies its value; the mean divides by the sum of the weights. */
  sampleWeight?: "float";
  /** Samples that count: the others are outside values and divisor. */
  mask?: "mask";
};
