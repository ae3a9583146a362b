import { cut, isObject, isPlainObject, printValue, readable } from "../arguments.js";
import { DTypeError, InputError, ShapeError } from "../errors.js";
import { formatShape, readShape, type Dim, type DimSizes, type Shape } from "../tensor/dims.js";
import { inputDTypes, isFloat, isInputDType, isInteger, type InputDType } from "../tensor/dtype.js";
import type { AnyDefinition } from "./define.js";
import { allInputs, readDefinition } from "./definition.js";
import { formatTokens, type DimToken, type InputDeclaration, type InputForm, type InputKind } from "./inputs.js";

/** What is known of a given tensor before its data are read. Plain numbers have no dtype of their own. */
export interface GivenInput {
  readonly shape: readonly number[];
  readonly dtype: InputDType | "untyped";
}

/** An input as the graph sees it: symbolic shape, and what it holds. */
export interface BoundInput {
  readonly name: string;
  readonly shape: Shape;
  readonly holds: InputKind;
  /** Came as integers although the loss computes with it as floats. */
  readonly integral: boolean;
  readonly differentiable: boolean;
}

/** Given tensors matched to a loss's declaration. Bindings with the same `key` share one graph. */
export interface Binding {
  readonly inputs: readonly BoundInput[];
  readonly sizes: DimSizes;
  readonly key: string;
}

/** Matches given shapes and dtypes to the declared inputs; throws `InputError`, `ShapeError` or `DTypeError`. */
export function bindInputs(definition: AnyDefinition, given: Readonly<Record<string, GivenInput>>): Binding {
  const known = readDefinition("bindInputs", definition);
  const inputs = readable("bindInputs", () => readGiven(known, given));
  checkPresence(known, Object.keys(inputs));
  const matcher = new Matcher(known.name);
  const forms = Object.entries(allInputs(known)).flatMap(([name, declaration]) => {
    const tensor = inputs[name];
    return tensor === undefined ? [] : [matcher.match(name, declaration, tensor)];
  });
  const bound = forms.map((form) => form.finish());
  const key = JSON.stringify(bound.map(({ name, shape, holds, integral }) => [name, shape, holds.kind, integral]));
  return { inputs: bound, sizes: matcher.sizes(), key };
}

function readGiven(definition: AnyDefinition, given: unknown): Readonly<Record<string, GivenInput>> {
  const loss = definition.name;
  if (!isPlainObject(given)) {
    throw new InputError(`${loss}: inputs must be a plain object, got ${printValue(given)}.`, "INVALID_INPUT");
  }
  const inputs: Record<string, GivenInput> = {};
  for (const name of Object.keys(given)) {
    if (!isInput(definition, name)) throw unknownInput(definition, name);
    const input = given[name];
    if (input === undefined) continue;
    const { shape, dtype } = isObject(input) ? input : {};
    if (dtype !== "untyped" && !isInputDType(dtype)) {
      const wanted = `a shape and a dtype among ${inputDTypes.join(", ")}, untyped`;
      throw new DTypeError(`${loss}: ${name} must have ${wanted}, got ${printValue(isObject(input) ? dtype : input)}.`);
    }
    inputs[name] = { shape: readShape(`${loss}: ${name}`, shape, isCount), dtype };
  }
  return inputs;
}

// Larger ones than any tensor has may stand for sizes that are not known yet.
function isCount(size: unknown): size is number {
  return Number.isSafeInteger(size) && Number(size) >= 0;
}

/** True for the name of an input that a loss declares. */
export function isInput({ inputs, optionalInputs }: AnyDefinition, name: string): boolean {
  return Object.hasOwn(inputs, name) || (optionalInputs !== undefined && Object.hasOwn(optionalInputs, name));
}

export function unknownInput(definition: AnyDefinition, name: string): InputError {
  const known = Object.keys(allInputs(definition)).join(", ");
  return new InputError(
    `${definition.name}: inputs must be among ${known}, got the unknown input ${cut(name)}.`,
    "UNKNOWN_INPUT",
  );
}

/** Refuses inputs of which some are missing, or of which no set is complete. */
export function checkPresence(definition: AnyDefinition, given: readonly string[]): void {
  const { name: loss, inputs, optionalInputs = {}, inputSets } = definition;
  const missing = Object.keys(inputs).filter((name) => !given.includes(name));
  if (missing.length > 0) {
    const all = [...Object.keys(inputs), ...Object.keys(optionalInputs).map((name) => `${name} (optional)`)];
    throw new InputError(`${loss}: inputs must be ${all.join(", ")}, got no ${missing.join(", ")}.`, "MISSING_INPUT");
  }
  if (inputSets !== undefined) {
    const members = new Set(inputSets.flat());
    const present = [...members].filter((name) => given.includes(name));
    const complete = inputSets.some((set) => set.length === present.length && set.every((n) => present.includes(n)));
    if (!complete) {
      const sets = inputSets.map((set) => set.join(" and ")).join(", or ");
      const code = present.length === 0 ? "MISSING_INPUT" : "INVALID_INPUT";
      throw new InputError(`${loss}: inputs must be ${sets}, got ${present.join(", ") || "none of them"}.`, code);
    }
  }
}

interface Broadcast {
  readonly optionalLead: boolean;
  readonly members: { readonly name: string; readonly dims: readonly number[] }[];
}

/** Collects sizes while inputs are matched one after the other. */
class Matcher {
  readonly #loss: string;
  readonly #symbols = new Map<string, { readonly size: number; readonly from: string }>();
  readonly #optional = new Map<string, boolean>();
  readonly #rest = new Map<string, number>();
  readonly #broadcast = new Map<string, Broadcast>();

  constructor(loss: string) {
    this.#loss = loss;
  }

  match(name: string, declaration: InputDeclaration, given: GivenInput): { finish(): BoundInput } {
    const form = this.#form(name, declaration, given);
    const parts = this.#split(name, form, given);
    const finish = (): BoundInput => ({
      name,
      shape: parts.flatMap((part) => (typeof part === "object" ? this.#aligned(part) : [part])),
      holds: form.holds,
      integral: form.holds.kind === "number" && given.dtype !== "untyped" && isInteger(given.dtype),
      differentiable:
        declaration.differentiable &&
        form.holds.kind !== "index" &&
        !(given.dtype !== "untyped" && isInteger(given.dtype)),
    });
    return { finish };
  }

  sizes(): DimSizes {
    return Object.fromEntries([...this.#symbols].map(([symbol, { size }]) => [symbol, size]));
  }

  #form(name: string, declaration: InputDeclaration, given: GivenInput): InputForm {
    const { dtype } = given;
    const fits = declaration.forms.filter((form) => dtype === "untyped" || accepts(form.holds, dtype));
    const byRank = fits.find((form) => this.#slack(form.shape, given.shape.length) !== undefined);
    const chosen = byRank ?? fits[0];
    if (chosen === undefined) {
      const wanted = declaration.forms.map((form) => describeKind(form.holds)).join(" or ");
      throw new DTypeError(`${this.#loss}: ${name} must be ${wanted}, got ${dtype}.`);
    }
    return chosen;
  }

  /** How many axes are left for the tokens whose presence is still open; `undefined` if the rank cannot fit. */
  #slack(tokens: readonly DimToken[], rank: number): number | undefined {
    let left = rank;
    let open = 0;
    for (const token of tokens) {
      const kind = parseToken(token);
      if (kind.type === "axis") left -= 1;
      else if (kind.type === "optional") {
        const present = this.#optional.get(kind.name);
        if (present === undefined) open += 1;
        else left -= present ? 1 : 0;
      } else if (kind.type === "rest") {
        const length = this.#rest.get(kind.name);
        if (length === undefined) open = Infinity;
        else left -= length;
      } else open = Infinity;
    }
    return left < 0 || left > open ? undefined : left;
  }

  /** Walks tokens and sizes side by side; broadcast runs are completed once every input has been seen. */
  #split(
    name: string,
    form: InputForm,
    given: GivenInput,
  ): readonly (Dim | { group: string; dims: readonly number[] })[] {
    const { shape } = given;
    let slack = this.#slack(form.shape, shape.length);
    if (slack === undefined) throw this.#mismatch(name, form, shape);
    const parts: (Dim | { group: string; dims: readonly number[] })[] = [];
    let at = 0;
    for (const token of form.shape) {
      const kind = parseToken(token);
      if (kind.type === "axis") parts.push(this.#axis(name, form, kind.name, shape, at++));
      else if (kind.type === "optional") {
        const present: boolean = this.#optional.get(kind.name) ?? slack > 0;
        if (!this.#optional.has(kind.name) && present) slack -= 1;
        this.#optional.set(kind.name, present);
        if (present) parts.push(this.#axis(name, form, kind.name, shape, at++));
      } else if (kind.type === "rest") {
        const length: number = this.#rest.get(kind.name) ?? slack;
        this.#rest.set(kind.name, length);
        const letter = this.#twin(kind.like, shape.slice(at, at + length)) ?? kind.name;
        for (let i = 1; i <= length; i++) parts.push(this.#axis(name, form, `${letter}${i}`, shape, at++));
      } else {
        const dims = shape.slice(at, at + slack);
        at += slack;
        const group = this.#broadcast.get(kind.name) ?? { optionalLead: kind.optionalLead, members: [] };
        group.members.push({ name, dims });
        this.#broadcast.set(kind.name, group);
        parts.push({ group: kind.name, dims });
      }
    }
    return parts;
  }

  /** The letter of an earlier run of axes, where these axes have the same sizes. */
  #twin(letter: string | undefined, dims: readonly number[]): string | undefined {
    if (letter === undefined || this.#rest.get(letter) !== dims.length) return undefined;
    return dims.every((dim, i) => this.#symbols.get(`${letter}${i + 1}`)?.size === dim) ? letter : undefined;
  }

  #axis(name: string, form: InputForm, symbol: number | string, shape: readonly number[], at: number): Dim {
    const size = shape[at] ?? -1;
    if (typeof symbol === "number") {
      if (size !== symbol) throw this.#mismatch(name, form, shape);
      return symbol;
    }
    const known = this.#symbols.get(symbol);
    if (known === undefined) this.#symbols.set(symbol, { size, from: name });
    else if (known.size !== size) {
      const why = known.from === name ? "equal sizes" : `${symbol} = ${known.size} as in ${known.from}`;
      throw new ShapeError(
        `${this.#loss}: ${name} must have shape ${formatTokens(form.shape)} with ${why}, got ${formatShape(shape)}.`,
      );
    }
    return symbol;
  }

  /** The symbolic axes of one member of a broadcast group: a size 1 stays literal where the others are larger. */
  #aligned(part: { readonly group: string; readonly dims: readonly number[] }): Shape {
    const group = this.#broadcast.get(part.group) ?? { optionalLead: false, members: [] };
    const rank = Math.max(...group.members.map((member) => member.dims.length));
    const shapes = group.members.map((member) => formatShape(member.dims)).join(", ");
    const names = group.members.map((member) => member.name).join(", ");
    return part.dims.map((own, i) => {
      const position = rank - part.dims.length + i;
      const sizes = group.members.flatMap(({ dims }) => dims[position - rank + dims.length] ?? []);
      const full = sizes.find((size) => size !== 1) ?? 1;
      const sameRank = group.optionalLead || group.members.every((member) => member.dims.length === rank);
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

  #mismatch(name: string, form: InputForm, shape: readonly number[]): ShapeError {
    const seen = [...this.#symbols].map(([symbol, { size, from }]) => `${symbol} = ${size} as in ${from}`);
    const where = seen.length > 0 ? ` with ${seen.join(", ")}` : "";
    return new ShapeError(
      `${this.#loss}: ${name} must have shape ${formatTokens(form.shape)}${where}, got ${formatShape(shape)}.`,
    );
  }
}

type Token =
  | { readonly type: "axis"; readonly name: number | string }
  | { readonly type: "optional"; readonly name: string }
  | { readonly type: "rest"; readonly name: string; readonly like: string | undefined }
  | { readonly type: "broadcast"; readonly name: string; readonly optionalLead: boolean };

function parseToken(token: DimToken): Token {
  if (typeof token === "number") return { type: "axis", name: token };
  if (token.startsWith("...")) {
    const [name = "", like] = token.slice(3).split("|");
    return { type: "rest", name, like };
  }
  if (token.startsWith("~")) {
    return { type: "broadcast", name: token.slice(1).replace("?", ""), optionalLead: token.endsWith("?") };
  }
  return token.endsWith("?") ? { type: "optional", name: token.slice(0, -1) } : { type: "axis", name: token };
}

function accepts(holds: InputKind, dtype: InputDType): boolean {
  switch (holds.kind) {
    case "float":
      return isFloat(dtype);
    case "number":
      return isFloat(dtype) || isInteger(dtype);
    case "index":
      return isInteger(dtype);
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
  }
}
