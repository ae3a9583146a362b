import { DTypeError, ShapeError } from "../errors.js";
import { evaluateDim, solveDim, symbolsOf } from "../tensor/dimArithmetic.js";
import { formatShape, type Dim, type DimSizes, type Shape } from "../tensor/dims.js";
import { isFloat, isInteger, type InputDType } from "../tensor/dtype.js";
import type { BoundInput, GivenInput } from "./bind.js";
import type { InputDeclaration, InputForm, InputKind } from "./inputs.js";
import { formatPattern, type ShapePattern } from "./shapePattern.js";

interface Broadcast {
  readonly optionalLead: boolean;
  readonly members: Member[];
}

interface Member {
  readonly name: string;
  readonly dims: readonly number[];
  readonly optionalLast: boolean;
}

type Part = Dim | { readonly group: string; readonly member: Member };

/** An input that waits until all others have been seen. */
export interface Matched {
  finish(): BoundInput;
}

/** Collects sizes while inputs are matched one after the other. */
export class Matcher {
  readonly #loss: string;
  readonly #symbols = new Map<string, { readonly size: number; readonly from: string }>();
  readonly #optional = new Map<string, boolean>();
  readonly #rest = new Map<string, number>();
  readonly #broadcast = new Map<string, Broadcast>();

  readonly #hint: string;

  /** @param hint what helps where the sizes of labels do not fit */
  constructor(loss: string, hint = "") {
    this.#loss = loss;
    this.#hint = hint;
  }

  match(name: string, declaration: InputDeclaration, given: GivenInput): Matched {
    const form = this.#form(name, declaration, given);
    const parts = this.#split(name, form, given.shape, () => this.#cure(declaration, given));
    const isIntegral = given.dtype !== "untyped" && isInteger(given.dtype);
    const { holds } = form;
    return {
      finish: () => ({
        name,
        shape: parts.flatMap((part) => (typeof part === "object" ? this.#aligned(part) : [part])),
        holds,
        integral: isComputedWith(holds) && isIntegral,
        differentiable: declaration.differentiable && isComputedWith(holds) && !isIntegral,
      }),
    };
  }

  sizes(): DimSizes {
    return Object.fromEntries([...this.#symbols].map(([symbol, { size }]) => [symbol, size]));
  }

  #form(name: string, { forms }: InputDeclaration, { dtype, shape }: GivenInput): InputForm {
    const fits = forms.filter((form) => dtype === "untyped" || accepts(form.holds, dtype));
    const ofRank = (form: InputForm): boolean => this.#slack(form.pattern, shape.length) !== undefined;
    // Where integers of another shape are labels, those of this shape are one-hot probabilities.
    const oneHot = fits.length > 0 && dtype === "int32" ? forms.find(ofRank) : undefined;
    const chosen = fits.find(ofRank) ?? oneHot ?? fits[0];
    if (chosen === undefined) {
      const wanted = forms.map((form) => describeKind(form.holds)).join(" or ");
      throw new DTypeError(`${this.#loss}: ${name} must be ${wanted}, got ${dtype}.`);
    }
    return chosen;
  }

  /** How many axes are left for the parts whose presence is still open; `undefined` if the rank cannot fit. */
  #slack(pattern: ShapePattern, rank: number): number | undefined {
    let left = rank;
    let open = 0;
    for (const axis of pattern) {
      switch (axis.type) {
        case "axis":
          left -= 1;
          break;
        case "optional": {
          const present = this.#optional.get(axis.name);
          if (present === undefined) open += 1;
          else left -= present ? 1 : 0;
          break;
        }
        case "rest": {
          const length = this.#rest.get(axis.name);
          if (length === undefined) open = Infinity;
          else left -= length;
          break;
        }
        case "broadcast":
          open = Infinity;
      }
    }
    return left < 0 || left > open ? undefined : left;
  }

  /** Walks the pattern and the sizes side by side; broadcast runs are completed once every input has been seen. */
  #split(name: string, form: InputForm, shape: readonly number[], cure: () => string): readonly Part[] {
    let slack = this.#slack(form.pattern, shape.length);
    if (slack === undefined) throw this.#mismatch(name, form, shape, cure());
    const parts: Part[] = [];
    let at = 0;
    for (const axis of form.pattern) {
      switch (axis.type) {
        case "axis":
          parts.push(this.#axis(name, form, axis.dim, shape, at++, cure));
          break;
        case "optional": {
          const present: boolean = this.#optional.get(axis.name) ?? slack > 0;
          if (!this.#optional.has(axis.name) && present) slack -= 1;
          this.#optional.set(axis.name, present);
          if (present) parts.push(this.#axis(name, form, axis.name, shape, at++, cure));
          break;
        }
        case "rest": {
          const length: number = this.#rest.get(axis.name) ?? slack;
          this.#rest.set(axis.name, length);
          const letter = this.#twin(axis.like, shape.slice(at, at + length)) ?? axis.name;
          for (let i = 1; i <= length; i++) parts.push(this.#axis(name, form, `${letter}${i}`, shape, at++, cure));
          break;
        }
        case "broadcast": {
          const dims = shape.slice(at, at + slack);
          at += slack;
          const group = this.#broadcast.get(axis.name) ?? { optionalLead: axis.optionalLead, members: [] };
          const member = { name, dims, optionalLast: axis.optionalLast };
          group.members.push(member);
          this.#broadcast.set(axis.name, group);
          parts.push({ group: axis.name, member });
        }
      }
    }
    return parts;
  }

  /** The letter of an earlier run of axes, where these axes have the same sizes. */
  #twin(letter: string | undefined, dims: readonly number[]): string | undefined {
    if (letter === undefined || this.#rest.get(letter) !== dims.length) return undefined;
    return dims.every((dim, i) => this.#symbols.get(`${letter}${i + 1}`)?.size === dim) ? letter : undefined;
  }

  #axis(name: string, form: InputForm, dim: Dim, shape: readonly number[], at: number, cure: () => string): Dim {
    const size = shape[at];
    if (size === undefined) throw this.#mismatch(name, form, shape);
    const wanted = evaluateDim(dim, this.sizes());
    if (wanted === size) return dim;
    if (wanted !== undefined) {
      if (typeof dim === "number") throw this.#mismatch(name, form, shape);
      const known = symbolsOf(dim).map((symbol) => this.#symbols.get(symbol));
      const others = [...new Set(known.flatMap((own) => (own === undefined || own.from === name ? [] : [own.from])))];
      const why = others.length === 0 ? "equal sizes" : `${dim} = ${wanted} as in ${others.join(" and ")}`;
      throw new ShapeError(
        `${this.#loss}: ${name} must have shape ${formatPattern(form.pattern)} with ${why}, got ${formatShape(shape)}.${form.holds.kind === "index" ? this.#hint : cure()}`,
      );
    }
    const found = solveDim(dim, size);
    if (found === undefined) throw this.#mismatch(name, form, shape);
    this.#symbols.set(found.symbol, { size: found.size, from: name });
    return dim;
  }

  /** The symbolic axes of one member of a broadcast group: a size 1 stays literal where the others are larger. */
  #aligned(part: { readonly group: string; readonly member: Member }): Shape {
    const group = this.#broadcast.get(part.group) ?? { optionalLead: false, members: [] };
    const rank = Math.max(...group.members.map((member) => member.dims.length));
    const isCut = ({ dims, optionalLast }: Member): boolean => optionalLast && dims.length === rank - 1;
    const leadOf = (member: Member): number => (isCut(member) ? 0 : rank - member.dims.length);
    const fits = (member: Member): boolean =>
      member.dims.length === rank || isCut(member) || (group.optionalLead && !member.optionalLast);
    const shapes = group.members.map((member) => formatShape(member.dims)).join(", ");
    const names = group.members.map((member) => member.name).join(", ");
    return part.member.dims.map((own, i) => {
      const position = leadOf(part.member) + i;
      const sizes = group.members.flatMap((member) => member.dims[position - leadOf(member)] ?? []);
      const full = sizes.find((size) => size !== 1) ?? 1;
      const sameRank = group.members.every(fits);
      if (!sameRank || sizes.some((size) => size !== 1 && size !== full)) {
        const how = sameRank ? "broadcast together" : "have the same number of axes";
        throw new ShapeError(`${this.#loss}: ${names} must ${how}, got axes ${shapes}.`);
      }
      const symbol = `${part.group}${position + 1}`;
      if (own !== full) return 1;
      this.#symbols.set(symbol, { size: full, from: names });
      return symbol;
    });
  }

  /** What helps where the rank is wrong. */
  #cure({ forms }: InputDeclaration, { dtype, shape }: GivenInput): string {
    const labels = forms.find(({ holds }) => holds.kind === "index");
    if (labels === undefined) return "";
    if (this.#slack(labels.pattern, shape.length) !== undefined) {
      return ` Class indices have this shape, but they are integers, got ${dtype}: give an Int32Array.`;
    }
    const rest = shape.slice(0, -1);
    const isColumn = shape.at(-1) === 1 && this.#slack(labels.pattern, rest.length) !== undefined;
    return isColumn ? ` Class indices have no axis of size 1 at the end: give them as ${formatShape(rest)}.` : "";
  }

  #mismatch(name: string, form: InputForm, shape: readonly number[], cure = ""): ShapeError {
    const seen = [...this.#symbols].map(([symbol, { size, from }]) => `${symbol} = ${size} as in ${from}`);
    const where = seen.length > 0 ? ` with ${seen.join(", ")}` : "";
    return new ShapeError(
      `${this.#loss}: ${name} must have shape ${formatPattern(form.pattern)}${where}, got ${formatShape(shape)}.${cure}`,
    );
  }
}

function isComputedWith(holds: InputKind): boolean {
  return holds.kind === "float" || holds.kind === "number";
}

/** Whether data of a dtype can be what an input holds. */
export function accepts(holds: InputKind, dtype: InputDType): boolean {
  switch (holds.kind) {
    case "float":
      return isFloat(dtype);
    case "number":
      return isFloat(dtype) || isInteger(dtype);
    case "index":
      return isInteger(dtype);
    case "mask":
      return true;
  }
}

function describeKind(holds: InputKind): string {
  switch (holds.kind) {
    case "float":
      return "float16, float32 or float64";
    case "number":
      return "floating or integer numbers";
    case "index":
      return "int32 or int64 class indices";
    case "mask":
      return "bool, or numbers that are 0 or 1";
  }
}
