import { evaluateDim, isFormTaken, symbolsOf, type Bound, type DimToken } from "@losses/core";
import type { InputDocs, LossDocs } from "../losses/lossDocs.js";
import { labelsFor, numbersFor, pointsFor, sharesFor, withinRange } from "./samples.js";

/** How an explorer shows a loss. */
export type ViewName = "scene" | "curve" | "bars" | "grid" | "lattice";

/** What the numbers of an input are, as far as its declaration tells. */
export type Role =
  /** Rows (or columns) of vectors in the plane. */
  | "points"
  | "columns"
  /** Numbers over classes, one distribution or list of logits a row. */
  | "logits"
  | "probabilities"
  | "logProbabilities"
  /** Class indices. */
  | "labels"
  /** Numbers without further structure. */
  | "numbers"
  /** Numbers that are 1 or -1, or 1 or 0. */
  | "signs"
  | "switches"
  /** A matrix of scores, or an image. */
  | "grid";

/** One input as an explorer holds it: plain data that can be written into a page. */
export interface ExplorerInput {
  readonly name: string;
  readonly role: Role;
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly integer: boolean;
  /** Given as a list, of this one tensor. */
  readonly isList: boolean;
  /** The ends between which its numbers must lie, if there are any. */
  readonly range: readonly [number, number] | undefined;
  readonly doc: string;
  /** For labels: how many there may be. */
  readonly classes: number | undefined;
}

export interface ExplorerOption {
  readonly name: string;
  readonly kind: "number" | "integer" | "boolean" | "choice";
  readonly value: number | boolean | string;
  readonly choices: readonly string[];
  /** For a slider: its ends and its step. */
  readonly range: readonly [number, number, number] | undefined;
  readonly doc: string;
}

export interface ExplorerPlan {
  readonly loss: string;
  readonly view: ViewName;
  readonly inputs: readonly ExplorerInput[];
  readonly options: readonly ExplorerOption[];
}

/** The sizes of the declared letters in an explorer: few enough to see each number. */
const sizes: Readonly<Record<string, number>> = {
  D: 2,
  N: 4,
  M: 4,
  C: 4,
  V: 4,
  L: 5,
  K: 3,
  T: 8,
  S: 3,
  H: 11,
  W: 11,
  P: 2,
  E: 2,
  G: 3,
  R: 4,
};
const optionalSize = 3;

const letterOf = (token: DimToken): string =>
  String(token)
    .replace(/\?$|\|.*$/g, "")
    .replace(/^(\.\.\.|~)/, "");
const isRun = (token: DimToken): boolean => /^(\.\.\.|~)/.test(String(token));

/** Chooses the view of a loss, its sample inputs and its controls, from what the loss declares. */
export function planExplorer(docs: LossDocs): ExplorerPlan {
  const chosen = givenInputs(docs);
  const view = viewOf(docs, chosen);
  const inputs = chosen.map((input) => sampleInput(docs, input, view));
  const options = docs.options.flatMap((option): readonly ExplorerOption[] => {
    // No sample is empty: what the mean over nothing is would change nothing.
    if (option.kind === "function" || option.kind === "list" || option.name === "empty") return [];
    const { name, kind, doc, choices = [] } = option;
    const value = option.default as number | boolean | string;
    return [
      {
        name,
        kind,
        value,
        choices,
        range: typeof value === "number" ? rangeOf(value, option.domain, kind) : undefined,
        doc,
      },
    ];
  });
  return { loss: docs.name, view, inputs, options };
}

/** The required inputs, and the first complete set where there is a choice. */
export function givenInputs({ inputs, inputSets }: LossDocs): readonly InputDocs[] {
  const [first = []] = inputSets;
  return inputs.filter(({ name, required }) => required || first.includes(name));
}

function letters(input: InputDocs): readonly string[] {
  return (input.forms[0]?.shape ?? []).filter((token) => !isRun(token)).map(letterOf);
}

/** Letters have one meaning everywhere: D are features, C and V classes, T time, H and W a picture, L a list. */
function viewOf(docs: LossDocs, inputs: readonly InputDocs[]): ViewName {
  const all = inputs.flatMap(letters);
  if (all.includes("T") && (all.includes("C") || all.includes("V"))) return "lattice";
  if (all.includes("D")) return "scene";
  if (all.includes("H") || isOfPictures(docs)) return "grid";
  if (inputs.some((input) => letters(input).join() === "N,N" || letters(input).join() === "N,M")) return "grid";
  if (["C", "V", "L"].some((letter) => all.includes(letter)) || docs.family === "distribution") return "bars";
  return "curve";
}

function sampleInput(docs: LossDocs, input: InputDocs, view: ViewName): ExplorerInput {
  const form = defaultForm(docs, input);
  const tokens = form?.shape ?? [];
  const integer = form?.holds.kind === "index";
  const shape = tokens.flatMap((token) => shapeOf(token, view, docs));
  const count = shape.reduce((product, size) => product * size, 1);
  const role = roleOf(docs, input, view);
  const { from, to } =
    (form?.holds.kind === "float" || form?.holds.kind === "number" ? form.holds.range : undefined) ?? {};
  const range = from === undefined || to === undefined ? undefined : ([from, to] as const);
  const common = { name: input.name, role, shape, integer, isList: input.isList, range, doc: input.doc };
  const index = givenInputs(docs).indexOf(input);
  switch (role) {
    case "points":
      return { ...common, data: pointsFor(index, count / 2), classes: undefined };
    case "columns":
      return { ...common, data: transposed(pointsFor(index, count / 2)), classes: undefined };
    case "labels": {
      const classes = form?.holds.kind === "index" ? classesOf(docs, form.holds) : undefined;
      const some = classes ?? Math.max(2, Math.ceil(count / 2) + 1);
      const { from } = form?.holds.kind === "index" ? form.holds : { from: 0 };
      const first = classes === undefined ? 0 : from;
      const data = labelsFor(count, some - first, classes === undefined).map((label) => first + label);
      return { ...common, data, classes: some };
    }
    case "probabilities":
    case "logProbabilities":
      return { ...common, data: sharesFor(index, shape, role === "logProbabilities"), classes: undefined };
    case "signs":
      return { ...common, data: Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 1 : -1)), classes: undefined };
    case "switches":
      return { ...common, data: Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 1 : 0)), classes: undefined };
    case "logits":
    case "numbers":
    case "grid":
      return { ...common, data: withinRange(numbersFor(input.name, index, count), range), classes: undefined };
  }
}

/** The form that an input has with the default options. */
function defaultForm(docs: LossDocs, { forms }: InputDocs): InputDocs["forms"][number] | undefined {
  const valueOf = (option: string): unknown => docs.options.find(({ name }) => name === option)?.default;
  const given = givenInputs(docs).map(({ name }) => name);
  return forms.find((form) => isFormTaken(form, valueOf, (input) => given.includes(input)));
}

/** The number that labels are below in an explorer, if they are bounded. */
function classesOf(
  docs: LossDocs,
  {
    from,
    below,
    atMost,
  }: { readonly from: number; readonly below: Bound | undefined; readonly atMost: Bound | undefined },
): number | undefined {
  if (below !== undefined) return boundIn(docs, below, from + 1);
  return atMost === undefined ? undefined : boundIn(docs, atMost, from) + 1;
}

/** A bound with the sizes of an explorer; what is held against another input is the smallest that is allowed. */
function boundIn({ options }: LossDocs, bound: Bound, smallest: number): number {
  if (typeof bound === "number") return bound;
  if (typeof bound === "string") return sizeIn(bound, (letter) => sizes[letter] ?? 4);
  if ("computed" in bound) return Math.max(smallest, Number(evaluateDim(bound.of(sizes), sizes)));
  if ("input" in bound) return smallest;
  const value = options.find(({ name }) => name === bound.option)?.default;
  return typeof value === "number" ? value : smallest;
}

/** The size of an axis such as `"2*N"`, from those of its letters. */
function sizeIn(dim: string, sizeOf: (letter: string) => number): number {
  return Number(evaluateDim(dim, Object.fromEntries(symbolsOf(dim).map((letter) => [letter, sizeOf(letter)]))));
}

function shapeOf(token: DimToken, view: ViewName, docs: LossDocs): readonly number[] {
  if (typeof token === "number") return [token];
  if (token.startsWith("...")) return view === "grid" ? [6, 6] : [];
  if (token.startsWith("~")) return view === "bars" ? [sizes["C"] ?? 4] : view === "scene" ? [optionalSize] : [];
  if (/[^\w?]/.test(token)) {
    // An axis may depend on an option: so many centers a class.
    const ofOption = (name: string): unknown => docs.options.find((option) => option.name === name)?.default;
    return [sizeIn(token, (letter) => Number(ofOption(letter) ?? shapeOf(letter, view, docs)[0] ?? 1))];
  }
  const letter = letterOf(token);
  // One picture is enough to look at.
  if (letter === "N" && isOfPictures(docs)) return [1];
  if (letter === "C" && docs.family === "imageQuality") return [1];
  if (token.endsWith("?"))
    return view === "scene"
      ? [optionalSize]
      : view === "lattice" || view === "bars"
        ? []
        : [letter === "C" ? (sizes[letter] ?? 4) : 1];
  if (letter === "N" && view !== "scene" && docs.family !== "matching" && view !== "grid") return [1];
  return [sizes[letter] ?? 3];
}

function isOfPictures({ family }: LossDocs): boolean {
  return family === "segmentation" || family === "imageQuality";
}

function transposed(points: readonly number[]): readonly number[] {
  const n = points.length / 2;
  return Array.from({ length: 2 * n }, (_, i) => points[2 * (i % n) + Math.floor(i / n)] ?? 0);
}

/** What an input holds: its form says it, then the words of its description. */
function roleOf(docs: LossDocs, input: InputDocs, view: ViewName): Role {
  const form = defaultForm(docs, input);
  if (form === undefined || form.holds.kind === "index") return "labels";
  if (form.holds.kind === "mask") return "switches";
  const own = letters(input);
  if (view === "scene" && own.at(-1) === "D") return "points";
  if (view === "scene" && own.at(0) === "D" && own.length === 2) return "columns";
  if (/\b1 (or|for .*,) -1\b/.test(input.doc)) return "signs";
  if (/\b1 (or|for .*,) 0\b/.test(input.doc)) return "switches";
  if (view === "bars" || view === "lattice") {
    if (/^\W*(predicted )?log-?probabilit/i.test(input.doc)) return "logProbabilities";
    if (/probabilit/i.test(input.doc)) return isLog(docs, input.name) ? "logProbabilities" : "probabilities";
    return form.shape.length === 0 ? "numbers" : "logits";
  }
  return view === "grid" && form.shape.length >= 2 ? "grid" : "numbers";
}

/** An option `logTarget` that is on by default says that `target` holds logarithms. */
function isLog(docs: LossDocs, input: string): boolean {
  const option = docs.options.find(({ name }) => name.toLowerCase() === `log${input}`.toLowerCase());
  return option?.default === true;
}

/** The ends of a slider: what the domain allows, and room around the default. */
export function rangeOf(value: number, domain: string, kind: string): readonly [number, number, number] | undefined {
  if (!Number.isFinite(value)) return undefined;
  if (kind === "integer") return undefined;
  if (domain.includes("[0, 1")) return [0, domain.includes("[0, 1)") ? 0.99 : 1, 0.01];
  if (value !== 0 && Math.abs(value) < 1e-3) return undefined;
  if (domain.includes("Infinity")) return [0.5, 6, 0.1];
  const top = Math.max(1, 2 ** Math.ceil(Math.log2(Math.max(1, Math.abs(value) * 3))));
  const step = top <= 2 ? 0.01 : top <= 16 ? 0.1 : 1;
  if (domain.includes("> 0")) return [step, top, step];
  if (domain.includes(">= 0")) return [0, top, step];
  return [-top, top, step];
}
