import { LossesError } from "../errors.js";
import type { InputDeclaration, LossTensors } from "./inputs.js";
import { optionsToJSON, resolveOptions, type OptionDeclarations, type Reduction } from "./options.js";
import type { LossValue } from "./reduce.js";

/** The families that losses are grouped in. */
export type LossFamily =
  "ranking" | "contrastive" | "matching" | "classification" | "distribution" | "adversarial" | "regression" | "custom";

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
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(config.name)) {
    throw new LossesError(
      "INVALID_DEFINITION",
      `defineLoss: name must be letters and digits in camelCase, got "${config.name}".`,
    );
  }
  const create = (options: Partial<O> = {}): LossSpec<R, P> => {
    const resolved = resolveOptions<O>(config.name, config.options, options as Partial<Record<string, unknown>>);
    config.check?.(resolved);
    const data = { name: config.name, options: resolved as unknown as Readonly<Record<string, unknown>> };
    return Object.freeze({
      ...data,
      loss: loss as unknown as AnyLoss,
      toJSON: () => ({ name: data.name, options: optionsToJSON(data.name, data.options) }),
    });
  };
  const loss: Loss<O, R, P> = Object.assign(create, { lossName: config.name, definition: config });
  return Object.freeze(loss);
}

/** Every declared input of a loss, required first. */
export function allInputs(definition: AnyDefinition): Readonly<Record<string, InputDeclaration>> {
  return { ...definition.inputs, ...definition.optionalInputs };
}
