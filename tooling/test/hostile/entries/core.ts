import * as core from "@losses/core";
import { anyOf, empty, finite, flag, fn, list, name, number, plain, size, text } from "../takes.js";
import { anything, type Entry, type Takes } from "../walk.js";
import type { Entries } from "../entries.js";
import { dimEntries } from "./dims.js";
import { graphEntries } from "./graph.js";
import { count, inputEntries, token } from "./inputs.js";
import { binding, definition, given, spec } from "./samples.js";
import { symbolicEntries } from "./symbolic.js";
import { tensorEntries, tensorMethods } from "./tensor.js";

const isView: Takes = (value) => ArrayBuffer.isView(value);
/** A definition at this place of the arguments. */
export const definitionTakes: Readonly<Record<string, Takes>> = {
  "0.name": name,
  "0.family": (value) => value === "custom",
  "0.summary": text,
  "0.formula": text,
  "0.inputs": empty,
  "0.inputs.*.doc": text,
  "0.inputs.*.differentiable": flag,
  "0.inputs.*.isParameter": flag,
  "0.inputs.*.isList": flag,
  // It is read from the shape again.
  "0.inputs.*.forms.*.pattern": anything,
  "0.inputs.*.forms.*.shape": list(token),
  "0.inputs.*.forms.*.shape.*": token,
  "0.value": fn,
  "0.options": empty,
  "0.options.*.default": (value) => value === "mean",
  "0.options.*.domain": text,
  "0.options.*.doc": text,
  "0.options.*.accepts": fn,
  "0.options.*.choices": list(text),
  "0.options.*.choices.*": text,
};

const numericOption = (accepts: Takes, right: number): Entry => ({
  args: () => [right, "A number."],
  takes: { "0": accepts, "1": text },
});

/** An engine that answers nothing. */
const engine = (): object => ({
  id: "mine",
  device: "cpu",
  dtypes: ["float32"],
  isTensor: () => false,
  describe: () => ({ shape: [], dtype: "float32" }),
  convert: (tensor: unknown) => tensor,
  upload: (tensor: unknown) => tensor,
  download: (tensor: unknown) => tensor,
  release: () => undefined,
  compile: () => ({ run: () => [], dispose: () => undefined }),
  dispose: () => undefined,
});

const onEngine: Entry = {
  args: () => [engine()],
  takes: {
    "0.id": text,
    "0.device": text,
    ...Object.fromEntries(
      ["isTensor", "describe", "convert", "upload", "download", "release", "compile", "dispose"].map((method) => [
        `0.${method}`,
        fn,
      ]),
    ),
  },
  open: ["0"],
};

const reference = core.defineSyncBackend(engine() as core.Engine<unknown>);

const rule = (): core.Rule => ({ domain: "a number", accepts: number });

const optionOf = (loss: core.AnyLoss): Entry => {
  const { options } = loss.definition;
  const right: Readonly<Record<string, unknown>> = Object.fromEntries(
    Object.entries(options).map(([key, { default: initial }]) => [key, initial]),
  );
  return {
    args: () => [{ ...right }],
    takes: {
      nothing: anything,
      "0": empty,
      ...Object.fromEntries(Object.keys(options).map((key) => [`0.${key}`, optionDomain(key, right[key])])),
    },
    once: true,
    result: (made) => (made as core.LossSpec).options,
  };
};

/** What PyTorch and the papers allow. */
function optionDomain(key: string, initial: unknown): Takes {
  if (key === "p") return (value) => typeof value === "number" && !Number.isNaN(value);
  if (key === "labelSmoothing") return (value) => typeof value === "number" && value >= 0 && value <= 1;
  if (key === "ignoreIndex") return Number.isSafeInteger;
  if (key === "distance") return fn;
  if (typeof initial === "boolean") return flag;
  // A number may be left out.
  if (initial === "none" && key !== "reduction") return finite;
  return typeof initial === "number" ? finite : () => false;
}

/** A distance, miner or reducer: the options that it takes, and what they may be. */
const piece = (right: Readonly<Record<string, unknown>>, domains: Readonly<Record<string, Takes>> = {}): Entry => ({
  args: () => [{ ...right }],
  takes: {
    nothing: anything,
    "0": empty,
    ...Object.fromEntries(Object.entries(domains).map(([key, domain]) => [`0.${key}`, domain])),
  },
  once: true,
  result: (made) => made,
});

const isAbove = (value: unknown): boolean => typeof value === "number" && value > 0;

const isWeight: Takes = (value) => finite(value) && (value as number) >= 0;

const pieces: Entries = {
  lpDistance: piece(
    { p: 3, power: 2, normalize: false },
    { p: isAbove, power: (value) => isAbove(value) && value !== Infinity, normalize: flag },
  ),
  dotSimilarity: piece({ normalize: false }, { normalize: flag }),
  snrDistance: piece({ normalize: false }, { normalize: flag }),
  tripletMarginMiner: piece({ margin: 0.5, triplets: "hard", distance: "cosine" }, { margin: finite }),
  batchHardMiner: piece({ distance: "cosine" }),
  batchEasyHardMiner: piece({ positives: "hard", negatives: "easy", distance: "cosine" }),
  multiSimilarityMiner: piece({ epsilon: 0.5, distance: "dot" }, { epsilon: finite }),
  pairMarginMiner: piece({ posMargin: 0.5, negMargin: 0.5, distance: "snr" }, { posMargin: finite, negMargin: finite }),
  thresholdReducer: piece(
    { low: -1, high: 1 },
    {
      low: (value) => typeof value === "number" && value < 1,
      high: (value) => typeof value === "number" && value > -1,
    },
  ),
  classWeightedReducer: piece({ weights: [1, 2] }, { weights: list(isWeight), "weights.*": isWeight }),
  perAnchorReducer: { args: () => [], once: true },
};

const losses = Object.fromEntries(core.allLosses.map((loss) => [loss.lossName, optionOf(loss)]));

export const entries: Entries = {
  ...losses,
  ...pieces,
  allLosses: "data",
  opNames: "data",
  opTable: "data",
  inputDTypes: "data",
  LossesError: "error",
  ShapeError: "error",
  DTypeError: "error",
  OptionError: "error",
  InputError: "error",
  UnsupportedOpError: "error",
  BackendUnavailableError: "error",

  nothingToAverage: { args: () => ["crossEntropy"], takes: { "0": text } },
  printValue: { args: () => [1], takes: { nothing: anything, "0": anything } },
  isObject: { args: () => [{}], takes: { nothing: anything, "0": anything } },
  isPlainObject: { args: () => [{}], takes: { nothing: anything, "0": anything } },
  isTexts: { args: () => [["a"]], takes: { nothing: anything, "0": anything, "0.*": anything } },
  isListOf: { args: () => [["a"], text], takes: { "0": anything, "0.*": anything, "1": fn } },
  isSize: { args: () => [1], takes: { nothing: anything, "0": anything } },
  isInputDType: { args: () => ["int64"], takes: { nothing: anything, "0": anything } },
  isFloat: { args: () => ["float32"], takes: { nothing: anything, "0": anything } },
  isInteger: { args: () => ["int32"], takes: { nothing: anything, "0": anything } },
  isExpensive: { args: () => ["add"], takes: { nothing: anything, "0": anything } },
  isElementwise: { args: () => ["add"], takes: { nothing: anything, "0": anything } },
  readable: { args: () => ["f", () => 1], takes: { "0": anything, "1": fn }, calls: true },
  readOptions: {
    args: () => ["f", { a: 1 }, { a: rule() }],
    takes: { nothing: anything, "0": anything, "1": empty, "1.a": number },
    whole: ["2"],
    once: true,
    result: (found) => found,
  },
  readParts: {
    args: () => ["f", { a: 1 }, { a: rule() }, ["a"]],
    takes: { "0": anything, "1.a": number, "3": list(() => false), "3.*": (value) => value === "a" },
    whole: ["2"],
    once: true,
    result: (found) => found,
  },
  listRule: {
    args: () => ["numbers", rule(), 3],
    takes: { "0": text, "1.domain": text, "1.accepts": fn, "2": (value) => number(value) && Number(value) >= 0 },
    open: ["1"],
  },
  recordRule: {
    args: () => ["numbers by name", rule()],
    takes: { "0": text, "1.domain": text, "1.accepts": fn },
    open: ["1"],
  },
  checkArgument: {
    args: () => ["f", "it", 1, rule()],
    takes: { "0": anything, "1": anything, "2": number, "3.domain": text, "3.accepts": fn },
    open: ["3"],
    calls: true,
  },
  checkSpec: {
    args: () => ["f", spec()],
    takes: { "0": anything, "1.name": text, "1.options": plain, "1.toJSON": fn, "1.options.*": anything },
    open: ["1", "1.options"],
  },
  checkLosses: { args: () => ["f", [...core.allLosses]], takes: { "0": anything, "1": list(() => false) } },
  checkBackend: {
    args: () => ["f", { ...reference }],
    takes: {
      "0": anything,
      "1.id": text,
      "1.device": text,
      ...Object.fromEntries(
        ["compile", "compileSync", "tensor", "read", "readSync", "release", "dispose"].map((method) => [
          `1.${method}`,
          fn,
        ]),
      ),
      "1.compileSync": anything,
      "1.readSync": anything,
    },
    open: ["1"],
  },
  unitRoundoff: { args: () => ["float32"] },
  halfBits: { args: () => [1], takes: { "0": number } },
  fromHalfBits: {
    args: () => [15360],
    takes: { "0": (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 65536 },
  },
  viewsOverlap: {
    args: () => [new Float32Array(1), new Float32Array(1)],
    takes: { "0": isView, "1": isView },
  },
  erf: { args: () => [2], takes: { "0": number } },
  power: { args: () => [2, 3], takes: { "0": number, "1": number } },
  lossTerms: {
    args: () => [spec(), given()],
    takes: { "1.target.shape": list(size), "1.input.shape": list(size), "1.*.shape.*": count },
    whole: ["0"],
    open: ["1.*"],
    once: true,
    result: (terms) => (terms as readonly core.LossTerm[]).map(({ shape }) => shape),
  },
  openBackend: {
    args: () => [["mine"], [{ id: "mine", open: () => reference }]],
    takes: { "1.*.id": () => false, "1.*.open": fn },
    calls: true,
  },
  readLoaders: {
    args: () => ["mine", "loaders", [{ id: "mine", open: () => reference }]],
    takes: { "0": anything, "1": anything, "2": list(() => false), "2.*.id": text, "2.*.open": fn },
  },
  perSample: {
    args: () => [spec(), "input"],
    takes: { "1": (value) => value === "target" },
    whole: ["0"],
    once: true,
    result: (made) => (made as core.LossSpec).name,
  },
  combineTerms: {
    args: () => [spec(), [{ values: 2, weights: 1 }]],
    takes: { "1": list(() => false), "1.*.values": number, "1.*.weights": number },
    whole: ["0"],
    once: true,
    result: (made) => made,
  },
  scanSteps: {
    args: () => [{ reverse: true }, 2, [1], (_: number, carries: readonly number[]) => carries],
    takes: {
      "0.reverse": flag,
      "1": (value) => size(value) && Number(value) < 1000,
      "2": Array.isArray,
      "2.*": anything,
      "3": fn,
    },
    open: ["0"],
    calls: true,
  },
  elementName: { args: () => ["fake", 1], takes: { "0": text, "1": size } },
  inputOf: { args: () => ["fake.1"], takes: { "0": text } },
  listsOf: {
    args: () => [definition()],
    takes: definitionTakes,
    open: ["0.inputs.*", "0.inputs.*.forms.*", "0.inputs.*.forms.*.holds", "0.options.*"],
    calls: true,
  },
  partOutput: { args: () => ["positive"], takes: { "0": text } },
  gradientOutput: { args: () => ["input"], takes: { "0": text } },

  ...graphEntries,
  ...dimEntries,
  ...inputEntries,
  ...tensorEntries,
  ...symbolicEntries,

  finite: numericOption(finite, 1),
  positive: numericOption((value) => finite(value) && Number(value) > 0, 1),
  nonNegative: numericOption((value) => finite(value) && Number(value) >= 0, 1),
  fraction: numericOption((value) => typeof value === "number" && value >= 0 && value <= 1, 0.5),
  integer: numericOption(Number.isSafeInteger, 3),
  normOrder: numericOption((value) => typeof value === "number" && !Number.isNaN(value), 2),
  flag: { args: () => [true, "A flag."], takes: { "0": flag, "1": text } },
  oneOf: { args: () => [["a", "b"], "b", "One."], takes: { "0.0": text, "0.1": () => false, "2": text } },
  orNone: { args: () => [core.finite(1, "A.")], whole: ["0"] },
  reduction: { args: () => ["sum"], takes: { nothing: anything } },
  noReduction: { args: () => [] },
  resolveOptions: {
    args: () => ["f", { a: core.finite(1, "A.") }, { a: 2 }],
    takes: { "0": anything, "1": () => false, "2": empty, "2.a": finite },
    whole: ["1"],
    once: true,
    result: (found) => found,
  },
  optionsToJSON: {
    args: () => ["f", { a: Infinity }],
    takes: { "0": anything, "1": anything, "1.a": (value) => typeof value !== "function" },
    open: ["1"],
  },
  optionsFromJSON: { args: () => [{ a: "Infinity" }], takes: { "0": anything, "0.a": anything }, open: ["0"] },
  defineLoss: {
    args: () => [definition()],
    takes: definitionTakes,
    open: ["0.inputs.*", "0.inputs.*.forms.*", "0.inputs.*.forms.*.holds", "0.options.*"],
    calls: true,
  },
  allInputs: {
    args: () => [definition()],
    takes: definitionTakes,
    open: ["0.inputs.*", "0.inputs.*.forms.*", "0.inputs.*.forms.*.holds", "0.options.*"],
    calls: true,
  },
  definitionFor: {
    args: () => [definition(), ["input"]],
    takes: { ...definitionTakes, "1": list(text), "1.*": text },
    open: ["0.inputs.*", "0.inputs.*.forms.*", "0.inputs.*.forms.*.holds", "0.options.*"],
    calls: true,
  },
  bindInputs: {
    args: () => [spec().loss.definition, given()],
    takes: { "1.target.shape": list(size), "1.input.shape": list(size), "1.*.shape.*": count },
    whole: ["0"],
    open: ["1.*"],
    once: true,
    result: (bound) => bound,
  },
  traceLoss: {
    args: () => [spec(), binding(), { dtype: "float32", gradients: ["input"], seed: "ones" }],
    takes: {
      "1.sizes": anything,
      "1.sizes.*": anything,
      "1.key": anything,
      "1.inputs.*.differentiable": anything,
      "1.inputs.*.integral": flag,
      "1.inputs.*.holds.*": anything,
      "1.inputs.*.shape": list(size),
      "1.inputs.*.shape.*": anyOf(size, text),
      "2.gradients": list(() => false),
    },
    whole: ["0"],
    open: ["1", "1.sizes", "1.inputs.*", "1.inputs.*.holds"],
  },
  uncertaintyWeighting: {
    args: () => [[{ loss: core.crossEntropy(), task: "classification" }]],
    whole: ["0.*.loss"],
  },
  weightedSum: {
    args: () => [
      [
        { loss: core.clipLoss(), weight: 2 },
        { loss: core.vseLoss(), weight: -1 },
      ],
    ],
    takes: { "0.*.weight": finite },
    whole: ["0.*.loss"],
  },
  findLoss: { args: () => [[...core.allLosses], "clipLoss"] },
  specFromJSON: {
    args: () => [
      [...core.allLosses],
      {
        name: "weightedSum",
        options: { terms: [{ name: "tripletMarginLoss", options: { margin: 0.5, p: "Infinity" }, weight: 2 }] },
      },
    ],
    takes: {
      "1.options.terms.*.options": empty,
      "1.options.terms.*.weight": finite,
    },
    once: true,
    result: (made) => made,
  },
  defineBackend: onEngine,
  defineSyncBackend: onEngine,
  evaluateBatches: {
    args: () => [
      reference,
      { value: async () => ({}) },
      [],
      { signal: new AbortController().signal, onProgress: () => undefined },
    ],
    takes: {
      "1.value": fn,
      "2": (value) => Array.isArray(value) && value.length === 0,
      "3": empty,
      "3.onProgress": fn,
    },
    whole: ["0"],
    open: ["1"],
    calls: true,
  },
};

/** The methods of the tensor that a loss is written against, by name. */
export const methods: Readonly<Record<string, Entry>> = tensorMethods;
