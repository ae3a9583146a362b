import { isListOf, isObject, printValue, readable, readOptions, type Rules } from "../arguments.js";
import { OptionError } from "../errors.js";
import { isSize, mostAxes } from "../tensor/dims.js";
import type { Tensor } from "../tensor/tensor.js";

/**
 * One part of an input's declared shape:
 * - `"N"`: an axis; the same letter has the same size everywhere in the loss.
 * - `"N?"`: an axis that may be absent, then absent from every input that names it.
 * - `"...d"`: any number of axes, the same in every input that names `...d`.
 * - `"...f|r"`: any number of axes, free of those that `...r` stands for, though they may be the same.
 * - `"~d"`: any number of axes that broadcast with the `~d` of the other inputs; as many in each of them.
 * - `"~d?"`: the same, but leading axes may be absent.
 * - a number: exactly that size.
 */
export type DimToken = number | string;

/** What an input may hold. */
export type InputKind =
  /** Floating numbers; differentiable unless said otherwise. */
  | { readonly kind: "float" }
  /** Numbers of any dtype, computed with as floats; differentiable when they come as floats. */
  | { readonly kind: "number" }
  /** Class indices in `[0, below)`, or equal to `except`: a number, or the option of that name. */
  | { readonly kind: "index"; readonly below: string | undefined; readonly except: string | number | undefined };

/** One form that an input can take. */
export interface InputForm {
  readonly shape: readonly DimToken[];
  readonly holds: InputKind;
}

/** A declared input: one form, or several told apart by dtype (and rank, for untyped arrays). */
export interface InputDeclaration {
  readonly forms: readonly InputForm[];
  readonly differentiable: boolean;
  readonly doc: string;
}

/** A floating input of this shape, differentiable. */
export function float(shape: readonly DimToken[], doc: string): InputDeclaration {
  return declared("float", { forms: [{ shape, holds: { kind: "float" } }], differentiable: true, doc });
}

/** Numbers of any dtype (signs, similarity labels), computed with as floats. */
export function number(shape: readonly DimToken[], doc: string): InputDeclaration {
  return declared("number", { forms: [{ shape, holds: { kind: "number" } }], differentiable: true, doc });
}

const rangeRules: Rules<{ readonly below?: string; readonly except?: string }> = {
  below: { domain: "the letter of an axis", accepts: isName },
  except: { domain: "the name of an option", accepts: isName },
};

/**
 * Integer labels. With `below` (a dimension letter) they are class indices and checked against that size;
 * `except` names the option whose value is allowed outside the range.
 */
export function labels(
  shape: readonly DimToken[],
  doc: string,
  range?: { readonly below?: string; readonly except?: string },
): InputDeclaration {
  const { below, except } = readOptions("labels", range, rangeRules);
  return declared("labels", {
    forms: [{ shape, holds: { kind: "index", below, except } }],
    differentiable: false,
    doc,
  });
}

/** An input that comes in either of two forms, told apart by dtype: class indices or probabilities. */
export function either(a: InputDeclaration, b: InputDeclaration): InputDeclaration {
  const [first, second] = [declared("either", a), declared("either", b)];
  return {
    forms: [...first.forms, ...second.forms],
    differentiable: first.differentiable || second.differentiable,
    doc: `${first.doc} Or: ${second.doc}`,
  };
}

/** True for a name that inputs, options and axes may have: one that no object has already. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z]\w{0,99}$/.test(value) && !(value in Object.prototype);
}

/** A copy of a declaration, if it is one: each part is read once, and stays what it was. */
export function declared(where: string, declaration: InputDeclaration): InputDeclaration {
  return readable(where, () => {
    const { forms, differentiable, doc } = (isObject(declaration) ? declaration : {}) as Partial<InputDeclaration>;
    const own: InputForm[] = [];
    if (!isList(forms) || forms.length === 0 || forms.length > mostForms) {
      const wanted = "an input declared with float(), number(), labels() or either()";
      throw new OptionError(`${where} must be ${wanted}, got ${printValue(declaration)}.`);
    }
    for (const form of forms) own.push(readForm(where, form));
    if (typeof differentiable !== "boolean" || typeof doc !== "string") {
      throw new OptionError(`${where} must have a doc that is a text, got ${printValue(doc)}.`);
    }
    return { forms: own, differentiable, doc };
  });
}

/** More forms than dtypes can tell apart. */
const mostForms = 32;

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function readForm(where: string, form: unknown): InputForm {
  const { shape, holds } = (isObject(form) ? form : {}) as Partial<InputForm>;
  const tokens: DimToken[] = [];
  if (!isListOf(shape, (token) => isToken(token) && tokens.push(token) > 0) || tokens.filter(isRun).length > 1) {
    const wanted = 'sizes and texts such as "N", "N?", and one "...d" or "~d"';
    const wrong: unknown[] = Array.isArray(shape)
      ? shape.slice(0, mostAxes).filter((token) => !isToken(token))
      : [shape];
    throw new OptionError(
      `${where} must have a shape of ${wanted}, got ${wrong.map(printValue).join(", ") || "two of those"}.`,
    );
  }
  return { shape: tokens, holds: readKind(where, holds) };
}

/** What an input holds, each part read once. */
export function readKind(where: string, given: unknown): InputKind {
  const { kind, below, except } = (isObject(given) ? given : {}) as {
    readonly kind?: unknown;
    readonly below?: unknown;
    readonly except?: unknown;
  };
  if (kind === "float" || kind === "number") return { kind };
  if (kind !== "index") {
    throw new OptionError(`${where} must hold a float, a number or an index, got ${printValue(given)}.`);
  }
  if (!(below === undefined || isName(below))) {
    throw new OptionError(`${where} must hold indices below ${rangeRules.below.domain}, got ${printValue(below)}.`);
  }
  if (!(except === undefined || Number.isSafeInteger(except) || isName(except))) {
    throw new OptionError(`${where} must except an integer or ${rangeRules.except.domain}, got ${printValue(except)}.`);
  }
  return { kind, below, except: except as string | number | undefined };
}

function isToken(token: unknown): token is DimToken {
  return (
    isSize(token) || (typeof token === "string" && /^([A-Za-z]\w*\??|~[A-Za-z]\w*\??|\.{3}\w+(\|\w+)?)$/.test(token))
  );
}

function isRun(token: unknown): boolean {
  return typeof token === "string" && /^[.~]/.test(token);
}

/** The tensors a loss is written over: the required inputs, and the optional ones that were given. */
export type LossTensors<R extends string, P extends string> = { readonly [K in R]: Tensor } & {
  readonly [K in P]?: Tensor;
};

/** The shape of a form as documentation prints it: `[N?, D]`. */
export function formatTokens(tokens: readonly DimToken[]): string {
  const print = (token: DimToken): string =>
    String(token)
      .replace(/\|.*$/, "")
      .replace(/^~(\w+)\??$/, "...$1 (broadcast)");
  const printed: string[] = [];
  if (isListOf(tokens, (token) => isToken(token) && printed.push(print(token)) > 0)) return `[${printed.join(", ")}]`;
  throw new OptionError(`formatTokens: the tokens must be sizes and texts such as "N", got ${printValue(tokens)}.`);
}
