import { checkLetters, readDefinition, type families } from "./definition.js";
import type { InputDeclaration, LossTensors } from "./inputs.js";
import { optionsToJSON, resolveOptions, type OptionDeclarations, type Reduction } from "./options.js";
import type { LossValue } from "./reduce.js";

/** The families that losses are grouped in. */
export type LossFamily = (typeof families)[number];

/** Options that every loss has. */
export interface ReducedOptions {
  readonly reduction: Reduction | "batchmean";
}

/** What a loss is, apart from its mathematics: read by documentation, command line and tests. */
export interface LossDocs {
  /** One sentence. */
  readonly summary: string;
  /** The formula, in plain text. */
  readonly formula: string;
  /** The equivalent PyTorch call, where there is one. */
  readonly pytorch?: string;
  /** Each difference from that call, and each trap. */
  readonly notes?: readonly string[];
  /** Papers and sources. */
  readonly references?: readonly string[];
  /** Names under which people look for it. */
  readonly aliases?: readonly string[];
}

/** What `defineLoss` is given. `O` are the options, `R` the required and `P` the optional inputs. */
export interface LossConfig<O extends ReducedOptions, R extends string, P extends string> extends LossDocs {
  readonly name: string;
  readonly family?: LossFamily;
  readonly inputs: { readonly [K in R]: InputDeclaration };
  readonly optionalInputs?: { readonly [K in P]: InputDeclaration };
  /** Where only some combinations of optional inputs make sense: the sets of which exactly one must be given. */
  readonly inputSets?: readonly (readonly P[])[];
  readonly options: OptionDeclarations<O>;
  /** Checks that concern several options at once; throws `OptionError`. */
  readonly check?: (options: O) => void;
  /** The mathematics, before reduction. */
  readonly value: (inputs: LossTensors<R, P>, options: O) => LossValue;
}

/** A loss with its options decided: frozen data that any backend compiles. */
export interface LossSpec<R extends string = string, P extends string = string> {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** The definition behind the name; not part of the serialised form. */
  readonly loss: AnyLoss;
  /** Never present; carries the input names to the types of a compiled loss. */
  readonly inputNames?: { readonly required: R; readonly optional: P };
  /** `{ name, options }`, from which `specFromJSON` makes an equal spec. */
  toJSON(): { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
}

/** A loss: call it with options to get a spec; its declaration is readable as data. */
export interface Loss<O extends ReducedOptions, R extends string = string, P extends string = never> {
  (options?: Partial<O>): LossSpec<R, P>;
  readonly lossName: string;
  readonly definition: LossConfig<O, R, P>;
}

/** Any loss, its types forgotten. */
export interface AnyLoss {
  (options?: Readonly<Record<string, unknown>>): LossSpec;
  readonly lossName: string;
  readonly definition: AnyDefinition;
}

/** A definition, its types forgotten: what the registry, the tracer and the tools read. */
export interface AnyDefinition extends LossDocs {
  readonly name: string;
  readonly family?: LossFamily;
  readonly inputs: Readonly<Record<string, InputDeclaration>>;
  readonly optionalInputs?: Readonly<Record<string, InputDeclaration>>;
  readonly inputSets?: readonly (readonly string[])[];
  readonly options: OptionDeclarations<Record<string, unknown>>;
  readonly check?: (options: never) => void;
  readonly value: (inputs: never, options: never) => LossValue;
}

/**
 * Defines a loss once; it then runs, differentiates and exports on every backend.
 *
 * @example
 * ```ts
 * const logCosh = defineLoss({
 *   name: "logCosh",
 *   summary: "Mean of log cosh of the error.",
 *   formula: "log(cosh(input - target))",
 *   inputs: { input: float(["~d"], "Predictions."), target: float(["~d"], "Truth.") },
 *   options: { reduction: reduction("mean") },
 *   // log cosh d = d + softplus(-2d) - log 2
 *   value({ input, target }) {
 *     const d = input.sub(target);
 *     return d.add(d.mul(-2).softplus()).sub(Math.LN2);
 *   },
 * });
 * ```
 */
export function defineLoss<O extends ReducedOptions, R extends string, P extends string = never>(
  config: LossConfig<O, R, P>,
): Loss<O, R, P> {
  const definition = readDefinition("defineLoss", config);
  checkLetters("defineLoss", definition);
  const { name, check } = definition;
  const create = (given?: Partial<O>): LossSpec<R, P> => {
    const options = resolveOptions<O>(name, config.options, given as Partial<Record<string, unknown>> | undefined);
    check?.(options as never);
    const data = { name, options: options as unknown as Readonly<Record<string, unknown>> };
    return Object.freeze({
      ...data,
      loss: loss as unknown as AnyLoss,
      toJSON: () => ({ name, options: optionsToJSON(name, data.options) }),
    });
  };
  const loss = Object.assign(create, { lossName: name, definition: definition as unknown as LossConfig<O, R, P> });
  return Object.freeze(loss);
}
