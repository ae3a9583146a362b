import { allLosses, bindInputs, bindShape, findLoss, sizeOf, traceLoss, type DimSizes, type Shape } from "@losses/core";
import { describe, expect, it } from "vitest";
import { compileProgram, createHeap, createMachine, findFeatures, type Heap, type Program } from "../src/index.js";
import { createStripMachine, type Limits } from "../src/strips/machine.js";

type Feeds = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly data: readonly number[]; readonly isInt?: true }>
>;

const features = findFeatures() ?? { relaxed: false };

/** Numbers that look random, and are the same each time. */
function numbers(count: number, seed: number): readonly number[] {
  let state = seed + 1;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
const floats = (seed: number, ...shape: readonly number[]): Feeds[string] => ({
  shape,
  data: numbers(sizeOf(shape), seed),
});
const labels = (count: number, classes: number): Feeds[string] => ({
  shape: [count],
  data: numbers(count, 9).map((x) => Math.floor(((x + 1) / 2) * classes)),
  isInt: true,
});
const number = (x: number): Feeds[string] => ({ shape: [], data: [x] });

interface Traced {
  readonly sizes: DimSizes;
  readonly program: Program;
}

function trace(name: string, options: Readonly<Record<string, unknown>>, feeds: Feeds): Traced {
  const spec = findLoss(allLosses, name)(options);
  const types = Object.fromEntries(
    Object.entries(feeds).map(([key, { shape, isInt }]) => [
      key,
      { shape, dtype: isInt ? "int32" : "float32" } as const,
    ]),
  );
  const binding = bindInputs(spec.loss.definition, types, spec.options);
  const gradients = Object.keys(feeds).filter((key) => feeds[key]?.isInt === undefined);
  const graph = traceLoss(spec, binding, { dtype: "float32", gradients });
  const { program, reason } = compileProgram(graph, features);
  if (program === undefined) throw new Error(reason);
  return { sizes: binding.sizes, program };
}

type Run = (heap: Heap, addresses: ReadonlyMap<string, number>) => void;

/** All results of a program, one after the other, and the most memory that was in use besides them. */
function results({ program, sizes }: Traced, feeds: Feeds, run: Run): { all: number[]; peak: number } {
  const own = createHeap("trial");
  const lengths = new Map<number, number>();
  let [used, peak] = [0, 0];
  const heap: Heap = {
    ...own,
    allocate: (bytes) => {
      const at = own.allocate(bytes);
      lengths.set(at, bytes);
      peak = Math.max(peak, (used += bytes));
      return at;
    },
    free: (at) => {
      used -= lengths.get(at) ?? 0;
      own.free(at);
    },
  };
  const addresses = new Map<string, number>();
  const count = (shape: Shape): number => sizeOf(bindShape(shape, sizes));
  for (const { name, address, shape } of program.inputs) {
    const { data, isInt } = feeds[name] ?? number(0);
    const at = own.allocate(4 * count(shape));
    const View = isInt ? Int32Array : Float32Array;
    new View(own.memory.buffer as ArrayBuffer, at, count(shape)).set(data);
    addresses.set(address, at);
  }
  for (const { address, shape } of program.outputs) addresses.set(address, own.allocate(4 * count(shape)));
  run(heap, addresses);
  const all = program.outputs.flatMap(({ address, shape }) => {
    return [...new Float32Array(own.memory.buffer as ArrayBuffer, addresses.get(address) ?? 0, count(shape))];
  });
  expect(used).toBe(0);
  return { all, peak };
}

function inStrips(traced: Traced, feeds: Feeds, limits: Limits): { all: number[]; peak: number } {
  return results(traced, feeds, (heap, addresses) => {
    const { strips } = traced.program;
    if (strips === undefined) throw new Error("there must be a product");
    const machine = createStripMachine(strips, heap, (body) => createMachine(body, heap), limits);
    expect(machine.run(traced.sizes, addresses)).toBe(true);
  });
}

const whole = (traced: Traced, feeds: Feeds): { all: number[]; peak: number } =>
  results(traced, feeds, (heap, addresses) => {
    createMachine(traced.program, heap).run(traced.sizes, addresses);
  });

function expectSame(own: readonly number[], wanted: readonly number[]): void {
  const scale = Math.max(...wanted.filter(Number.isFinite).map(Math.abs));
  own.forEach((x, i) => {
    const y = wanted[i] ?? NaN;
    if (Number.isFinite(y))
      expect(Math.abs(x - y), `${i}: ${x} for ${y}`).toBeLessThanOrEqual(3e-6 * Math.max(scale, Math.abs(y)));
    else expect(x, `${i}`).toBe(y);
  });
}

const pairs = { image: floats(1, 37, 9), text: floats(2, 37, 9) };
const linear = {
  input: floats(1, 37, 9),
  linearWeight: floats(2, 53, 9),
  linearBias: floats(3, 53),
  target: labels(37, 53),
};

const cases: readonly (readonly [string, Readonly<Record<string, unknown>>, Feeds])[] = [
  ["clipLoss", {}, { ...pairs, logitScale: number(20) }],
  ["clipLoss", {}, { image: pairs.image, text: floats(4, 41, 9), logitScale: number(100), logitBias: number(-3) }],
  ["siglipLoss", {}, { ...pairs, logitScale: number(10), logitBias: number(-10) }],
  ["vseLoss", {}, pairs],
  ["vseLoss", { maxViolation: true }, pairs],
  ["vseLoss", { maxViolation: true, reduction: "sum" }, pairs],
  ["linearCrossEntropy", {}, linear],
  [
    "linearCrossEntropy",
    { labelSmoothing: 0.1 },
    { ...linear, weight: { shape: [53], data: numbers(53, 7).map((x) => x + 2) } },
  ],
  ["linearCrossEntropy", {}, { ...linear, input: floats(1, 61, 9), target: labels(61, 53) }],
  ["cmpmLoss", {}, { ...pairs, labels: labels(37, 11) }],
  ["supConLoss", {}, { embeddings: pairs.image, labels: labels(37, 11) }],
  ["ntXentLoss", {}, { embeddings: pairs.image, labels: labels(37, 11) }],
  ["infoNceLoss", {}, { query: pairs.image, positive: pairs.text }],
  ["multipleNegativesRankingLoss", {}, { anchor: pairs.image, positive: pairs.text }],
  ["nPairsLoss", {}, { embeddings: pairs.image, labels: labels(37, 11) }],
  ["decoupledContrastiveLoss", {}, { viewA: pairs.image, viewB: pairs.text }],
  ["decoupledContrastiveLoss", { weighting: "misesFisher" }, { viewA: pairs.image, viewB: pairs.text }],
  ["liftedStructureLoss", { distance: "cosine" }, { embeddings: pairs.image, labels: labels(37, 11) }],
  [
    "softTripleLoss",
    { centersPerClass: 3 },
    { embeddings: pairs.image, labels: labels(37, 11), weight: floats(6, 9, 33) },
  ],
  ["subCenterArcFaceLoss", {}, { embeddings: pairs.image, labels: labels(37, 11), weight: floats(6, 9, 33) }],
  ["multipleNegativesRankingLoss", {}, { anchor: pairs.image, positive: pairs.text, negative: floats(6, 37, 3, 9) }],
  ["vseLoss", {}, { image: floats(6, 11, 9), text: pairs.text, labels: labels(37, 11) }],
  ["vseLoss", { maxViolation: true }, { image: floats(6, 11, 9), text: pairs.text, labels: labels(37, 11) }],
  [
    "linearCrossEntropy",
    { labelSmoothing: 0.1 },
    { input: pairs.image, linearWeight: floats(6, 11, 5, 9), target: { ...labels(185, 11), shape: [37, 5] } },
  ],
  ["proxyAnchorLoss", {}, { embeddings: pairs.image, labels: labels(37, 11), proxies: floats(6, 11, 9) }],
];

describe("products in strips", () => {
  it.each(cases)("give what the whole matrices of %s %j give", (name, options, feeds) => {
    const traced = trace(name, options, feeds);
    const wanted = whole(traced, feeds).all;
    for (const rows of [1, 8, 16, 64]) expectSame(inStrips(traced, feeds, { above: 0, strip: 0, rows }).all, wanted);
  });

  it("keep infinities and NaN where they are", () => {
    for (const odd of [Infinity, -Infinity, NaN, 3e38]) {
      const image = { shape: [37, 9], data: numbers(37 * 9, 1).map((x, i) => (i === 20 * 9 ? odd : x)) };
      for (const [name, rest] of [
        ["clipLoss", { logitScale: number(20) }],
        ["vseLoss", {}],
      ] as const) {
        const feeds: Feeds = { image, text: pairs.text, ...rest };
        const traced = trace(name, {}, feeds);
        expectSame(inStrips(traced, feeds, { above: 0, strip: 0, rows: 8 }).all, whole(traced, feeds).all);
      }
    }
  });

  it("need no memory for the matrix, by themselves where it is large", () => {
    const feeds: Feeds = { image: floats(1, 3000, 4), text: floats(2, 3000, 4), logitScale: number(5) };
    const traced = trace("clipLoss", {}, feeds);
    const { all, peak } = whole(traced, feeds);
    expect(peak).toBeLessThan(4 * 3000 * 3000);
    const uncut = inStrips(traced, feeds, { above: 0, strip: 1e9, rows: 64 });
    expect(uncut.peak).toBeGreaterThan(2 * peak);
    expectSame(all, uncut.all);
  });
});
