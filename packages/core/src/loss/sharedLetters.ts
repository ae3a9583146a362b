import type { Dim } from "../tensor/dims.js";
import type { Bound, InputDeclaration, InputForm } from "./inputs.js";
import { lettersOf, readPattern, type DimToken } from "./shapePattern.js";

/** The letters of a loss, and those that they are among other losses. */
export type Letters = ReadonlyMap<string, string>;

/** An input as those that share it declare it; `isJoining`: it makes their letters the same. */
export interface SharedDeclarations<S> {
  readonly declarations: readonly (readonly [S, InputDeclaration])[];
  readonly isJoining: boolean;
}

/** What the letters of each sharer become: the same ones where inputs join them, directly or through others; else others. */
export function joinedLetters<S>(
  sharers: readonly S[],
  inputs: readonly SharedDeclarations<S>[],
): ReadonlyMap<S, Letters> {
  const joining = inputs.filter(({ isJoining }) => isJoining);
  const taken: string[] = [];
  return new Map(
    groupsOf(sharers, joining).flatMap((group) => {
      const own = ({ declarations }: SharedDeclarations<S>): readonly InputDeclaration[] =>
        declarations.flatMap(([sharer, declaration]) => (group.includes(sharer) ? [declaration] : []));
      const same = sameLetters(joining.map(own));
      const named = new Set(
        inputs.flatMap(own).flatMap(({ forms }) => forms.flatMap(({ pattern }) => lettersOf(pattern))),
      );
      const letters = new Map([...named].map((letter) => [letter, same.get(letter) ?? letter]));
      const renamed = freeLetters(new Set(letters.values()), taken);
      const joined = new Map([...letters].map(([letter, kept]) => [letter, renamed.get(kept) ?? kept]));
      taken.push(...joined.values());
      return group.map((sharer) => [sharer, joined] as const);
    }),
  );
}

/** Sharers that go together. */
function groupsOf<S>(sharers: readonly S[], joining: readonly SharedDeclarations<S>[]): readonly (readonly S[])[] {
  return joining.reduce<readonly (readonly S[])[]>(
    (groups, { declarations }) => {
      const joined = groups.filter((group) => declarations.some(([sharer]) => group.includes(sharer)));
      return groups.flatMap((group) => {
        if (group === joined[0]) return [joined.flat()];
        return joined.includes(group) ? [] : [group];
      });
    },
    sharers.map((sharer) => [sharer]),
  );
}

/** Names for letters of which some are taken: `N`, or else `N_2`. */
function freeLetters(letters: ReadonlySet<string>, taken: readonly string[]): Letters {
  const isFree = (name: string, others: Iterable<string>): boolean =>
    [...others].every((other) => partOf(name, other) === undefined && partOf(other, name) === undefined);
  const free = new Map<string, string>();
  for (const letter of letters) {
    if (isFree(letter, taken)) continue;
    let name = letter;
    for (let i = 2; !isFree(name, [...taken, ...letters, ...free.values()]); i++) name = `${letter}_${i}`;
    free.set(letter, name);
  }
  return free;
}

/** What follows a letter in the name of a size that belongs to it: the place in a list, and the axis of a run. */
function partOf(size: string, letter: string): string | undefined {
  const part = size.slice(letter.length);
  return size.startsWith(letter) && /^(_\d+_)?\d*$/.test(part) ? part : undefined;
}

/** The letters that are one where declarations are of one input: those that stand at the same place of its shape. */
function sameLetters(declarations: readonly (readonly InputDeclaration[])[]): Letters {
  const same = new Map<string, string>();
  const representative = (letter: string): string => {
    const other = same.get(letter);
    return other === undefined ? letter : representative(other);
  };
  for (const [first, ...others] of declarations) {
    for (const other of others) {
      for (const [a, b] of facing(first, other)) {
        const pair = [representative(a), representative(b)] as const;
        if (pair[0] === pair[1]) continue;
        // The samples keep their name.
        const [kept, dropped] = pair[1] === "N" ? [pair[1], pair[0]] : pair;
        same.set(dropped, kept);
      }
    }
  }
  return new Map([...same.keys()].map((letter) => [letter, representative(letter)]));
}

/** Pairs of letters at the same axes of two declarations that have as many. */
function facing(one: InputDeclaration | undefined, other: InputDeclaration): readonly (readonly [string, string])[] {
  return (one?.forms ?? []).flatMap(({ shape }, i) => {
    const facing = other.forms[i]?.shape ?? [];
    if (shape.length !== facing.length) return [];
    return shape.flatMap((token, axis) => {
      const pair = [token, facing[axis]] as const;
      return pair.every(isLetter) ? [pair as readonly [string, string]] : [];
    });
  });
}

const isLetter = (token: DimToken | undefined): boolean => typeof token === "string" && /^[A-Za-z]\w*$/.test(token);

/** A declared shape with other letters, or sizes, in place of some. */
export function renamedShape(
  shape: readonly DimToken[],
  rename: ReadonlyMap<string, string | number>,
): Pick<InputForm, "shape" | "pattern"> {
  return readPattern(
    "weightedSum",
    shape.map((token) => renamed(token, rename)),
  );
}

/** The declaration with the letters that stand for its own. */
export function withLetters(declaration: InputDeclaration, letters: Letters = new Map()): InputDeclaration {
  if ([...letters].every(([letter, kept]) => letter === kept)) return declaration;
  const forms = declaration.forms.map((form): InputForm => {
    const declared = renamedShape(form.shape, letters);
    const { holds } = form;
    if (holds.kind !== "index") return { ...form, ...declared };
    const sum = holds.sum === undefined ? {} : { sum: String(renamed(holds.sum, letters)) };
    const bounds = { below: boundIn(holds.below, letters), atMost: boundIn(holds.atMost, letters), ...sum };
    return { ...form, ...declared, holds: { ...holds, ...bounds } };
  });
  return { ...declaration, forms };
}

function boundIn(bound: Bound | undefined, letters: Letters): Bound | undefined {
  if (typeof bound === "string") return String(renamed(bound, letters));
  if (typeof bound !== "object" || !("computed" in bound)) return bound;
  return { ...bound, of: (sizes) => bound.of(withOwnLetters(sizes, letters)) };
}

const renamed = (token: DimToken, rename: ReadonlyMap<string, string | number>): DimToken =>
  typeof token === "number" ? token : token.replace(/[A-Za-z]\w*/g, (letter) => String(rename.get(letter) ?? letter));

/** The sizes of a loss, under the letters that it uses itself. */
export function withOwnLetters<D extends Dim>(
  sizes: Readonly<Record<string, D>>,
  letters: Letters = new Map(),
): Readonly<Record<string, D>> {
  return Object.fromEntries(
    Object.entries(sizes).flatMap(([name, size]) =>
      [...letters].flatMap(([letter, kept]) => {
        const part = partOf(name, kept);
        return part === undefined ? [] : [[`${letter}${part}`, size] as const];
      }),
    ),
  );
}
