import {
  bindInputs,
  bindShape,
  defineBackend,
  interpret,
  nodeAt,
  opNames,
  traceLoss,
  type Backend,
  type FloatDType,
  type Graph,
  type HostTensor,
  type Node,
} from "@losses/core";
import { describe, expect, it } from "vitest";
import { backendContestant, fuzz, trialOf, type Contestant } from "../../src/index.js";
import { makeProgram } from "../../src/fuzz/generate.js";
import { programSpec, type Program } from "../../src/fuzz/program.js";
import { Random } from "../../src/fuzz/random.js";
import { singlePrecision } from "../singlePrecision.js";

const shrinking = { tries: 300, seconds: 10 };

type Evaluate = (
  graph: Graph,
  feeds: Readonly<Record<string, HostTensor>>,
  sizes: Readonly<Record<string, number>>,
) => readonly HostTensor[];

const right: Evaluate = (graph, feeds, sizes) => {
  const numbers = Object.entries(feeds).map(
    ([name, { shape, data }]) => [name, { shape, data: Float64Array.from(data) }] as const,
  );
  return interpret(graph, Object.fromEntries(numbers), sizes).map(({ shape, data }) => ({
    shape,
    data: Float64Array.from(data),
    dtype: "float64",
  }));
};

/** Sums from left to right, every result rounded to float32. */
const naive: Evaluate = (graph, feeds, sizes) => {
  const given = Object.entries(feeds).map(
    ([name, { shape, data }]) => [name, { shape, data: Float64Array.from(data) }] as const,
  );
  return singlePrecision(graph, Object.fromEntries(given), sizes).map((data, i) => ({
    shape: bindShape(nodeAt(graph, graph.outputs[i]?.node ?? -1).shape, sizes),
    data: Float32Array.from(data),
    dtype: "float32",
  }));
};

/** A backend whose graphs are evaluated by a function. */
function backend(evaluate: Evaluate, dtype: FloatDType): Backend<HostTensor> {
  const own = new WeakSet<object>();
  const owned = <T extends object>(tensor: T): T => {
    own.add(tensor);
    return tensor;
  };
  return defineBackend<HostTensor>({
    id: "test",
    device: "cpu",
    dtypes: [dtype],
    isTensor: (value): value is HostTensor => typeof value === "object" && value !== null && own.has(value),
    describe: (tensor) => tensor,
    convert: (tensor) => tensor,
    upload: (tensor) => owned({ ...tensor }),
    download: (tensor) => tensor,
    release: () => undefined,
    compile: (graph) => ({
      run: (feeds, sizes) => evaluate(graph, feeds, sizes).map(owned),
      dispose: () => undefined,
    }),
    dispose: () => undefined,
  });
}

function contestant(
  evaluate: Evaluate,
  more: { readonly takesOut?: boolean; readonly countTensors?: () => number; readonly dtype?: FloatDType } = {},
): Contestant {
  return backendContestant(backend(evaluate, more.dtype ?? "float64"), { takesOut: false, ...more });
}

describe("random programs", { timeout: 120_000 }, () => {
  it("have every op of the op table, as they are traced", () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 800; seed++) for (const { op } of traced(makeProgram(new Random(seed)))) seen.add(op);
    expect(opNames.filter((op) => !seen.has(op))).toEqual([]);
  });

  it("are the same for the same seed", () => {
    for (const seed of [1, 2, 77]) {
      expect(makeProgram(new Random(seed))).toEqual(makeProgram(new Random(seed)));
      expect(trialOf(seed).program).toEqual(makeProgram(new Random(seed)));
    }
    expect(makeProgram(new Random(1))).not.toEqual(makeProgram(new Random(2)));
  });

  it("have sizes from 0 to 1025, and every kind of number", () => {
    const runs = Array.from({ length: 300 }, (_, i) => trialOf(i + 1).runs).flat();
    const sizes = new Set(runs.flatMap(({ feeds }) => Object.values(feeds).flatMap(({ shape }) => shape)));
    for (const size of [0, 1, 2, 17, 64, 127, 1025]) expect(sizes).toContain(size);
    const numbers = runs.flatMap(({ feeds }) => Object.values(feeds).flatMap(({ data }) => data.slice(0, 50)));
    for (const special of [0, -0, Number.NaN, Infinity, -Infinity]) {
      expect(
        numbers.some((x) => Object.is(x, special)),
        String(special),
      ).toBe(true);
    }
    expect(numbers.some((x) => Math.abs(x) > 1e37 && Number.isFinite(x))).toBe(true);
    expect(numbers.some((x) => x !== 0 && Math.abs(x) < 2 ** -126)).toBe(true);
  });
});

describe("fuzz", { timeout: 300_000 }, () => {
  it("finds nothing wrong with a backend that is right", async () => {
    const report = await fuzz(contestant(right), { count: 40 });
    expect(report.failures).toEqual([]);
    expect(report.figures.programs).toBe(40);
    expect(report.figures.elements).toBeGreaterThan(10_000);
    expect(report.figures.unclaimed / report.figures.elements).toBeLessThan(0.05);
  });

  it("finds nothing wrong with one that computes in float32 as plainly as one can", async () => {
    const report = await fuzz(contestant(naive, { dtype: "float32" }), { seed: 301, count: 150 });
    expect(report.failures).toEqual([]);
    expect(report.figures.unclaimed / report.figures.elements).toBeLessThan(0.1);
  });

  it("finds an op that is wrong, and makes the program as small as it can be", async () => {
    const wrong: Evaluate = (graph, feeds, sizes) => right(replaced(graph, "sigmoid", "softplus"), feeds, sizes);
    const { failures } = await fuzz(contestant(wrong), { count: 60, shrinking });
    expect(failures.some((text) => /t0 = \w+\.sigmoid\(\)\n {2}return t0, reduction none/.test(text))).toBe(true);
    expect(failures.join("\n")).toMatch(
      /seed \d+, test float64: value\nvalue\[0\]: expected \S+ in \[\S+, \S+\], got \S+/,
    );
  });

  it("finds elements that are wrong in long rows alone", async () => {
    const wrong: Evaluate = (graph, feeds, sizes) =>
      right(graph, feeds, sizes).map((tensor) => ({
        ...tensor,
        data: tensor.data.map((x, i) => (i === 64 ? x + 1 : x)),
      }));
    const { failures } = await fuzz(contestant(wrong), { count: 12, shrinking });
    expect(failures.length).toBeGreaterThan(0);
    expect(failures[0]).toMatch(/\[64\]: expected/);
  });

  it("finds NaN that is lost, and infinities", async () => {
    const wrong: Evaluate = (graph, feeds, sizes) =>
      right(graph, feeds, sizes).map((tensor) => ({ ...tensor, data: tensor.data.map((x) => (x - x === 0 ? x : 0)) }));
    const { failures } = await fuzz(contestant(wrong), { count: 60, shrinking });
    expect(failures.join("\n")).toMatch(/should be NaN[^]*expected NaN, got 0/);
    expect(failures.join("\n")).toMatch(/expected -?Infinity in \[-?Infinity, -?Infinity\], got 0/);
  });

  it("finds results that disturb each other", async () => {
    // Every run writes to the same memory.
    const memory = new Map<string, Float64Array>();
    const wrong: Evaluate = (graph, feeds, sizes) =>
      right(graph, feeds, sizes).map((tensor, i) => {
        const key = `${i} ${tensor.data.length}`;
        const kept = memory.get(key) ?? new Float64Array(tensor.data.length);
        memory.set(key, kept);
        kept.set(tensor.data);
        return { ...tensor, data: kept };
      });
    const { failures } = await fuzz(contestant(wrong), { count: 12, shrinking });
    expect(failures.join("\n")).toMatch(/(value|gradient) at once/);
  });

  it("finds an out that is refused or ignored, and tensors that are left over", async () => {
    const [refused] = (await fuzz(contestant(right, { takesOut: true }), { count: 1, shrinking })).failures;
    expect(refused).toMatch(/OptionError: .*always new tensors/);
    let tensors = 0;
    const leaking = contestant((...given) => right(...given).map((tensor) => ({ ...tensor, left: tensors++ })), {
      countTensors: () => tensors,
    });
    expect((await fuzz(leaking, { count: 1, shrinking })).failures[0]).toMatch(/leak\n\d+ tensors more than before/);
  });
});

/** The nodes of a program before anything is simplified. */
function traced(program: Program): readonly Node[] {
  const spec = programSpec(program);
  const given = Object.fromEntries(
    program.inputs.map(({ name, shape, kind }) => [
      name,
      {
        shape: shape.map((dim) => (typeof dim === "number" ? dim : 2)),
        dtype: kind === "float" ? ("float32" as const) : ("int32" as const),
      },
    ]),
  );
  const binding = bindInputs(spec.loss.definition, given, spec.options);
  const gradients = binding.inputs.filter(({ differentiable }) => differentiable).map(({ name }) => name);
  return traceLoss(spec, binding, { dtype: "float32", gradients, simplified: false }).nodes;
}

function replaced(graph: Graph, op: Node["op"], by: Node["op"]): Graph {
  return { ...graph, nodes: graph.nodes.map((node) => (node.op === op ? ({ ...node, op: by } as Node) : node)) };
}
