import { allLosses, BackendUnavailableError, l1Loss } from "@losses/core";
import {
  analyze,
  caseRunner,
  createOracle,
  createReferenceBackend,
  fixturesFolder,
  prepareRun,
  type Case,
  type Fixture,
  type Program,
  type Report,
  type Run,
} from "@losses/conformance";
import type { Entries } from "../entries.js";
import { anyOf, empty, flag, fn, list, number, plain, size, text, texts } from "../takes.js";
import { anything, type Takes } from "../walk.js";
import { graph, graphOpen, graphTakes } from "./graph.js";

const reference = createReferenceBackend();

const single = (): Case => ({
  id: "a",
  loss: "hingeGanGeneratorLoss",
  options: { reduction: "mean" },
  inputs: [{ name: "fake", dtype: "float32", shape: [2], data: [1, 3], grad: true }],
});

const fixture = (): Fixture => ({
  ...single(),
  expected: { value: { shape: [], data: [-2] }, grads: { fake: { shape: [2], data: [-0.5, -0.5] } } },
});

const caseAt = (at: string): Readonly<Record<string, Takes>> => ({
  [`${at}.id`]: text,
  [`${at}.loss`]: text,
  [`${at}.options`]: plain,
  [`${at}.options.*`]: anything,
  [`${at}.inputs`]: list(() => false),
  [`${at}.inputs.*.name`]: text,
  [`${at}.inputs.*.dtype`]: text,
  [`${at}.inputs.*.shape`]: list(number),
  [`${at}.inputs.*.shape.*`]: number,
  [`${at}.inputs.*.data`]: list(number),
  [`${at}.inputs.*.data.*`]: number,
  [`${at}.inputs.*.grad`]: flag,
  [`${at}.expected.value`]: plain,
  [`${at}.expected.grads.fake`]: plain,
  [`${at}.expected.value.shape`]: list(number),
  [`${at}.expected.value.data`]: list(number),
  [`${at}.expected.value.data.*`]: number,
  [`${at}.expected.grads`]: empty,
  [`${at}.expected.grads.fake.shape`]: list(number),
  [`${at}.expected.grads.fake.shape.*`]: number,
  [`${at}.expected.grads.fake.data`]: list(number),
  [`${at}.expected.grads.fake.data.*`]: number,
});

const caseOpen = (at: string): readonly string[] => [
  `${at}.options`,
  `${at}.expected`,
  `${at}.expected.value`,
  `${at}.expected.grads`,
  `${at}.expected.grads.fake`,
];

/** What goes wrong with a case is its result: it is never thrown. */
const answers: Readonly<Record<string, Takes>> = {
  "1": anything,
  "1.*": anything,
  "1.*.*": anything,
  "1.*.*.*": anything,
  "1.*.*.*.*": anything,
};

const runOptions = (): object => ({ dtype: "float64", gradients: true, losses: [...allLosses], name: "mine" });

const runTakes = (at: string): Readonly<Record<string, Takes>> => ({
  [at]: empty,
  [`${at}.gradients`]: flag,
  [`${at}.losses`]: list(() => false),
  [`${at}.name`]: text,
});

const bound = (): unknown => {
  const [first] = analyze(graph(), { x: { shape: [4], data: [1, 2, 3, 4] } }, { N: 4 }, "float32");
  return { ...first };
};

const program = (): Program => ({
  inputs: [{ name: "x", shape: ["A", 2], kind: "float", optional: false }],
  steps: [{ rule: "neg", operands: [{ at: 0 }], params: [] }],
  output: 1,
  term: 0,
  reduction: "mean",
});

const run = (): Run => ({ style: "normal", feeds: { x: { shape: [1, 2], data: [1, 2] } } });

/** A program at the first place. What is refused only when it is traced is accepted before. */
const programTakes: Readonly<Record<string, Takes>> = {
  "0.inputs": list(() => false),
  "0.inputs.*.name": text,
  "0.inputs.*.shape": list(anyOf(size, text)),
  "0.inputs.*.shape.*": anyOf(size, text),
  "0.inputs.*.below": text,
  "0.inputs.*.optional": flag,
  "0.steps": list(() => false),
  "0.steps.*.rule": text,
  "0.steps.*.operands": list(() => false),
  "0.steps.*.operands.*.at": size,
  "0.steps.*.params": list(anyOf(number, text, flag, list(anyOf(number, text)))),
  "0.output": size,
  "0.term": size,
};

const report = (): Report => ({
  versions: { a: "1" },
  machine: { b: "2" },
  backends: [{ id: "mine", device: "cpu", dtypes: ["float32"] }],
  rows: [
    {
      backend: "mine",
      device: "cpu",
      dtype: "float32",
      loss: "clipLoss",
      part: "value",
      cases: 1,
      elements: 2,
      unclaimed: { rounding: 0, range: 0 },
      worst: 0,
      worstAbsolute: 0,
      failures: [{ case: "a", problems: ["b"], known: "c" }],
    },
  ],
  unclaimed: [{ backend: "mine", dtype: "float32", elements: 2, rounding: 0, range: 0 }],
  unavailable: [{ backend: "other", required: false, reason: "c" }],
  problems: ["d"],
});

async function unavailable(): Promise<never> {
  throw new BackendUnavailableError("none: the machine must have it, got none.");
}

const known = (): object => ({ backend: "js", case: "x/*", reason: "known", link: "https://example.org" });

const onlyBounds: Readonly<Record<string, Takes>> = {
  "*.dtype": anything,
  "*.shape": list(number),
  "*.shape.*": number,
};

export const entries: Entries = {
  fixturesFolder: "data",
  testedDTypes: "data",
  drawInputs: {
    args: () => [l1Loss(), { input: [2, 3], target: [2, 3] }, { least: 0 }],
    takes: {
      "1.input": list(size),
      "1.target": list(size),
      "1.input.*": (value) => value === 1 || value === 0,
      "1.target.*": (value) => value === 1 || value === 0,
      "2": empty,
      "2.least": (value) => value === 0 || value === -1,
    },
    whole: ["0"],
  },
  groupByInput: {
    args: () => [
      [
        ["fake.0", 1],
        ["fake.1", 2],
      ],
    ],
    takes: { "0": list(() => false), "0.*.0": text, "0.*.1": anything },
  },
  chooseBackend: {
    args: () => [
      {
        candidates: [{ id: "mine", open: () => Promise.reject(new Error("It does not work here.")) }],
        spec: l1Loss(),
        shapes: { input: [2, 3], target: [2, 3] },
        for: "training",
        milliseconds: 1,
        onProgress: () => undefined,
      },
    ],
    takes: {
      "0.for": () => false,
      "0.milliseconds": (value) => typeof value === "number" && value > 0,
      "0.onProgress": fn,
      "0.candidates.*.id": text,
      "0.candidates.*.open": fn,
      "0.shapes.*": list(size),
      "0.shapes.*.*": size,
    },
    whole: ["0.spec"],
    calls: true,
  },
  decodeNumber: { args: () => ["NaN"], takes: { nothing: anything, "0": anything } },
  encodeNumber: { args: () => [NaN], takes: { "0": number } },
  encodeTensor: {
    args: () => [{ data: Float32Array.of(1, 2), shape: [2], dtype: "float32" }],
    takes: {
      "0.data": (value) => ArrayBuffer.isView(value) && !(value instanceof DataView),
      "0.shape": list(size),
      "0.shape.*": size,
      "0.dtype": text,
    },
    open: ["0"],
  },
  checkGradients: {
    args: () => [l1Loss(), { input: [1, 3], target: [2, 1] }, { elements: 2 }],
    takes: {
      "2": empty,
      "2.elements": (value) => Number.isSafeInteger(value) && Number(value) > 0,
      "1.*": anything,
      "1.*.*": anything,
    },
    whole: ["0"],
  },
  parseCases: { args: () => ["{}"], takes: { "0": text } },
  readCase: {
    args: () => [single()],
    takes: {
      nothing: anything,
      ...Object.fromEntries(["0", "0.*", "0.*.*", "0.*.*.*", "0.*.*.*.*"].map((path) => [path, anything])),
    },
    open: ["0", "0.*", "0.*.*", "0.*.*.*"],
  },
  loadFixtures: { args: () => [fixturesFolder], takes: { nothing: anything } },
  readFixtures: { args: () => ["[]", "file.json"], takes: { "0": (value) => value === "", "1": text } },
  caseRunner: {
    args: () => [reference, runOptions()],
    takes: runTakes("1"),
    whole: ["0"],
    once: true,
    result: () => "",
  },
  runCase: {
    args: () => [reference, single(), runOptions()],
    takes: { ...answers, ...runTakes("2") },
    whole: ["0"],
    open: ["1", "1.*", "1.*.*"],
  },
  analyze: {
    args: () => [graph(), { x: { shape: [4], data: [1, 2, 3, 4] } }, { N: 4 }, "float32"],
    takes: {
      ...graphTakes,
      "1.x.shape": anything,
      "1.x.shape.*": anything,
      "1.x.data.*": number,
      "2.N": () => false,
    },
    open: [...graphOpen, "1.x", "2"],
  },
  createReferenceBackend: { args: () => [] },
  boundCase: {
    args: () => [single(), "float32", [...allLosses], new Map()],
    takes: { ...caseAt("0"), "0.loss": () => false, "2": () => false, "3": (value) => value instanceof Map },
  },
  createOracle: { args: () => [[...allLosses]], takes: { nothing: anything, "0": list(() => false) } },
  tolerances: {
    args: () => [[1, 2], bound(), "float32"],
    takes: { "0": list(number), "0.*": number, ...onlyBounds },
    open: ["1"],
  },
  compareTensor: {
    args: () => ["value", { shape: [], data: [1] }, { shape: [], data: [1] }, bound(), "float32"],
    takes: {
      "0": text,
      "1": plain,
      "2": plain,
      "*.shape": list(number),
      "*.data": list(number),
      "*.data.*": number,
      ...onlyBounds,
    },
    open: ["1", "2", "3"],
  },
  checkCase: {
    args: () => [fixture(), "float32", caseRunner(reference), createOracle()],
    takes: caseAt("0"),
    open: caseOpen("0"),
    calls: true,
  },
  requireFixtures: { args: () => [[fixture()]], takes: caseAt("0.0"), open: caseOpen("0.0") },
  missingFixtures: {
    args: () => [[fixture()], [...allLosses]],
    takes: { "0": list(() => false), "1": list(() => false), ...caseAt("0.0") },
    open: caseOpen("0.0"),
  },
  loadKnownFailures: { args: () => [new URL("../known-failures.json", fixturesFolder)], takes: { nothing: anything } },
  printReport: {
    args: () => [report()],
    takes: {
      "0.versions": texts,
      "0.machine": texts,
      "0.versions.*": text,
      "0.machine.*": text,
      "0.backends": list(() => false),
      "0.rows": list(() => false),
      "0.unclaimed": list(() => false),
      "0.unavailable": list(() => false),
      "0.problems": list(text),
      "0.problems.*": text,
      "0.backends.*.dtypes": list(() => false),
      "0.rows.*.failures": list(() => false),
      "0.*.*.required": flag,
      "0.*.*.id": text,
      "0.*.*.device": text,
      "0.*.*.backend": text,
      "0.*.*.loss": text,
      "0.*.*.reason": text,
      "0.*.*.cases": number,
      "0.*.*.elements": number,
      "0.*.*.rounding": number,
      "0.*.*.range": number,
      "0.*.*.worst": number,
      "0.*.*.worstAbsolute": number,
      "0.*.*.unclaimed.*": number,
    },
    open: ["0.versions", "0.machine"],
    whole: ["0.rows.*.failures.*"],
    once: true,
    result: (printed) => printed,
    draws: 24,
  },
  runConformance: {
    args: () => [
      // One that runs would run all fixtures where none are given.
      [{ id: "none", create: unavailable, required: true }],
      {
        fixtures: [fixture()],
        losses: [...allLosses],
        knownFailures: [known()],
        dtypes: ["float64"],
        versions: { a: "1" },
        machine: { a: "b" },
        onProgress: () => undefined,
      },
    ],
    takes: {
      "0": list(() => false),
      "0.*.id": text,
      "0.*.required": flag,
      "1": empty,
      "1.losses": list(() => false),
      "1.knownFailures": list(() => false),
      "1.knownFailures.*.*": text,
      "1.dtypes": list(() => false),
      "1.versions": empty,
      "1.versions.a": text,
      "1.machine": empty,
      "1.machine.a": text,
      "1.onProgress": fn,
      ...caseAt("1.fixtures.0"),
    },
    open: ["1.versions", "1.machine", ...caseOpen("1.fixtures.0")],
    calls: true,
    draws: 12,
  },
  backendContestant: {
    args: () => [{ ...reference }, { dtype: "float64", takesOut: true, countTensors: () => 0 }],
    takes: {
      "0.id": text,
      "0.device": text,
      ...Object.fromEntries(
        ["compile", "compileSync", "tensor", "read", "readSync", "release", "dispose"].map((name) => [`0.${name}`, fn]),
      ),
      "0.compileSync": anything,
      "0.readSync": anything,
      "1": empty,
      "1.takesOut": flag,
      "1.countTensors": fn,
    },
    open: ["0"],
  },
  fuzz: {
    args: () => [
      { name: "mine", check: async () => [] },
      { seed: 1, count: 0, shrinking: { tries: 1, seconds: 1 } },
    ],
    takes: {
      "0.name": text,
      "0.check": fn,
      "1": empty,
      "1.seed": Number.isSafeInteger,
      "1.count": (value) => value === 1,
      "1.shrinking.*": number,
    },
    open: ["0"],
    once: true,
    result: (report) => report,
  },
  trialOf: { args: () => [1], takes: { "0": (value) => Number.isSafeInteger(value) && Number(value) >= 0 } },
  summaryOf: {
    args: () => [{ name: "mine", figures: { programs: 1, runs: 1, elements: 1, unclaimed: 0 }, failures: [] }],
    takes: { "0.name": text, "0.figures.*": number, "0.failures": list(text) },
    open: ["0", "0.figures"],
  },
  programSpec: { args: () => [program()], takes: programTakes },
  prepareRun: {
    args: () => [program(), run(), "float32"],
    takes: {
      ...programTakes,
      "1.style": (value) => value === "zeros",
      "1.feeds": empty,
      "1.feeds.*.shape": list(size),
      "1.feeds.*.shape.*": size,
      "1.feeds.*.data": list(number),
      "1.feeds.*.data.*": number,
    },
    open: ["1.feeds"],
  },
  differences: {
    args: () => [
      prepareRun(program(), run(), "float32"),
      new Map(),
      { programs: 0, runs: 0, elements: 0, unclaimed: 0 },
      "",
    ],
    takes: { "2.*": number, "3": text },
    whole: ["0"],
    open: ["2"],
  },
  gradient: "data",
  simplified: "data",
  covers: { args: () => ["js", "js:wasm"], takes: { "0": text, "1": text } },
  selectBackends: {
    args: () => [["js", "tfjs:cpu"], { LOSSES_BACKENDS: "js", LOSSES_REQUIRE: "tfjs" }],
    takes: {
      "1": anyOf(empty, (value) => typeof value === "object" && value !== null),
      "1.*": (value) => value === "" || value === null,
      "0.*": () => false,
    },
    open: ["1"],
  },
};
