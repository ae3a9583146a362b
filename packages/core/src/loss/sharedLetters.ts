import type { Dim } from "../tensor/dims.js";
import type { Bound, InputDeclaration, InputForm } from "./inputs.js";
import { readPattern, type DimToken } from "./shapePattern.js";

/** Letters that stand for another one, as the axes of both are axes of one input. */
export type SameLetters = ReadonlyMap<string, string>;

/** The letters that are one where declarations are of one input: those that stand at the same place of its shape. */
export function sameLetters(declarations: readonly (readonly InputDeclaration[])[]): SameLetters {
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
export function withLetters(declaration: InputDeclaration, same: SameLetters): InputDeclaration {
  if (same.size === 0) return declaration;
  const forms = declaration.forms.map((form): InputForm => {
    const declared = renamedShape(form.shape, same);
    const { holds } = form;
    if (holds.kind !== "index") return { ...form, ...declared };
    const sum = holds.sum === undefined ? {} : { sum: String(renamed(holds.sum, same)) };
    const bounds = { below: boundIn(holds.below, same), atMost: boundIn(holds.atMost, same), ...sum };
    return { ...form, ...declared, holds: { ...holds, ...bounds } };
  });
  return { ...declaration, forms };
}

function boundIn(bound: Bound | undefined, same: SameLetters): Bound | undefined {
  if (typeof bound === "string") return String(renamed(bound, same));
  if (typeof bound !== "object" || !("computed" in bound)) return bound;
  return { ...bound, of: (sizes) => bound.of(withOwnLetters(sizes, same)) };
}

const renamed = (token: DimToken, rename: ReadonlyMap<string, string | number>): DimToken =>
  typeof token === "number" ? token : token.replace(/[A-Za-z]\w*/g, (letter) => String(rename.get(letter) ?? letter));

/** Sizes under the letters that a loss itself uses. */
export function withOwnLetters<D extends Dim>(
  sizes: Readonly<Record<string, D>>,
  same: SameLetters,
): Readonly<Record<string, D>> {
  const own = [...same].flatMap(([letter, kept]) =>
    sizes[kept] === undefined ? [] : [[letter, sizes[kept]] as const],
  );
  return { ...sizes, ...Object.fromEntries(own) };
}
