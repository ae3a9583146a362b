import { isObject, printValue, unreadable } from "../arguments.js";
import { OptionError, ShapeError } from "../errors.js";
import type { Dim, DimSizes } from "./dims.js";

// A dimension is a polynomial of symbols with integer coefficients, written in one way only, so that equal dimensions are equal
// strings: `N`, `2*N`, `N+M`, `H-10`, `B*T`. What a step does not divide stays a symbol of its own: `floor((H-1)/2)`.

/** Coefficients by product of symbols; the constant term by the empty product. Never a coefficient 0. */
type Polynomial = ReadonlyMap<string, number>;

const parsed = new Map<string, Polynomial>();

/** `a + b` */
export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a + b;
  return print(sum(parse(a), parse(b), 1));
}

/** `a - b` */
export function subtractDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return print(sum(parse(a), parse(b), -1));
}

/** The product of dimensions, 1 for none. */
export function multiplyDims(...dims: readonly Dim[]): Dim {
  return dims.reduce<Dim>((a, b) => {
    if (typeof a === "number" && typeof b === "number") return a * b + 0;
    if (a === 1) return b;
    return b === 1 ? a : print(product(parse(a), parse(b)));
  }, 1);
}

/** `⌊dim / by⌋` for an integer `by` ≥ 1. */
export function divideDim(dim: Dim, by: number): Dim {
  if (!Number.isSafeInteger(by) || by < 1) {
    throw new ShapeError(`divideDim: the divisor must be an integer >= 1, got ${printValue(by)}.`);
  }
  if (typeof dim === "number") return Math.floor(dim / by);
  // ⌊(k·q + r)/k⌋ = q + ⌊r/k⌋
  const whole = new Map<string, number>();
  const rest = new Map<string, number>();
  for (const [term, coefficient] of parse(dim)) {
    const [q, r] =
      term === "" ? divide(coefficient, by) : coefficient % by === 0 ? [coefficient / by, 0] : [0, coefficient];
    if (q !== 0) whole.set(term, q);
    if (r !== 0) rest.set(term, r);
  }
  const isConstant = [...rest.keys()].every((term) => term === "");
  return isConstant ? print(whole) : print(sum(whole, new Map([[`floor((${print(rest)})/${by})`, 1]]), 1));
}

/** The exact quotient, where there is one. */
export function exactQuotient(dim: Dim, by: Dim): Dim | undefined {
  if (typeof dim === "number" && typeof by === "number") return by !== 0 && dim % by === 0 ? dim / by : undefined;
  const [dividend, divisor] = [parse(dim), [...parse(by)]];
  if (dim === by) return 1;
  const [first] = divisor;
  if (first === undefined || divisor.length > 1) return undefined;
  const [byTerm, byCoefficient] = first;
  const quotient = new Map<string, number>();
  for (const [term, coefficient] of dividend) {
    const left = withoutFactors(term, byTerm);
    if (left === undefined || coefficient % byCoefficient !== 0) return undefined;
    quotient.set(left, coefficient / byCoefficient);
  }
  return print(quotient);
}

/** The size that a dimension stands for in one run; `undefined` if a symbol has none. */
export function evaluateDim(dim: Dim, sizes: DimSizes): number | undefined {
  if (typeof dim === "number") return dim;
  if (typeof dim !== "string") throw malformed(dim);
  const known = sizeAmong(sizes, dim);
  if (known !== undefined) return known;
  let total = 0;
  for (const [term, coefficient] of parse(dim)) {
    let value = coefficient;
    for (const atom of factorsOf(term)) {
      const size = evaluateAtom(atom, dim, sizes);
      if (size === undefined) return undefined;
      value *= size;
    }
    total += value;
  }
  return total;
}

/** The symbols that a dimension is made of. */
export function symbolsOf(dim: Dim): readonly string[] {
  if (typeof dim === "number") return [];
  const atoms = [...parse(dim).keys()].flatMap(factorsOf);
  return [...new Set(atoms.flatMap((atom) => (isFloor(atom) ? symbolsOf(floorOf(atom).dim) : [atom])))];
}

/** The size of the one symbol for which a dimension `a*N+b` has this size; `undefined` where no size fits. */
export function solveDim(dim: Dim, size: number): { readonly symbol: string; readonly size: number } | undefined {
  if (typeof size !== "number") throw new ShapeError(`solveDim: the size must be a number, got ${printValue(size)}.`);
  const terms = [...parse(dim)].filter(([term]) => term !== "");
  const [only] = terms;
  if (only === undefined || terms.length > 1 || factorsOf(only[0]).length > 1 || isFloor(only[0])) return undefined;
  const [symbol, coefficient] = only;
  const found = (size - (parse(dim).get("") ?? 0)) / coefficient;
  return Number.isInteger(found) && found >= 0 ? { symbol, size: found } : undefined;
}

/** One term of a dimension: `coefficient · factors`. A factor is a symbol, or `⌊dim / by⌋`. */
export interface DimTerm {
  readonly coefficient: number;
  readonly factors: readonly (string | { readonly dim: Dim; readonly by: number })[];
}

/** The terms whose sum a dimension is, for who computes it elsewhere. */
export function termsOf(dim: Dim): readonly DimTerm[] {
  return [...parse(dim)].map(([term, coefficient]) => ({
    coefficient,
    factors: factorsOf(term).map((atom) => (isFloor(atom) ? floorOf(atom) : atom)),
  }));
}

/** The dimension with other dimensions in the place of its symbols. */
export function substituteDim(dim: Dim, substitute: (symbol: string) => Dim): Dim {
  if (typeof substitute !== "function") {
    throw new OptionError(`substituteDim: what replaces symbols must be a function, got ${printValue(substitute)}.`);
  }
  return termsOf(dim).reduce<Dim>((sum, { coefficient, factors }) => {
    const replaced = factors.map((factor) =>
      typeof factor === "string" ? substitute(factor) : divideDim(substituteDim(factor.dim, substitute), factor.by),
    );
    return addDims(sum, multiplyDims(coefficient, ...replaced));
  }, 0);
}

/** The dimension in its one spelling; throws `ShapeError` where it is no dimension. */
export function normalizeDim(dim: Dim): Dim {
  return print(parse(dim));
}

function divide(a: number, by: number): readonly [number, number] {
  const q = Math.floor(a / by);
  return [q, a - q * by];
}

function sum(a: Polynomial, b: Polynomial, sign: 1 | -1): Polynomial {
  const result = new Map(a);
  for (const [term, coefficient] of b) {
    const total = (result.get(term) ?? 0) + sign * coefficient;
    if (total === 0) result.delete(term);
    else result.set(term, total);
  }
  return result;
}

function product(a: Polynomial, b: Polynomial): Polynomial {
  const result = new Map<string, number>();
  for (const [p, x] of a) {
    for (const [q, y] of b) {
      const term = [...factorsOf(p), ...factorsOf(q)].sort().join("*");
      const total = (result.get(term) ?? 0) + x * y;
      if (total === 0) result.delete(term);
      else result.set(term, total);
    }
  }
  return result;
}

/** A product without the factors of another, which must all be in it. */
function withoutFactors(term: string, factors: string): string | undefined {
  const left = [...factorsOf(term)];
  for (const factor of factorsOf(factors)) {
    const at = left.indexOf(factor);
    if (at < 0) return undefined;
    left.splice(at, 1);
  }
  return left.join("*");
}

/** The factors of a term: `*` inside parentheses belongs to a factor. */
function factorsOf(term: string): readonly string[] {
  if (!term.includes("*")) return term === "" ? [] : [term];
  return splitOutside(term, "*");
}

function splitOutside(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth += 1;
    else if (text[i] === ")") depth -= 1;
    else if (text[i] === separator && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function isFloor(atom: string): boolean {
  return atom.startsWith("floor((");
}

function floorOf(atom: string): { readonly dim: string; readonly by: number } {
  const slash = atom.lastIndexOf("/");
  return { dim: atom.slice("floor((".length, slash - 1), by: Number(atom.slice(slash + 1, -1)) };
}

/** The size that was given for a name. What is no number is none: to compute with it may take for ever. */
function sizeAmong(sizes: DimSizes, name: string): number | undefined {
  try {
    const size: unknown = isObject(sizes) && Object.hasOwn(sizes, name) ? sizes[name] : undefined;
    return typeof size === "number" ? size : undefined;
  } catch (cause) {
    throw unreadable("dimension", cause);
  }
}

function evaluateAtom(atom: string, dim: Dim, sizes: DimSizes): number | undefined {
  // A symbol without a size would be looked up for ever.
  if (!isFloor(atom)) return atom === dim ? undefined : sizeAmong(sizes, atom);
  const { dim: inner, by } = floorOf(atom);
  const size = evaluateDim(inner, sizes);
  return size === undefined ? undefined : Math.floor(size / by);
}

/** Terms by degree, then by name, the constant last. */
function print(polynomial: Polynomial): Dim {
  const terms = [...polynomial].filter(([term]) => term !== "");
  const constant = polynomial.get("") ?? 0;
  if (terms.length === 0) return constant;
  const degree = (term: string): number => factorsOf(term).length;
  terms.sort(([a], [b]) => degree(b) - degree(a) || (a < b ? -1 : 1));
  let text = "";
  for (const [term, coefficient] of terms) {
    const size = Math.abs(coefficient);
    const sign = coefficient < 0 ? "-" : text === "" ? "" : "+";
    text += `${sign}${size === 1 ? "" : `${size}*`}${term}`;
  }
  if (constant !== 0) text += constant < 0 ? String(constant) : `+${constant}`;
  if (!parsed.has(text)) parsed.set(text, polynomial);
  return text;
}

function parse(dim: Dim): Polynomial {
  if (Number.isSafeInteger(dim)) return new Map(dim === 0 ? [] : [["", Number(dim)]]);
  if (typeof dim !== "string") throw malformed(dim);
  const known = parsed.get(dim);
  if (known !== undefined) return known;
  const polynomial = parseSum(dim.replaceAll(" ", ""), dim);
  parsed.set(dim, polynomial);
  return polynomial;
}

function parseSum(text: string, whole: string): Polynomial {
  let result: Polynomial = new Map();
  for (const part of splitOutside(text, "+")) {
    const [first = "", ...rest] = splitOutside(part, "-");
    if (first !== "") result = sum(result, parseTerm(first, whole), 1);
    else if (rest.length === 0) throw malformed(whole);
    for (const negative of rest) result = sum(result, parseTerm(negative, whole), -1);
  }
  return result;
}

function parseTerm(text: string, whole: string): Polynomial {
  return splitOutside(text, "*")
    .map((factor): Polynomial => {
      if (/^\d+$/.test(factor)) return factor === "0" ? new Map() : new Map([["", Number(factor)]]);
      if (/^[A-Za-z]\w*$/.test(factor)) return new Map([[factor, 1]]);
      if (/^floor\(\(.+\)\/[1-9]\d*\)$/.test(factor)) {
        const { dim, by } = floorOf(factor);
        return parse(divideDim(dim, by));
      }
      throw malformed(whole);
    })
    .reduce(product);
}

function malformed(dim: Dim): ShapeError {
  return new ShapeError(
    `dimension: must be a size or made of letters with +, - and *, as in N, 2*N or H-10, got ${printValue(dim)}.`,
  );
}
