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
  return { forms: [{ shape, holds: { kind: "float" } }], differentiable: true, doc };
}

/** Numbers of any dtype (signs, similarity labels), computed with as floats. */
export function number(shape: readonly DimToken[], doc: string): InputDeclaration {
  return { forms: [{ shape, holds: { kind: "number" } }], differentiable: true, doc };
}

/**
 * Integer labels. With `below` (a dimension letter) they are class indices and checked against that size;
 * `except` names the option whose value is allowed outside the range.
 */
export function labels(
  shape: readonly DimToken[],
  doc: string,
  range: { readonly below?: string; readonly except?: string } = {},
): InputDeclaration {
  return {
    forms: [{ shape, holds: { kind: "index", below: range.below, except: range.except } }],
    differentiable: false,
    doc,
  };
}

/** An input that comes in either of two forms, told apart by dtype: class indices or probabilities. */
export function either(a: InputDeclaration, b: InputDeclaration): InputDeclaration {
  return {
    forms: [...a.forms, ...b.forms],
    differentiable: a.differentiable || b.differentiable,
    doc: `${a.doc} Or: ${b.doc}`,
  };
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
  return `[${tokens.map(print).join(", ")}]`;
}
