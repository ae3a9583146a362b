import { isPlainObject, printValue } from "../arguments.js";
import { OptionError } from "../errors.js";
import { resolveOptions, type OptionDeclarations } from "./options.js";

/** One kind of what is composed into a loss as the value of an option: plain data, `{ kind, … }`, made by a function of its name. */
export interface PieceKind<P extends { readonly kind: string }> {
  readonly kind: P["kind"];
  readonly options: OptionDeclarations<Omit<P, "kind">>;
  /** What several options must be at once. */
  readonly together?: { readonly domain: string; readonly accepts: (options: Omit<P, "kind">) => boolean };
}

/** A kind, its options forgotten. */
export interface AnyPieceKind {
  readonly kind: string;
  readonly options: Readonly<Record<string, { readonly accepts: (value: unknown) => boolean }>>;
  readonly together?: { readonly accepts: (options: never) => boolean };
}

/** A piece with the options given and the defaults of the others. */
export function makePiece<P extends { readonly kind: string }>(
  where: string,
  { kind, options, together }: PieceKind<P>,
  given: Partial<Omit<P, "kind">> | undefined,
): P {
  const own = resolveOptions<Omit<P, "kind">>(where, options, given);
  if (together !== undefined && !together.accepts(own)) {
    throw new OptionError(`${where}: options must be ${together.domain}, got ${printValue(own)}.`);
  }
  return Object.freeze({ kind, ...own }) as unknown as P;
}

/** True for a piece of one of some kinds, with all its options and no others. */
export function isPiece(kinds: readonly AnyPieceKind[], value: unknown): boolean {
  if (!isPlainObject(value)) return false;
  const { kind, ...given } = value;
  const found = kinds.find((one) => one.kind === kind);
  if (found === undefined) return false;
  const options = Object.entries(found.options);
  return (
    Object.keys(given).length === options.length &&
    options.every(([name, { accepts }]) => Object.hasOwn(given, name) && accepts(given[name])) &&
    (found.together === undefined || found.together.accepts(given as never))
  );
}
