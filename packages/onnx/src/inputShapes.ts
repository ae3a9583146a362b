import {
  allInputs,
  DTypeError,
  formatShape,
  InputError,
  isFloat,
  ShapeError,
  type Dim,
  type DimToken,
  type FloatDType,
  type InputDeclaration,
  type InputDType,
  type InputForm,
  type LossSpec,
  type Shape,
} from "@losses/core";

/** What is asked of one input of an exported loss. */
export interface ExportInput {
  /** Its axes: sizes, or names of sizes that the model takes as they come. Default: as declared, every optional axis there. */
  readonly shape?: Shape;
  /** Default: the exported dtype, int32 for class indices. int64 labels are narrowed inside the model. */
  readonly dtype?: InputDType;
}

/** An input with everything decided. */
export interface ChosenInput {
  readonly shape: Shape;
  readonly dtype: InputDType;
}

/** Decides shape and dtype of each input that the model shall have, consistently for all of them. */
export function chooseInputs(
  spec: LossSpec,
  dtype: FloatDType,
  requests: Readonly<Record<string, ExportInput>>,
): Readonly<Record<string, ChosenInput>> {
  const declared = chosenDeclarations(spec, requests);
  const forms = Object.fromEntries(
    Object.entries(declared).map(([name, declaration]) => [
      name,
      chooseForm(spec.name, name, declaration, requests[name]),
    ]),
  );
  const book = new DimBook(spec.options["reduction"] === "none");
  for (const [name, form] of Object.entries(forms)) {
    const shape = requests[name]?.shape;
    if (shape !== undefined) book.learn(`${spec.name}: ${name}`, form.shape, shape);
  }
  return Object.fromEntries(
    Object.entries(forms).map(([name, form]): [string, ChosenInput] => {
      const type = requests[name]?.dtype ?? (form.holds.kind === "index" ? "int32" : dtype);
      if (isFloat(type) && type !== dtype) {
        throw new DTypeError(`${spec.name}: ${name} must be ${dtype} as the model computes, got ${type}.`);
      }
      return [name, { shape: requests[name]?.shape ?? book.shape(form.shape), dtype: type }];
    }),
  );
}

/** Required inputs, the optional ones that are asked for, and of alternatives the first unless another is asked for. */
function chosenDeclarations(
  { name: loss, loss: { definition } }: LossSpec,
  requests: Readonly<Record<string, ExportInput>>,
): Readonly<Record<string, InputDeclaration>> {
  const all = allInputs(definition);
  for (const name of Object.keys(requests)) {
    if (!Object.hasOwn(all, name)) {
      throw new InputError(
        `${loss}: inputs must be among ${Object.keys(all).join(", ")}, got the unknown input ${name}.`,
        "UNKNOWN_INPUT",
      );
    }
  }
  const sets = definition.inputSets ?? [];
  const asked = sets.flat().filter((name) => name in requests);
  const set = asked.length > 0 ? asked : (sets[0] ?? []);
  return Object.fromEntries(
    Object.entries(all).filter(([name]) => name in definition.inputs || name in requests || set.includes(name)),
  );
}

function chooseForm(
  loss: string,
  name: string,
  { forms }: InputDeclaration,
  request: ExportInput | undefined,
): InputForm {
  const dtype = request?.dtype;
  const fits = forms.filter(
    ({ holds }) =>
      dtype === undefined || (isFloat(dtype) ? holds.kind !== "index" : holds.kind !== "float" && dtype !== "bool"),
  );
  const rank = request?.shape?.length;
  const [form] = fits.filter(({ shape }) => rank === undefined || layout(shape, rank) !== undefined).concat(fits);
  if (form === undefined)
    throw new DTypeError(`${loss}: ${name} must be declared with ${String(dtype)}, got no such form.`);
  return form;
}

type Token =
  | { readonly type: "axis" | "optional"; readonly name: Dim }
  | { readonly type: "run"; readonly name: string; readonly like: string | undefined };

function parse(token: DimToken): Token {
  if (typeof token === "number") return { type: "axis", name: token };
  const run = /^(?:\.\.\.|~)(\w+)\??(?:\|(\w+))?$/.exec(token);
  if (run !== null) return { type: "run", name: run[1] ?? "", like: run[2] };
  return token.endsWith("?") ? { type: "optional", name: token.slice(0, -1) } : { type: "axis", name: token };
}

interface Layout {
  /** Whether the optional axes are there. */
  readonly optional: boolean;
  /** How many axes the run stands for. */
  readonly run: number;
}

/** How tokens spread over `rank` axes; `undefined` if they cannot. */
function layout(tokens: readonly DimToken[], rank: number): Layout | undefined {
  const parsed = tokens.map(parse);
  const optional = parsed.filter((token) => token.type === "optional").length;
  const rest = rank - parsed.filter((token) => token.type === "axis").length;
  const hasRun = parsed.some((token) => token.type === "run");
  if (rest >= optional && (hasRun || rest === optional)) return { optional: true, run: rest - optional };
  return rest >= 0 && (hasRun || rest === 0) ? { optional: false, run: rest } : undefined;
}

/** What the letters of a declaration stand for, learnt from the shapes that were given. */
class DimBook {
  readonly #alike: boolean;
  readonly #dims = new Map<string, Dim>();
  readonly #absent = new Set<string>();
  readonly #runs = new Map<string, number>();

  /** `alike`: runs that may differ between inputs shall be the same. */
  constructor(alike: boolean) {
    this.#alike = alike;
  }

  learn(what: string, tokens: readonly DimToken[], shape: Shape): void {
    const found = layout(tokens, shape.length);
    if (found === undefined) {
      throw new ShapeError(`${what} must have the axes ${formatShape(tokens)}, got ${formatShape(shape)}.`);
    }
    let at = 0;
    for (const token of tokens.map(parse)) {
      if (token.type === "run") {
        this.#runs.set(token.name, found.run);
        for (let i = 1; i <= found.run; i++) this.#note(`${token.name}${i}`, shape[at++]);
      } else if (token.type === "axis" || found.optional) this.#note(String(token.name), shape[at++]);
      else this.#absent.add(String(token.name));
    }
  }

  shape(tokens: readonly DimToken[]): Shape {
    const parsed = tokens.map(parse);
    return parsed.flatMap((token): readonly Dim[] => {
      if (token.type !== "run") {
        if (token.type === "optional" && this.#absent.has(String(token.name))) return [];
        return [typeof token.name === "number" ? token.name : (this.#dims.get(token.name) ?? token.name)];
      }
      const name = this.#alike ? (token.like ?? token.name) : token.name;
      // Alone, a run is one axis; beside named axes it is none, except leading ones that broadcast.
      const broadcast = tokens.some((other) => String(other).startsWith("~"));
      const length = this.#runs.get(name) ?? (tokens.length === 1 || broadcast ? 1 : 0);
      return Array.from({ length }, (_, i) => this.#dims.get(`${name}${i + 1}`) ?? `${name}${i + 1}`);
    });
  }

  #note(letter: string, dim: Dim | undefined): void {
    // A literal 1 says nothing about the others: they may broadcast over it.
    if (dim !== undefined && (dim !== 1 || !this.#dims.has(letter))) this.#dims.set(letter, dim);
  }
}
