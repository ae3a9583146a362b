import { describe, expect, it } from "vitest";
import {
  bindInputs,
  clipLoss,
  concat,
  crossEntropy,
  defineLoss,
  defineSyncBackend,
  float,
  InputError,
  LossesError,
  opTable,
  oneOf,
  OptionError,
  reduction,
  scan,
  traceLoss,
  verify,
  weightedSum,
  type Graph,
  type LossSpec,
  type Node,
  type Tensor,
} from "../src/index.js";
import { Tracer } from "../src/graph/trace.js";
import { vectorNorm } from "../src/math/norm.js";
import { evaluateLoss, expression } from "./support/losses.js";
import { interpret, interpreterEngine } from "./support/interpreter.js";

/** A list of nothing but holes. */
function holes(length: number): never[] {
  const list: never[] = [];
  list.length = length;
  return list;
}

const endless = (): never[] => holes(2 ** 32 - 1);

/** x (N, D) summed along N by a recursion. */
function recursion(): Graph {
  const tracer = new Tracer();
  const x = tracer.input("x", ["N", 2], "float64");
  const { carry } = scan({ init: { total: x.sum(0) }, sequences: { x } }, ({ total }, at) => ({
    carry: { total: total.add(at.x) },
  }));
  return tracer.builder.finish("recursion", { value: tracer.idOf(carry.total) });
}

function changed(change: (graph: { nodes: Node[] }) => void): Graph {
  const graph = structuredClone(recursion()) as Graph & { nodes: Node[] };
  change(graph);
  return graph;
}

const scanOf = (graph: { nodes: Node[] }): { body: { nodes: unknown; outputs: unknown } } =>
  graph.nodes.find(({ op }) => op === "scan")?.attrs as never;

describe("a graph that is verified", () => {
  it("is well formed, with the bodies of its recursions", () => {
    expect(() => verify(changed(() => undefined))).not.toThrow();
  });

  it.each<[string, Graph]>([
    [
      "operands that are holes without end",
      changed(({ nodes }) => Object.assign(nodes[1] ?? {}, { inputs: endless() })),
    ],
    ["nodes that are holes", changed((graph) => (graph.nodes = endless()))],
    [
      "a getter",
      changed(({ nodes }) => Object.defineProperty(nodes[0], "op", { get: () => "input", enumerable: true })),
    ],
    ["a function", changed(({ nodes }) => Object.assign(nodes[0]?.attrs ?? {}, { note: () => 1 }))],
    ["a body without nodes", changed((graph) => Object.assign(scanOf(graph).body, { nodes: 3 }))],
    ["a body whose nodes are holes", changed((graph) => Object.assign(scanOf(graph).body, { nodes: endless() }))],
    ["a body without outputs", changed((graph) => Object.assign(scanOf(graph).body, { outputs: [] }))],
    ["a body that holds itself", changed((graph) => Object.assign(scanOf(graph).body, { body: scanOf(graph).body }))],
  ])("is refused with %s", (_, graph) => {
    expect(() => verify(graph)).toThrow(LossesError);
  });
});

describe("what declares a loss is read once", () => {
  it("choices", () => {
    let asked = 0;
    const choices = Object.defineProperty(["a", "b"], 0, { get: () => (asked++ === 0 ? "a" : endless()) });
    expect(oneOf(choices, "a", "").choices).toEqual(["a", "b"]);
    expect(() => oneOf(endless(), "a" as never, "")).toThrow(OptionError);
  });

  it("shapes", () => {
    let asked = 0;
    const shape = Object.defineProperty(["N", "D"], 0, { get: () => (asked++ === 0 ? "N" : 1) });
    expect(float(shape, "").forms[0]?.shape).toEqual(["N", "D"]);
    for (const wrong of [endless(), holes(2), Array.from({ length: 33 }, () => "N"), ["...a", "~b"]]) {
      expect(() => float(wrong, "")).toThrow(OptionError);
    }
  });

  it("bindings", () => {
    const spec = expression("sumOfTwo", (x, y) => x.add(y))();
    const type = { shape: [2, 3], dtype: "float32" } as const;
    const binding = bindInputs(spec.loss.definition, { x: type, y: type });
    const { inputs } = binding;
    const request = { dtype: "float32", gradients: [] } as const;
    let asked = 0;
    const once = Object.defineProperty({ ...binding }, "inputs", { get: () => (asked++ === 0 ? inputs : endless()) });
    expect(() => traceLoss(spec, { ...binding, inputs: endless() }, request)).toThrow(OptionError);
    expect(() => traceLoss(spec, once, request)).not.toThrow();
    expect(asked).toBe(1);
    expect(() => traceLoss(spec, { ...binding, inputs: inputs.slice(1) }, request)).toThrow(InputError);
  });

  it("lists of tensors", () => {
    expect(() => concat(endless(), 0)).toThrow(LossesError);
    expect(() => concat([3 as never], 0)).toThrow("must be a list of tensors");
  });
});

describe("a weighted sum", () => {
  it("requires what each choice of inputs has", () => {
    const either = defineLoss({
      name: "either",
      summary: "One of two besides a third.",
      formula: "common + (left or right)",
      inputs: {},
      optionalInputs: { common: float([], ""), left: float([], ""), right: float([], "") },
      inputSets: [
        ["common", "left"],
        ["common", "right"],
      ],
      options: { reduction: reduction("sum") },
      value: ({ common, left, right }) => (common as Tensor).add((left ?? right) as Tensor),
    });
    const { inputs, optionalInputs, inputSets } = weightedSum([{ loss: either(), weight: 1 }]).loss.definition;
    expect(Object.keys(inputs)).toEqual(["common"]);
    expect(Object.keys(optionalInputs ?? {})).toEqual(["left", "right"]);
    expect(inputSets).toEqual([["left"], ["right"]]);
  });
});

describe("a trace that is not simplified", () => {
  it("is the graph as it was recorded, and gives the same", () => {
    const spec = expression("twice", (x, y) => x.mul(1).add(0).add(y.neg().neg()))();
    const type = { shape: [2], dtype: "float64" } as const;
    const binding = bindInputs(spec.loss.definition, { x: type, y: type });
    const request = { dtype: "float64", gradients: ["x"] } as const;
    const [recorded, simplified] = [false, true].map((own) =>
      traceLoss(spec, binding, { ...request, simplified: own }),
    );
    const feeds = { x: { shape: [2], data: [1, 2] }, y: { shape: [2], data: [3, 5] } };
    const results = [recorded, simplified].map((graph) => interpret(graph as Graph, feeds, binding.sizes));
    expect(recorded?.nodes.some(({ op }) => op === "neg")).toBe(true);
    expect(simplified?.nodes.some(({ op }) => op === "neg")).toBe(false);
    expect(results[0]).toEqual(results[1]);
    expect(() => traceLoss(spec, binding, { ...request, simplified: 1 as never })).toThrow(OptionError);
  });
});

describe("numbers", () => {
  it("have powers as IEEE 754 says", () => {
    for (const [x, y] of [
      [1, NaN],
      [1, Infinity],
      [-1, Infinity],
      [-1, -Infinity],
      [NaN, 0],
    ] as const) {
      expect(opTable.pow.at([x, y], {})).toBe(1);
    }
  });

  it.each<[number, readonly number[], number]>([
    [3, [0, 0], 0],
    [3, [Infinity, 1], Infinity],
    [-1, [0, 2], 0],
    [-1, [Infinity, 2], 2],
    [3, [2 ** -1060, 0], 2 ** -1060],
  ])("have norms at the ends of the range, p = %d of %j", (p, data, want) => {
    const spec = expression("norm", (x) => vectorNorm(x, p))();
    const feeds = { x: { shape: [data.length], data }, y: { shape: [1], data: [1] } };
    expect(evaluateLoss(spec, feeds).results[0]?.data[0]).toBe(want);
  });
});

describe("messages tell authors of losses what to do", () => {
  const named = (value: (x: Tensor) => unknown, options: object = { reduction: reduction() }): LossSpec =>
    defineLoss({
      name: "own",
      inputs: { x: float(["N"]) },
      options: options as { reduction: ReturnType<typeof reduction> },
      value: ({ x }) => value(x) as Tensor,
    })();
  const message = (work: () => unknown): string => {
    try {
      work();
    } catch (error) {
      if (error instanceof LossesError) return error.message;
      throw error;
    }
    return "accepted";
  };
  const run = (value: (x: Tensor) => unknown): string =>
    message(() => evaluateLoss(named(value), { x: { shape: [2], data: [1, 2] } }, ["x"]));
  const untyped = (value: unknown): never => value as never;

  it.each<[string, string, string]>([
    [
      "value gives nothing",
      run(() => undefined),
      "own: value must return a tensor, { values }, { terms } or { parts } made of tensors, got undefined.",
    ],
    [
      "value gives a number",
      run(() => 3),
      "own: value must return a tensor, { values }, { terms } or { parts } made of tensors, got 3.",
    ],
    [
      "an op refuses shapes: loss and op are named",
      run((x) => x.matmul(x)),
      "own: matmul: shapes must be (…, n, k) and (…, k, m), got [N] and [N].",
    ],
    [
      "an op refuses a dtype",
      run((x) => x.gather(0, x)),
      "own: gather: positions must be int32, got float32. Cast them first.".replace("float32", "float64"),
    ],
    [
      "a number meets a bool",
      run((x) => x.greater(0).add(1)),
      "own: add: a bool tensor must meet a bool tensor, got the number 1. Cast it first.",
    ],
    [
      "an operand is undefined",
      run((x) => x.mul(untyped(undefined))),
      "own: trace: tensors must come from the loss being traced, got undefined. An operand is a tensor or a number.",
    ],
    [
      "options are missing",
      message(() => named((x) => x, untyped(null))),
      "defineLoss: option options must be a plain object of declared options, got null.",
    ],
    [
      "no reduction is declared",
      message(() => named((x) => x, {})),
      "defineLoss: options must declare a reduction, got none. Add it: { reduction: reduction() }.",
    ],
    [
      "an option is a number",
      message(() => named((x) => x, { margin: 0.3, reduction: reduction() })),
      "defineLoss: option margin must be an option declared with finite(), flag(), oneOf() …, got 0.3.",
    ],
    [
      "a term is a loss that is not called",
      message(() => weightedSum([{ loss: untyped(clipLoss), weight: 1 }])),
      "weightedSum: the loss must be a spec such as clipLoss() gives, got a function. Call it first: clipLoss().",
    ],
    [
      "a weight is an option",
      message(() => crossEntropy(untyped({ weight: [1, 2] }))),
      "crossEntropy: options must not hold inputs, got weight. Give it with the other inputs: value({ input, target, weight }).",
    ],
    [
      "a scale is an option",
      message(() => clipLoss(untyped({ logitScale: 10 }))),
      "clipLoss: options must not hold inputs, got logitScale. Give it with the other inputs: value({ image, text, logitScale }).",
    ],
    [
      "a temperature is an option",
      message(() => clipLoss(untyped({ temperature: 0.07 }))),
      "clipLoss: options must not hold inputs, got temperature. Give the input logitScale, 1 / temperature.",
    ],
  ])("%s", (_, got, wanted) => {
    expect(got).toBe(wanted);
  });

  it("name the loss of a term once", () => {
    const term = named((x) => x.matmul(x));
    expect(() => evaluateLoss(weightedSum([{ loss: term, weight: 1 }]), { x: { shape: [2], data: [1, 2] } })).toThrow(
      /^own: matmul: shapes/,
    );
  });
});

describe("messages tell users what to give", () => {
  const backend = defineSyncBackend(interpreterEngine());
  const entropy = backend.compileSync(crossEntropy());
  const input = [
    [2, 1, 0],
    [0, 3, 1],
  ];
  it.each<[string, object, string]>([
    [
      "labels that are floats",
      { input, target: new Float32Array([0, 1]) },
      "they are integers, got float32: give an Int32Array.",
    ],
    [
      "labels in a column",
      { input, target: [[0], [1]] },
      "got [2, 1]. Class indices have no axis of size 1 at the end: give them as [2].",
    ],
    ["integer labels in a column", { input, target: { data: new Int32Array(2), shape: [2, 1] } }, "give them as [2]."],
    [
      "logits with the classes last",
      {
        input: [
          [
            [1, 2],
            [1, 2],
            [1, 2],
          ],
        ],
        target: [[0, 1, 1]],
      },
      "The classes are axis 1; where they are the last axis, say so with classAxis: -1.",
    ],
    ["an input that is null", { input, target: [0, 1], weight: null }, "got null. Leave out what is not given."],
  ])("%s", (_, feeds, cure) => {
    expect(() => entropy.valueSync(feeds as never)).toThrow(cure);
  });

  it("a wrt that is one name", () => {
    expect(() => entropy.valueAndGradSync({ input, target: [0, 1] }, { wrt: "input" as never })).toThrow(
      'crossEntropy: option wrt must be a list of names of inputs, got "input".',
    );
  });
});
