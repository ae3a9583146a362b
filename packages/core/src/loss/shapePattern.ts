import { printValue, readable } from "../arguments.js";
import { OptionError } from "../errors.js";
import { normalizeDim, substituteDim, symbolsOf } from "../tensor/dimArithmetic.js";
import { isSize, mostAxes, type Dim } from "../tensor/dims.js";
import { isName } from "./names.js";

/**
 * One part of an input's declared shape:
 * - `"N"`: an axis; the same letter has the same size everywhere in the loss.
 * - `"2*N"`, `"N+1"`: an axis whose size is computed from letters, and from integer options by their names: `"C*subCenters"`.
 * - `"N?"`: an axis that may be absent, then absent from every input that names it.
 * - `"...d"`: any number of axes, the same in every input that names `...d`.
 * - `"...f|r"`: any number of axes, free of those that `...r` stands for, though they may be the same.
 * - `"~d"`: any number of axes that broadcast with the `~d` of the other inputs; as many in each of them.
 * - `"~d?"`: the same, but leading axes may be absent.
 * - `"~d-"`: the same as `"~d"`, but the last axis may be absent.
 * - a number: exactly that size.
 */
export type DimToken = number | string;

/** A part of a declared shape, read. */
export type AxisPattern =
  | { readonly type: "axis"; readonly dim: Dim }
  | { readonly type: "optional"; readonly name: string }
  | { readonly type: "rest"; readonly name: string; readonly like: string | undefined }
  | {
      readonly type: "broadcast";
      readonly name: string;
      readonly optionalLead: boolean;
      readonly optionalLast: boolean;
    };

/** A declared shape, read: at most one part of it stands for any number of axes. */
export type ShapePattern = readonly AxisPattern[];

/** A declared shape as it was written, and read. */
export interface DeclaredShape {
  readonly shape: readonly DimToken[];
  readonly pattern: ShapePattern;
}

/** Reads a declared shape, each part of it once; throws `OptionError` where it is none. */
export function readPattern(where: string, tokens: unknown): DeclaredShape {
  const refuse = (got: string): OptionError => {
    const wanted = 'sizes and texts such as "N", "2*N", "N?", and one "...d" or "~d"';
    return new OptionError(`${where} must have a shape of ${wanted}, got ${got}.`);
  };
  return readable(where, () => {
    if (!Array.isArray(tokens)) throw refuse(printValue(tokens));
    if (tokens.length > mostAxes) throw refuse(`a list of ${tokens.length}`);
    const shape: DimToken[] = [];
    const pattern: AxisPattern[] = [];
    for (let i = 0; i < tokens.length; i++) {
      const token: unknown = tokens[i];
      const axis = parseToken(token);
      if (axis === undefined || !lettersOf([axis]).every(isName)) throw refuse(`${printValue(token)} in it`);
      shape.push(token as DimToken);
      pattern.push(axis);
    }
    if (pattern.filter(isRun).length > 1) throw refuse("two of those");
    return { shape, pattern };
  });
}

/** True for a part that stands for any number of axes. */
function isRun({ type }: AxisPattern): boolean {
  return type === "rest" || type === "broadcast";
}

function parseToken(token: unknown): AxisPattern | undefined {
  if (isSize(token)) return { type: "axis", dim: token };
  if (typeof token !== "string") return undefined;
  const rest = /^\.{3}([A-Za-z]\w*)(?:\|([A-Za-z]\w*))?$/.exec(token);
  if (rest !== null) return { type: "rest", name: rest[1] ?? "", like: rest[2] };
  const broadcast = /^~([A-Za-z]\w*)([?-])?$/.exec(token);
  if (broadcast !== null) {
    const [, name = "", absent] = broadcast;
    return { type: "broadcast", name, optionalLead: absent === "?", optionalLast: absent === "-" };
  }
  const optional = /^([A-Za-z]\w*)\?$/.exec(token);
  if (optional !== null) return { type: "optional", name: optional[1] ?? "" };
  // Two letters with nothing between them would be read as one.
  if (/\w\s+\w/.test(token)) return undefined;
  try {
    const dim = normalizeDim(token);
    return typeof dim === "string" ? { type: "axis", dim } : undefined;
  } catch {
    return undefined;
  }
}

/** The letters that a declared shape names. */
export function lettersOf(pattern: ShapePattern): readonly string[] {
  return pattern.flatMap((axis) => (axis.type === "axis" ? symbolsOf(axis.dim) : [axis.name]));
}

/** The declared shape with other letters. */
export function renamed(pattern: ShapePattern, rename: (letter: string) => string): ShapePattern {
  return pattern.map((axis): AxisPattern => {
    switch (axis.type) {
      case "axis":
        return { ...axis, dim: typeof axis.dim === "string" ? axis.dim.replace(/[A-Za-z]\w*/g, rename) : axis.dim };
      case "optional":
      case "broadcast":
        return { ...axis, name: rename(axis.name) };
      case "rest":
        return { ...axis, name: rename(axis.name), like: axis.like === undefined ? undefined : rename(axis.like) };
    }
  });
}

/** The declared shape with something else for its letters, in the axes that are there for sure. */
export function substituted(pattern: ShapePattern, substitute: (letter: string) => Dim): ShapePattern {
  return pattern.map((axis) => (axis.type === "axis" ? { ...axis, dim: substituteDim(axis.dim, substitute) } : axis));
}

/** A declared shape as documentation prints it: `[N?, D]`. */
export function formatPattern(pattern: ShapePattern): string {
  const parts = pattern.map((axis) => {
    switch (axis.type) {
      case "axis":
        return String(axis.dim);
      case "optional":
        return `${axis.name}?`;
      case "rest":
        return `...${axis.name}`;
      case "broadcast":
        return `...${axis.name} (broadcast)`;
    }
  });
  return `[${parts.join(", ")}]`;
}

/** The shape of an input as documentation prints it: `[N?, D]`. */
export function formatTokens(tokens: readonly DimToken[]): string {
  return formatPattern(readPattern("formatTokens: the tokens", tokens).pattern);
}
