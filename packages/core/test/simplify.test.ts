import { describe, expect, it } from "vitest";
import {
  bindInputs,
  crossEntropy,
  LossesError,
  printGraph,
  simplify,
  traceLoss,
  verify,
  type Graph,
  type Tensor,
} from "../src/index.js";
import { Tracer } from "../src/graph/trace.js";
import { interpret } from "./support/interpreter.js";

function trace(build: (x: Tensor, y: Tensor) => Tensor): Graph {
  const tracer = new Tracer();
  const value = build(tracer.input("x", ["N", "D"], "float64"), tracer.input("y", ["N", 1], "float64"));
  return tracer.builder.finish("trial", { value: tracer.idOf(value) });
}

const ops = (graph: Graph): string[] => graph.nodes.map((node) => node.op).filter((op) => op !== "input");

describe("simplify", () => {
  it.each<[string, (x: Tensor, y: Tensor) => Tensor, string[]]>([
    ["x + 0", (x) => x.add(0), []],
    ["1 · x", (x) => x.mul(1), []],
    ["--x", (x) => x.neg().neg(), []],
    ["x^2", (x) => x.pow(2), ["mul"]],
    [
      "constants",
      (x) => x.add(x.sum().mul(0).mul(1).add(2).sub(2)),
      ["reduceSum", "constant", "mul", "constant", "add", "sub", "add"],
    ],
    ["dead code", (x, y) => (y.exp(), x.abs()), ["abs"]],
    ["common subexpressions", (x) => x.exp().mul(x.exp()), ["exp", "mul"]],
    ["broadcast before broadcasting", (x, y) => y.expand(["N", "D"]).add(x), ["add"]],
    ["the sum of a stretched tensor", (x) => x.sum(0).expand([3, "D"]).sum(0), ["reduceSum", "constant", "mul"]],
    [
      "the sum of a stretched tensor, which is 0 over no elements",
      (_, y) => y.expand(["N", "D"]).sum(1),
      ["dimSize", "squeeze", "mul", "constant", "equal", "where"],
    ],
    ["transposed twice", (x) => x.transpose().transpose(), []],
    ["squeezed and back", (_, y) => y.squeeze(1).unsqueeze(1), []],
    ["e^log-softmax", (x) => x.logSoftmax(1).exp(), ["softmax"]],
    [
      "arithmetic before a stretch",
      (x) => x.sum().expand(["N", "D"]).exp().neg(),
      ["reduceSum", "exp", "neg", "expand"],
    ],
    [
      "the sum of what was added at positions",
      (x) => x.sum(1, true).scatterAdd(1, x.iota(0), "N").sum(1),
      ["reduceSum", "squeeze"],
    ],
    ["the sign of a product", (x, y) => x.mul(y).neg(), ["neg", "mul"]],
    ["signs that meet", (x, y) => y.neg().div(x).neg(), ["div"]],
    [
      "signs that meet behind a choice",
      (x) => x.equal(1).where(2, x.neg()).neg(),
      ["constant", "equal", "constant", "where"],
    ],
    [
      "a product and its opposite",
      (x, y) =>
        x
          .mul(y)
          .neg()
          .mul(x.add(x.mul(y.neg()))),
      ["neg", "mul", "add", "mul"],
    ],
    [
      "a product and its opposite, both in sums: the earlier one",
      (x, y) => x.add(x.exp().mul(y.neg())).mul(x.sub(x.exp().mul(y))),
      ["exp", "neg", "mul", "add", "mul"],
    ],
    [
      "a product and its opposite, read by sums and by others: neither for the other",
      (x, y) => x.add(x.mul(y.neg())).mul(x.sub(x.mul(y))).mul(x.mul(y.neg()).exp()).mul(x.mul(y).exp()),
      ["neg", "mul", "add", "mul", "sub", "mul", "exp", "mul", "exp", "mul"],
    ],
    [
      "one share of 1 in two products of small numbers",
      (x) =>
        x
          .softmax(1)
          .mul(x.count([]).div(x.count()))
          .sub(x.sigmoid().mul(x.count([]).div(x.count()))),
      ["softmax", "constant", "dimSize", "div", "sigmoid", "sub", "mul"],
    ],
    [
      "a mask and a product with the same number",
      (x) => x.equal(1).where(x.count([]).mul(0.5), x.count([]).sub(1)).sub(x.softmax(1).mul(0.5)),
      ["constant", "equal", "constant", "softmax", "where", "sub", "constant", "mul"],
    ],
    ["factors in either order", (x, y) => x.mul(y).add(y.mul(x)), ["mul", "add"]],
    ["a choice by the opposite", (x) => x.equal(1).not().where(x, x.exp()), ["constant", "equal", "exp", "where"]],
    ["the opposite as a number", (x) => x.equal(1).not().cast("float64"), ["constant", "equal", "constant", "where"]],
    [
      "a choice that has been made",
      (x) => x.equal(1).where(x.equal(1).where(x.exp(), x), x.equal(1).not().where(x.abs(), 2)),
      ["constant", "equal", "exp", "abs", "where"],
    ],
    [
      "all of a choice whose other side decides the shape",
      (x, y) => y.equal(1).where(y.equal(1).where(2, x), y),
      ["constant", "equal", "constant", "where", "where"],
    ],
  ])("%s", (_, build, expected) => {
    const graph = simplify(trace(build));
    verify(graph);
    expect(ops(graph)).toEqual(expected);
  });

  it.each<[string, (x: Tensor, y: Tensor) => Tensor, string[]]>([
    ["x·s + y·s", (x) => x.mul(0.5).add(x.abs().mul(0.5)), ["constant", "mul", "abs", "mul", "add"]],
    [
      "x·s + y·s for large s",
      (x) => x.sigmoid().mul(2).add(x.softmax(1).mul(2)),
      ["sigmoid", "constant", "mul", "softmax", "mul", "add"],
    ],
    ["(x·s)·t", (x) => x.mul(0.5).mul(x.sum()), ["constant", "mul", "reduceSum", "mul"]],
    [
      "(x·s)·y beside x·y",
      (x) => x.mul(x.exp()).sub(x.mul(0.5).mul(x.exp())),
      ["exp", "mul", "constant", "mul", "mul", "sub"],
    ],
    // 1/N is infinite over no N, and what is scaled may still have elements.
    [
      "x·s + y·s for a share of other axes",
      (x, y) => {
        const [a, b] = [y.squeeze(1).softmax(0), y.squeeze(1).sigmoid()];
        const share = x.count([]).div(x.count(1));
        return a.mul(share).add(b.mul(share));
      },
      ["squeeze", "softmax", "sigmoid", "constant", "dimSize", "div", "mul", "mul", "add"],
    ],
  ])("leaves %s, whose parts may go out of range in another order", (_, build, expected) => {
    expect(ops(simplify(trace(build)))).toEqual(expected);
  });

  it("does not make an infinity of a sum of products that is none", () => {
    const graph = simplify(trace((x) => x.mul(0.25).add(x.abs().mul(0.25)).sum()));
    const feeds = { x: { shape: [1, 1], data: [1.5e308] }, y: { shape: [1, 1], data: [0] } };
    expect(interpret(graph, feeds, { N: 1, D: 1 })[0]?.data).toEqual([7.5e307]);
  });

  it("does not take x · 0 for 0, which it is not for infinite x", () => {
    expect(ops(simplify(trace((x) => x.mul(0))))).toEqual(["constant", "mul"]);
  });

  it("keeps a stretch that decides the shape of the result", () => {
    const graph = simplify(trace((_, y) => y.expand(["N", "D"]).mul(2)));
    expect(graph.nodes.at(-1)?.shape).toEqual(["N", "D"]);
  });
});

describe("graphs", () => {
  it("print the same text every time", () => {
    const spec = crossEntropy({ reduction: "sum", ignoreIndex: 0 });
    const binding = bindInputs(spec.loss.definition, {
      input: { shape: [2, 3], dtype: "float32" },
      target: { shape: [2], dtype: "int32" },
    });
    expect(printGraph(traceLoss(spec, binding, { dtype: "float32", gradients: [] }))).toMatchInlineSnapshot(`
      "graph crossEntropy {
        %0 = input input : float32[N, C]
        %1 = input target : int32[N]
        %2 = logSoftmax(%0, axis=1) : float32[N, C]
        %3 = unsqueeze(%1, axes=[1]) : int32[N, 1]
        %4 = gather(%2, %3, axis=1) : float32[N, 1]
        %5 = squeeze(%4, axes=[1]) : float32[N]
        %6 = constant 0 : int32[]
        %7 = equal(%1, %6) : bool[N]
        %8 = constant -0 : float32[]
        %9 = where(%7, %8, %5) : float32[N]
        %10 = neg(%9) : float32[N]
        %11 = reduceSum(%10, axes=[0], keepdims=false) : float32[]
        return value = %11
      }"
    `);
  });

  it("are refused when malformed", () => {
    const good = trace((x, y) => x.add(y));
    const broken =
      (change: Partial<Graph>): (() => void) =>
      () =>
        verify({ ...good, ...change });
    expect(broken({ outputs: [] })).toThrow(LossesError);
    expect(broken({ outputs: [{ name: "value", node: 99 }] })).toThrow(
      'outputs must have a name and name a node, got "value" for 99.',
    );
    expect(broken({ nodes: good.nodes.map((node) => (node.op === "add" ? { ...node, shape: ["N"] } : node)) })).toThrow(
      "%2 add must have type float64[N, D], got float64[N].",
    );
    expect(broken({ nodes: [...good.nodes].reverse() })).toThrow(LossesError);
    expect(
      broken({ nodes: good.nodes.map((node) => (node.op === "add" ? { ...node, inputs: [0, 2] } : node)) }),
    ).toThrow("%2 must use earlier nodes, got 2.");
  });
});
