import {
  isListOf,
  isObject,
  printValue,
  readable,
  readOptions,
  readParts,
  type Rule,
  type Rules,
} from "../arguments.js";
import { OptionError } from "../errors.js";
import type { Dim } from "../tensor/dims.js";
import type { InputTag } from "./inputTypes.js";
import { isName } from "./names.js";
import { boundRules, declared, readCondition, readNumbers } from "./readInput.js";
import { readPattern, type DimToken, type ShapePattern } from "./shapePattern.js";

/**
 * A size that integers are held against: a number, that of an axis (`"C"`, `"2*C"`), an option's value, another input's element at
 * the same place, or what `addDims` and its like compute from the sizes of axes, which may be letters, with a name for it.
 */
export type Bound =
  | string
  | number
  | { readonly option: string }
  | { readonly input: string }
  | { readonly computed: string; readonly of: (sizes: Readonly<Record<string, Dim>>) => Dim };

/** Where floating numbers must lie: both ends count; NaN only where that is said. */
export interface FloatRange {
  readonly from: number;
  readonly to: number;
  readonly nan: boolean;
}

/** What an input may hold. */
export type InputKind =
  /** Floating numbers; differentiable unless said otherwise. With a range, they are checked before each run. */
  | { readonly kind: "float"; readonly range?: FloatRange }
  /**
   * Numbers of any dtype, computed with as floats; differentiable when they come as floats. With a range or values, those that come
   * as plain data are checked before each run; NaN is taken, and gives NaN.
   */
  | { readonly kind: "number"; readonly range?: FloatRange; readonly values?: readonly number[] }
  /**
   * Integers: from `from` on, below a bound or at most a bound, or equal to `except`: a number, or the option of that name.
   * Without bounds, any. Where `sum` is known, that is what they add up to.
   */
  | {
      readonly kind: "index";
      readonly from: number;
      readonly below: Bound | undefined;
      readonly atMost: Bound | undefined;
      readonly sum?: Dim | undefined;
      readonly except: string | number | undefined;
    }
  /** True or false; integers and floats that are 0 or 1 are taken. */
  | { readonly kind: "mask" };

/** What a form depends on: the value of an option, or whether another input is given. */
export type FormCondition =
  { readonly option: string; readonly is: unknown } | { readonly input: string; readonly given: boolean };

/** One form that an input can take. */
export interface InputForm {
  /** The shape as it was declared, and as it was read. */
  readonly shape: readonly DimToken[];
  readonly pattern: ShapePattern;
  readonly holds: InputKind;
  /** What this form is taken with; without it, always. */
  readonly when?: FormCondition;
}

/** True for a form that is taken with these options and inputs. */
export function isFormTaken(
  form: Pick<InputForm, "when">,
  optionOf: (option: string) => unknown,
  isGiven: (input: string) => boolean,
): boolean {
  if (!isObject(form) || typeof optionOf !== "function" || typeof isGiven !== "function") {
    throw new OptionError(`isFormTaken: arguments must be a form and two functions, got ${printValue(form)}.`);
  }
  const when = readable("isFormTaken", () => readCondition("isFormTaken", form.when));
  if (when === undefined) return true;
  return "option" in when ? optionOf(when.option) === when.is : isGiven(when.input) === when.given;
}

/** A declared input: one form, or several told apart by dtype (and rank, for untyped arrays). */
export interface InputDeclaration<K extends InputTag = InputTag> {
  readonly forms: readonly InputForm[];
  readonly differentiable: boolean;
  /** What it holds, in a sentence, for tools that tell it; empty where the loss says it in its comment. */
  readonly doc: string;
  /** Learnt with the model rather than computed by it: proxies, class weights, scales. */
  readonly isParameter: boolean;
  /** A list of tensors: one or more, each of the declared shape, the letters that no other input names its own. */
  readonly isList: boolean;
  /** Never present; carries what the input is to the types around a loss. */
  readonly tag?: K;
}

interface NumberOptions {
  readonly differentiable?: boolean;
}

interface RangeOptions extends NumberOptions {
  /** The smallest number that is allowed. */
  readonly from?: number;
  /** The largest number that is allowed. */
  readonly to?: number;
}

interface LabelOptions extends RangeOptions {
  /** The only numbers that are allowed: `[1, -1]`. */
  readonly values?: readonly number[];
}

interface FloatOptions extends RangeOptions {
  /** Whether NaN is allowed next to `from` and `to`. Default false. */
  readonly nan?: boolean;
}

const isFlag = (value: unknown): boolean => typeof value === "boolean";
const rangeRules: Rules<RangeOptions> = {
  differentiable: { domain: "true or false", accepts: isFlag },
  from: { domain: "a finite number", accepts: Number.isFinite },
  to: { domain: "a finite number", accepts: Number.isFinite },
};
const numberRules: Rules<LabelOptions> = {
  ...rangeRules,
  values: { domain: "a list of numbers", accepts: (value) => readNumbers(value) !== undefined, read: readNumbers },
};
const floatRules: Rules<FloatOptions> = {
  ...rangeRules,
  nan: { domain: "true or false", accepts: isFlag },
};

/**
 * A floating input of this shape; differentiable, unless that is said to be false. With `from` or `to` its numbers are checked before
 * each run.
 */
export function float(
  shape: readonly DimToken[],
  doc: string | undefined,
  options: FloatOptions & { readonly differentiable: false },
): InputDeclaration<"fixed">;
export function float(
  shape: readonly DimToken[],
  options: FloatOptions & { readonly differentiable: false },
): InputDeclaration<"fixed">;
export function float(shape: readonly DimToken[], options: FloatOptions): InputDeclaration<"float">;
export function float(shape: readonly DimToken[], doc?: string, options?: FloatOptions): InputDeclaration<"float">;
export function float(
  shape: readonly DimToken[],
  ...about: readonly [(string | FloatOptions)?, FloatOptions?]
): InputDeclaration<"float"> | InputDeclaration<"fixed"> {
  const [doc, options] = docAndOptions(about);
  const { differentiable = true, from, to, nan = false } = readOptions("float", options, floatRules);
  return declare("float", shape, { kind: "float", ...rangeOf(from, to, nan) }, differentiable, doc);
}

function rangeOf(from: number | undefined, to: number | undefined, nan: boolean): { readonly range?: FloatRange } {
  if (from === undefined && to === undefined) return {};
  return { range: { from: from ?? -Infinity, to: to ?? Infinity, nan } };
}

/** What follows a shape: a text, options, or both in this order. */
function docAndOptions<O extends object>(
  about: readonly [(string | O)?, O?],
): readonly [doc: string, options: O | undefined] {
  const [first, second] = about;
  if (typeof first === "object" && second === undefined) return ["", first];
  return [first === undefined ? "" : (first as string), second];
}

/** A floating input that is learnt with the model: proxies, the weights of a classifier, a temperature. Differentiable. */
export function parameter(shape: readonly DimToken[], doc = ""): InputDeclaration<"float"> {
  return { ...declare("parameter", shape, { kind: "float" }, true, doc), isParameter: true };
}

/**
 * Numbers of any dtype (signs, similarity labels), computed with as floats; differentiable, unless that is said to be false. With
 * `from` and `to`, or `values`, those that come as plain data are checked before each run; tensors of a device are not read for it.
 */
export function number(
  shape: readonly DimToken[],
  doc: string | undefined,
  options: LabelOptions & { readonly differentiable: false },
): InputDeclaration<"fixed">;
export function number(
  shape: readonly DimToken[],
  options: LabelOptions & { readonly differentiable: false },
): InputDeclaration<"fixed">;
export function number(shape: readonly DimToken[], options: LabelOptions): InputDeclaration<"number">;
export function number(shape: readonly DimToken[], doc?: string, options?: LabelOptions): InputDeclaration<"number">;
export function number(
  shape: readonly DimToken[],
  ...about: readonly [(string | LabelOptions)?, LabelOptions?]
): InputDeclaration<"number"> | InputDeclaration<"fixed"> {
  const [doc, options] = docAndOptions(about);
  const { differentiable = true, from, to, values } = readOptions("number", options, numberRules);
  const only = values === undefined ? {} : { values };
  return declare("number", shape, { kind: "number", ...rangeOf(from, to, true), ...only }, differentiable, doc);
}

/** True or false for each place: what counts. */
export function mask(shape: readonly DimToken[], doc = ""): InputDeclaration<"mask"> {
  return declare("mask", shape, { kind: "mask" }, false, doc);
}

/** What integers are held against. */
export interface IndexBounds {
  /** The smallest that is allowed. Default 0, where there is a bound above. */
  readonly from?: number;
  readonly below?: Bound;
  readonly atMost?: Bound;
  /** The letter of an axis whose size the integers add up to, where that axis is given. */
  readonly sum?: string;
  /** A number, or the name of the option whose value is, allowed besides. */
  readonly except?: string | number;
}

/**
 * Integers: class indices, identities, lengths. With `below` (the letter of an axis, an option or another input) they are checked
 * before each run; `except` is allowed outside the range.
 */
export function labels(shape: readonly DimToken[], bounds: IndexBounds): InputDeclaration<"index">;
export function labels(shape: readonly DimToken[], doc?: string, bounds?: IndexBounds): InputDeclaration<"index">;
export function labels(
  shape: readonly DimToken[],
  ...about: readonly [(string | IndexBounds)?, IndexBounds?]
): InputDeclaration<"index"> {
  const [doc, bounds] = docAndOptions(about);
  const { from = 0, below, atMost, sum, except } = readOptions("labels", bounds, boundRules);
  const total = sum === undefined ? {} : { sum };
  return declare("labels", shape, { kind: "index", from, below, atMost, ...total, except }, false, doc);
}

/** An input that comes in either of two forms, told apart by dtype: class indices or probabilities. */
export function either<A extends InputTag, B extends InputTag>(
  a: InputDeclaration<A>,
  b: InputDeclaration<B>,
): InputDeclaration<A | B> {
  const [first, second] = [declared("either", a), declared("either", b)];
  return {
    forms: [...first.forms, ...second.forms],
    differentiable: first.differentiable || second.differentiable,
    doc: [first.doc, second.doc].filter((doc) => doc !== "").join(" Or: "),
    isParameter: first.isParameter || second.isParameter,
    isList: false,
  };
}

/** An input whose shape depends on an option: the declaration for each of its values. */
export function byOption<K extends InputTag>(
  option: string,
  cases: readonly (readonly [value: unknown, declaration: InputDeclaration<K>])[],
): InputDeclaration<K> {
  if (!isName(option)) throw new OptionError(`byOption: the option must be a name, got ${printValue(option)}.`);
  const pairs: (readonly [unknown, InputDeclaration<K>])[] = [];
  const isPair = (pair: unknown): boolean => {
    if (!Array.isArray(pair) || pair.length !== 2) return false;
    const [is, declaration] = pair as [unknown, InputDeclaration<K>];
    return pairs.push([is, declaration]) > 0;
  };
  if (!isListOf(cases, isPair)) {
    const wanted = "pairs of a value and a declaration";
    throw new OptionError(`byOption: cases must be a list of ${wanted}, got ${printValue(cases)}.`);
  }
  const read = pairs.map(([is, declaration]) => ({ is, declaration: declared("byOption", declaration) }));
  const [first] = read;
  if (first === undefined) throw new OptionError("byOption: there must be a declaration for each value, got none.");
  const forms = read.flatMap(({ is, declaration }) =>
    declaration.forms.map((form) => ({ ...form, when: { option, is } })),
  );
  return { ...first.declaration, forms };
}

const isDeclaration: Rule = { domain: "an input declared with float(), number() …", accepts: isObject };
const presenceRules = { given: isDeclaration, absent: isDeclaration };

/** An input whose shape or range depends on whether another input is given: the declaration with it, and the one without. */
export function byPresence<K extends InputTag>(
  input: string,
  cases: { readonly given: InputDeclaration<K>; readonly absent: InputDeclaration<K> },
): InputDeclaration<K> {
  if (!isName(input)) throw new OptionError(`byPresence: the input must be a name, got ${printValue(input)}.`);
  const read = readParts("byPresence", cases, presenceRules, ["given", "absent"]);
  const [given, absent] = [declared("byPresence", read.given), declared("byPresence", read.absent)];
  const formsOf = ({ forms }: InputDeclaration<K>, isGiven: boolean): readonly InputForm[] =>
    forms.map((form) => ({ ...form, when: { input, given: isGiven } }));
  return { ...given, forms: [...formsOf(given, true), ...formsOf(absent, false)] };
}

/** A list of tensors as one input: the scores of several scales, the weights of several clusters. One at least. */
export function list(declaration: InputDeclaration<"float">): InputDeclaration<"float[]"> {
  const { forms, differentiable, doc, isParameter } = declared("list", declaration);
  return { forms, differentiable, doc, isParameter, isList: true };
}

/** What losses take besides their own inputs where each value is of one sample. */
export type SampleInputs = {
  readonly sampleWeight: InputDeclaration<"float">;
  readonly mask: InputDeclaration<"mask">;
};

export const sampleInputNames: readonly (keyof SampleInputs)[] = ["sampleWeight", "mask"];

/**
 * The optional inputs `sampleWeight` and `mask`, in the shape that the loss has with `reduction: "none"`, or with axes of 1 in it where all
 * along them count alike. Each value is multiplied by its weight, and the mean divides by the sum of the weights; what the mask leaves out is outside values and divisor.
 */
export function sampleInputs(shape: readonly DimToken[]): SampleInputs {
  return {
    sampleWeight: float(shape),
    mask: mask(shape),
  };
}

function declare<K extends InputTag>(
  where: string,
  shape: readonly DimToken[],
  holds: InputKind,
  differentiable: boolean,
  doc: string,
): InputDeclaration<K> {
  const form: InputForm = { ...readPattern(where, shape), holds };
  return declared(where, { forms: [form], differentiable, doc, isParameter: false, isList: false });
}

/** Floats for each class, (C), (N, C) or (N, C, d…); by the option `classAxis` the classes are the last axis, (N, d…, C). */
export function perClass(doc?: string): InputDeclaration<"float"> {
  return byOption("classAxis", [
    [1, float(["N?", "C", "...d"], doc)],
    [-1, float(["N?", "...d", "C"], doc)],
  ]);
}
