import { graphInputs, nodeAt, operandAt, readParts, type DType, type Graph, type Rules } from "@losses/core";
import { concat, functionCode, moduleBytes, type Bytes, type FunctionSource } from "./assembler/bytes.js";
import { fuse, type Stage } from "./lowering/fuse.js";
import { gemmFunctions } from "./products/gemm.js";
import { callWhole, hostFunctions } from "./loops/host.js";
import { call, i32, local, when } from "./assembler/instructions.js";
import { loopNestFunction } from "./loops/loopNest.js";
import type { Features } from "./platform.js";
import { productFunction } from "./products/product.js";
import { productFunctions } from "./products/sparse.js";
import { matricesOf, stripPlansOf } from "./strips/program.js";
import { decompose } from "./lowering/decompose.js";
import { contentsOf, type Contents, type Whole } from "./lowering/inMemory.js";
import { tensorName, RunTable } from "./loops/runTable.js";
import { workOf } from "./lowering/work.js";
import { ownProgram, type Block, type HostStep, type Place, type Port, type Program, type Strips } from "./program.js";

const featureRules: Rules<Features> = {
  relaxed: { domain: "true or false", accepts: (value) => typeof value === "boolean" },
  shares: { domain: "true or false", accepts: (value) => typeof value === "boolean" },
};

/** What is computed in 32 bits. */
const computed: readonly DType[] = ["float32", "int32", "bool"];

/** What becomes of a graph: its program, or the reason why there is none. */
export type Compilation =
  { readonly program: Program; readonly reason: undefined } | { readonly program: undefined; readonly reason: string };

/**
 * Compiles a graph for an engine that has these features, if its inputs and results are of these dtypes, and all that is computed of 32
 * bits. A bool that comes in or goes out has 32 bits, too: all of them 0 or 1.
 */
export function compileProgram(
  graph: Graph,
  features: Features,
  ports: readonly DType[] = ["float32", "int32"],
): Compilation {
  const read = readParts("compileProgram", features, featureRules, ["relaxed"]);
  const reason = reasonAgainst(graph, ports);
  return reason === undefined ? { program: programOf(graph, read), reason } : { program: undefined, reason };
}

function reasonAgainst(graph: Graph, ports: readonly DType[]): string | undefined {
  const wrong = (what: string, node: number, allowed: readonly DType[]): readonly string[] => {
    const { dtype } = nodeAt(graph, node);
    if (allowed.includes(dtype)) return [];
    return [`${graph.name}: ${what} must be one of ${allowed.join(", ")} to be compiled, got ${dtype}.`];
  };
  return [
    ...graphInputs(graph).flatMap(({ id, attrs }) => wrong(`input ${attrs.name}`, id, ports)),
    ...graph.outputs.flatMap(({ name, node }) => wrong(`result ${name}`, node, ports)),
    ...graph.nodes.flatMap(({ id }) => wrong("what lies between inputs and results", id, computed)),
  ][0];
}

function programOf(original: Graph, features: Features): Program {
  const graph = decompose(original);
  const contents = contentsOf(graph);
  const stages = fuse(contents, features);
  const runTable = new RunTable();
  const lives = livesOf(graph, contents, stages);
  const functions: FunctionSource[] = [];
  const firstProduct = hostFunctions.length;
  if (contents.products.length > 0) {
    functions.push(...gemmFunctions(firstProduct, features));
    functions.push(...productFunctions(firstProduct + functions.length, firstProduct + functions.length - 1));
  }
  const product = firstProduct + functions.length - 1;
  const blocks: Block[] = [];
  const hostSteps: HostStep[] = [];
  const add = (source: FunctionSource): Bytes => {
    functions.push(source);
    const share = features.shares === true ? [local.get(3), local.get(4)] : [];
    return call(hostFunctions.length + functions.length - 1, local.get(0), ...share);
  };
  const stageCode = (stage: Stage): readonly Bytes[] => {
    if ("nest" in stage) {
      const isNeeded = (node: number): boolean => lives.has(node);
      const { work, finish } = loopNestFunction(graph, contents, stage.nest, isNeeded, runTable, features);
      return finish === undefined ? [add(work)] : [add(work), add(finish)];
    }
    if ("product" in stage) return [add(productFunction(graph, stage.product, product, runTable, features))];
    const step = hostStep(graph, stage.whole, features, runTable);
    return [callWhole(i32.const(hostSteps.push(step) - 1), local.get(0))];
  };
  const calls = stages.map((stage, index) => {
    const before = runTable.scratch.length;
    const code = stageCode(stage);
    for (const scratch of runTable.scratch.slice(before)) {
      blocks.push({ ...scratch, isOwn: true, from: index, to: index });
    }
    return code;
  });
  functions.push(runFunction(calls, features));
  const outputs = graph.outputs.map(({ name, node }) => port(graph, node, name));
  const results = new Set(outputs.map(({ address }) => address));
  for (const [node, { from, to }] of lives) {
    const name = tensorName(node);
    const dims = nodeAt(graph, node).shape;
    if (!results.has(name)) blocks.push({ name, dims, bytes: 4, extra: 0, within: dims, isOwn: false, from, to });
  }
  const inputs = graphInputs(graph).map((node) => port(graph, node.id, node.attrs.name));
  const stageCount = stages.length;
  const codes = functions.map(functionCode);
  return ownProgram({
    bytes: (isMemoryShared) => moduleBytes(hostFunctions, codes, isMemoryShared),
    numbers: runTable.list,
    blocks,
    inputs,
    outputs,
    stages: stageCount,
    works: features.shares === true ? stages.map((stage) => workOf(graph, stage)) : undefined,
    hostSteps,
    strips: stripsOf(graph, features),
  });
}

function stripsOf(graph: Graph, features: Features): Strips | undefined {
  const matrices = matricesOf(graph);
  if (matrices.length === 0) return undefined;
  // A part is in 32 bits where all around it is.
  return { matrices, plans: () => stripPlansOf(graph), compile: (body) => programOf(body, features) };
}

/** `calls`: for each stage the call that does it, and the one that brings its shares together. */
function runFunction(calls: readonly (readonly Bytes[])[], { shares }: Features): FunctionSource {
  const make = (parameters: FunctionSource["parameters"], body: readonly Bytes[]): FunctionSource => ({
    parameters,
    results: [],
    locals: [],
    body: concat(body),
  });
  if (shares !== true) return make(["i32"], calls.flat());
  const isWanted = (step: number): Bytes =>
    i32.and(i32.le(local.get(1), i32.const(step)), i32.lt(i32.const(step), local.get(2)));
  const steps = calls.flatMap((own, stage) => own.map((code, i) => when(isWanted(2 * stage + i), code)));
  return make(["i32", "i32", "i32", "i32", "i32"], steps);
}

function hostStep(
  graph: Graph,
  { nodes, operands, recursion }: Whole,
  features: Features,
  runTable: RunTable,
): HostStep {
  const place = (id: number, memory: number): Place => {
    const { shape, dtype } = nodeAt(graph, id);
    return { offset: runTable.offset({ kind: "address", of: tensorName(memory) }), shape, dtype };
  };
  const own = nodeAt(graph, operandAt(nodes, 0));
  const read = own.inputs.map((id, i) => place(id, operandAt(operands, i)));
  if (recursion === undefined) return { kind: "op", node: own, operands: read, result: place(own.id, own.id) };
  const body = programOf(recursion.body, features);
  const results = recursion.results.map(({ node, output }) => ({ output, place: place(node, node) }));
  return { kind: "recursion", recursion, body, operands: read, results };
}

function port(graph: Graph, id: number, name: string): Port {
  const { shape, dtype } = nodeAt(graph, id);
  return { address: tensorName(id), name, shape, dtype };
}

function madeBy(stage: Stage): readonly number[] {
  if ("nest" in stage) return stage.nest.roots.map((root) => root.node);
  return "product" in stage ? [stage.product.node] : stage.whole.nodes;
}

interface Life {
  readonly from: number;
  readonly to: number;
}

/** From which stage to which a tensor that is computed must be in memory; tensors that never must are left out. */
function livesOf(
  graph: Graph,
  { roots, products, wholes }: Contents,
  stages: readonly Stage[],
): ReadonlyMap<number, Life> {
  const made = new Map<number, number>();
  stages.forEach((stage, index) => {
    for (const node of madeBy(stage)) made.set(node, index);
  });
  const lives = new Map<number, Life>();
  const use = (node: number, stage: number): void => {
    const from = made.get(node);
    if (from === undefined) return;
    lives.set(node, { from, to: Math.max(stage, lives.get(node)?.to ?? from) });
  };
  for (const root of roots) {
    const stage = made.get(root.node) ?? 0;
    for (const { node } of root.reads) if (made.get(node) !== stage) use(node, stage);
  }
  for (const { node, left, right } of products) {
    for (const operand of [left, right]) use(operand.memory, made.get(node) ?? 0);
    use(node, made.get(node) ?? 0);
  }
  for (const { nodes, operands } of wholes) {
    for (const node of nodes) {
      for (const operand of operands) use(operand, made.get(node) ?? 0);
      use(node, made.get(node) ?? 0);
    }
  }
  for (const { node } of graph.outputs) use(node, stages.length);
  return lives;
}
