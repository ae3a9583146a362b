import { isPlainObject, listRule, printValue, readable, readOptions, type Rule, type Rules } from "../../arguments.js";
import { OptionError, ShapeError } from "../../errors.js";
import { substituteDim, symbolsOf } from "../../tensor/dimArithmetic.js";
import { isSize, mostAxes, type Dim, type Shape } from "../../tensor/dims.js";
import { inputDTypes, isInputDType, type InputDType } from "../../tensor/dtype.js";

/** What is asked of one input of a loss whose tensors are not there yet. */
export interface InputRequest {
  /** Its axes: sizes, or names of sizes that are taken as they come. Default: as declared, every optional axis there. */
  readonly shape?: Shape;
  /** Default: the dtype that is computed in, int32 for integers, bool for masks. */
  readonly dtype?: InputDType;
}

/** What is asked of inputs, by name; an element of a list is named by its place, `fake.0`. */
export interface InputRequests {
  /** Inputs with a shape or dtype of their own. Naming an optional input makes it one that is given. */
  readonly inputs?: Readonly<Record<string, InputRequest | undefined>>;
  /** Short for `inputs` with nothing but a shape. */
  readonly shapes?: Readonly<Record<string, readonly Dim[] | undefined>>;
}

const inputRules: Rules<InputRequest> = {
  // With what is wrong in it: by readDims.
  shape: { domain: "a list of sizes and names", accepts: Array.isArray },
  dtype: { domain: inputDTypes.join(", "), accepts: isInputDType },
};

export const requestRules: Rules<InputRequests> = {
  inputs: { domain: "a plain object", accepts: isPlainObject },
  shapes: { domain: "a plain object", accepts: isPlainObject },
};

/** What is asked of single inputs, by name: the options `inputs` and `shapes`. */
export function readRequests(where: string, asked: InputRequests): Readonly<Record<string, InputRequest>> {
  if (typeof where !== "string") {
    throw new OptionError(`readRequests: where must be a text, got ${printValue(where)}.`);
  }
  const { inputs, shapes } = readOptions(where, asked, requestRules);
  return readable(where, () => {
    const requests = new Map<string, InputRequest>();
    for (const [name, given] of readRecord(`${where}: option inputs`, inputs)) {
      const at = `${where}: inputs.${name}`;
      const { shape, ...rest } = readOptions(at, given as InputRequest, inputRules);
      requests.set(name, shape === undefined ? rest : { ...rest, shape: readDims(at, shape) });
    }
    for (const [name, shape] of readRecord(`${where}: option shapes`, shapes)) {
      requests.set(name, { ...requests.get(name), shape: readDims(`${where}: shapes.${name}`, shape) });
    }
    return Object.fromEntries(requests);
  });
}

/** The entries of a plain object, those that are `undefined` left out. */
export function readRecord(where: string, given: unknown): readonly (readonly [string, unknown])[] {
  if (given === undefined) return [];
  return readable(where, () => {
    if (!isPlainObject(given)) throw new OptionError(`${where} must be a plain object, got ${printValue(given)}.`);
    return Object.entries(given).filter(([, value]) => value !== undefined);
  });
}

/** A size, or what is made of names by +, - and *, as in `N` and `2*N`. */
function isDim(value: unknown): value is Dim {
  if (typeof value !== "string") return isSize(value);
  if (/\w\s+\w/.test(value)) return false;
  try {
    const symbols = symbolsOf(value);
    return symbols.length > 0 && symbols.every((symbol) => !(symbol in Object.prototype));
  } catch {
    return false;
  }
}

/** The axes of a tensor of a loss in a model. */
export const dimsRule: Rule = listRule(
  `at most ${mostAxes} axes that are sizes >= 0 or names`,
  { domain: "a size or a name", accepts: isDim },
  mostAxes,
);

/** `N+N` is `2*N`: equal sizes are equal texts. */
function inOneSpelling(dim: Dim): Dim {
  return substituteDim(dim, (symbol) => symbol);
}

function readDims(where: string, given: unknown): Shape {
  // Copied: what is looked at twice may have changed.
  const dims: unknown = readable(where, () => (Array.isArray(given) ? given.slice(0, mostAxes + 1) : given));
  if (dimsRule.accepts(dims)) return (dims as Shape).map(inOneSpelling);
  const wrong: unknown[] = Array.isArray(dims) ? Array.from(dims).filter((dim) => !isDim(dim)) : [];
  const got = wrong.length === 0 ? printValue(dims) : `${printValue(wrong[0])} in it`;
  throw new ShapeError(`${where} must have ${dimsRule.domain}, got ${got}.`);
}
