import { isPlainObject } from "../arguments.js";
import { OptionError } from "../errors.js";
import { isDeclared } from "./bind.js";
import type { DimSizes } from "../tensor/dims.js";
import { checkLetters, readDefinition, withOptions, type families } from "./definition.js";
import type { InputDeclaration } from "./inputs.js";
import type { LossInputs, LossTensors, OptionalInput, RequiredInput } from "./inputTypes.js";
import {
  emptyPolicies,
  oneOf,
  optionsToJSON,
  resolveOptions,
  type BatchReduction,
  type EmptyPolicy,
  type OptionDeclarations,
} from "./options.js";
import type { LossValue } from "./reduce.js";

/** The families that losses are grouped in. */
export type LossFamily = (typeof families)[number];

/** Options that every loss has. */
export interface ReducedOptions {
  readonly reduction: BatchReduction | "batchmean";
}

/** An option that every loss has besides its own. */
export interface CommonOptions {
  /** What the mean over nothing is. Default `"nan"`, as in PyTorch, for most losses; `"zero"` or `"error"` besides. */
  readonly empty: EmptyPolicy;
}

/**
 * What a loss of your own says of itself: read by tools. The losses of this package say it in their comments, from which
 * `@losses/core/docs` is made, so that no bundle carries it; only their aliases, under which `findLoss` finds them, are here.
 */
export interface LossDocs {
  /** One sentence. */
  readonly summary?: string;
  /** The formula, in plain text. */
  readonly formula?: string;
  /** The equivalent PyTorch call, where there is one. */
  readonly pytorch?: string;
  /** Each difference from that call, and each trap. */
  readonly notes?: readonly string[];
  /** Papers and sources. */
  readonly references?: readonly string[];
  /** Names under which people look for it. */
  readonly aliases?: readonly string[];
}

/** What `defineLoss` is given. `O` are the options, `I` the inputs. */
export interface LossConfig<O extends ReducedOptions, I extends LossInputs> extends LossDocs {
  readonly name: string;
  readonly family?: LossFamily;
  readonly inputs: { readonly [K in RequiredInput<I>]: InputDeclaration<NonNullable<I[K]>> };
  readonly optionalInputs?: { readonly [K in OptionalInput<I>]: InputDeclaration<NonNullable<I[K]>> };
  /** Where only some combinations of optional inputs make sense: the sets of which exactly one must be given. */
  readonly inputSets?: readonly (readonly OptionalInput<I>[])[];
  readonly options: OptionDeclarations<O>;
  /** What the mean over nothing is by default; `"nan"` if it is left out. */
  readonly empty?: EmptyPolicy;
  /** Checks that concern several options at once; throws `OptionError`. */
  readonly check?: (options: O) => void;
  /** What the sizes of axes, by their letters, must be besides; throws `ShapeError` or `OptionError`. */
  readonly checkSizes?: (sizes: DimSizes, options: O) => void;
  /** The mathematics, before reduction. */
  readonly value: (inputs: LossTensors<I>, options: O) => LossValue;
}

/** The inputs that required and optional ones make together. */
export type InputsOf<R, P> = { readonly [K in keyof R]: R[K] } & (string extends keyof P
  ? unknown
  : { readonly [K in keyof P]?: P[K] });

/** The same, its inputs told by their declarations. */
export interface LossDeclaration<O extends ReducedOptions, R extends LossInputs, P extends LossInputs> extends Omit<
  LossConfig<O, LossInputs>,
  "inputs" | "optionalInputs" | "inputSets" | "value"
> {
  readonly inputs: { readonly [K in keyof R]: InputDeclaration<NonNullable<R[K]>> };
  readonly optionalInputs?: { readonly [K in keyof P]: InputDeclaration<NonNullable<P[K]>> };
  readonly inputSets?: readonly (readonly (keyof P)[])[];
  readonly value: (inputs: LossTensors<InputsOf<R, P>>, options: O) => LossValue;
}

/** A loss with its options decided: frozen data that any backend compiles. */
export interface LossSpec<I extends LossInputs = LossInputs> {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** The definition behind the name; not part of the serialised form. */
  readonly loss: AnyLoss;
  /** Never present; carries the inputs to the types of a compiled loss. */
  readonly inputTypes?: I;
  /** `{ name, options }`, from which `specFromJSON` makes an equal spec. */
  toJSON(): { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
}

/** A loss: call it with options to get a spec; its declaration is readable as data. */
export interface Loss<O extends ReducedOptions, I extends LossInputs = LossInputs> {
  (options?: Partial<O & CommonOptions>): LossSpec<I>;
  readonly lossName: string;
  readonly definition: LossConfig<O, I>;
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
  readonly empty?: EmptyPolicy;
  readonly check?: (options: never) => void;
  readonly checkSizes?: (sizes: DimSizes, options: never) => void;
  /** What of it depends on which inputs are given, as the letters of losses that share optional ones do. */
  readonly forGiven?: (given: readonly string[]) => Pick<AnyDefinition, "inputs" | "optionalInputs" | "checkSizes">;
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
export function defineLoss<O extends ReducedOptions, R extends LossInputs, P extends LossInputs = {}>(
  config: LossDeclaration<O, R, P>,
): Loss<O, InputsOf<R, P>> {
  const { empty = "nan", ...declared } = readDefinition("defineLoss", config);
  const definition = withOptions(declared, { empty: oneOf(emptyPolicies, empty) });
  checkLetters("defineLoss", definition);
  const { name, check } = definition;
  if (!Object.hasOwn(definition.options, "reduction")) {
    const got = Object.keys(declared.options).join(", ") || "none";
    throw new OptionError(
      `defineLoss: options must declare a reduction, got ${got}. Add it: { reduction: reduction() }.`,
    );
  }
  const create = (given?: Partial<O & CommonOptions>): LossSpec<InputsOf<R, P>> => {
    checkNoInput(definition, given);
    const options = resolveOptions<O>(
      name,
      definition.options as OptionDeclarations<O>,
      given as Partial<Record<string, unknown>> | undefined,
    );
    check?.(options as never);
    const data = { name, options: options as unknown as Readonly<Record<string, unknown>> };
    return Object.freeze({
      ...data,
      loss: loss as unknown as AnyLoss,
      toJSON: () => ({ name, options: optionsToJSON(name, data.options) }),
    });
  };
  const loss = Object.assign(create, {
    lossName: name,
    definition: definition as unknown as LossConfig<O, InputsOf<R, P>>,
  });
  return Object.freeze(loss);
}

/** Weights, scales and the like are inputs here, although other libraries have them as options. */
function checkNoInput(definition: AnyDefinition, given: unknown): void {
  if (!isPlainObject(given)) return;
  for (const key of Object.keys(given)) {
    const isTemperature = /^(temperature|tau)$/i.test(key) && isDeclared(definition, "logitScale");
    if (Object.hasOwn(definition.options, key) || !(isTemperature || isDeclared(definition, key))) continue;
    const names = new Set([...Object.keys(definition.inputs), key]);
    const cure = isTemperature
      ? "Give the input logitScale, 1 / temperature."
      : `Give it with the other inputs: value({ ${[...names].join(", ")} }).`;
    throw new OptionError(`${definition.name}: options must not hold inputs, got ${key}. ${cure}`, "UNKNOWN_OPTION");
  }
}
