import {
  checkArgument,
  graphInputs,
  isObject,
  nodeAt,
  verify,
  type Dim,
  type DType,
  type Graph,
  type Rule,
  type Shape,
} from "@losses/core";
import { concat, moduleBytes, type FunctionSource } from "./bytes.js";
import { fuse, type Stage } from "./fuse.js";
import { bufferBytes, gemmFunctions } from "./gemm.js";
import { call, local } from "./instructions.js";
import { nestFunction } from "./nest.js";
import { productFunctions } from "./sparse.js";
import { spell } from "./spell.js";
import { contentsOf, type Contents, type Matrix, type Product } from "./stored.js";
import { powerImport } from "./vectorMath.js";
import { tensorName, Words, type Word } from "./words.js";

const flagRule: Rule = { domain: "true or false", accepts: (value) => typeof value === "boolean" };

/** Memory between results, needed from one stage to another. */
export interface Block {
  readonly name: string;
  readonly dims: readonly Dim[];
  /** Bytes for each element, and besides. */
  readonly bytes: number;
  readonly extra: number;
  /** What it is needed for: it takes no memory where this has no elements. */
  readonly within: Shape;
  readonly from: number;
  readonly to: number;
}

/** A tensor of the caller's. */
export interface Port {
  /** Its name among addresses. */
  readonly address: string;
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A graph as one function `run(table)` over tensors in a memory, and what its table of words must hold. */
export interface Program {
  readonly functions: readonly FunctionSource[];
  readonly words: readonly Word[];
  readonly blocks: readonly Block[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly stages: number;
}

/** What was compiled here: the functions of no other program may run. */
const programs = new WeakSet<object>();

export const programRule: Rule = {
  domain: "a program of compileProgram",
  accepts: (value) => isObject(value) && programs.has(value),
};

/** What the engine that runs a module can do. */
export interface Features {
  readonly isMemoryShared: boolean;
}

export function programBytes(program: Program, { isMemoryShared }: Features): Uint8Array<ArrayBuffer> {
  return moduleBytes([powerImport], program.functions, isMemoryShared);
}

/** Compiles a graph; `isFused`: with fused multiply-add. `undefined` if its inputs or results are not of 32 bits. */
export function compileProgram(original: Graph, isFused: boolean): Program | undefined {
  verify(original);
  checkArgument("compileProgram", "isFused", isFused, flagRule);
  const graph = spell(original);
  const ports = [...graphInputs(graph).map((node) => node.id), ...graph.outputs.map(({ node }) => node)];
  const known: readonly DType[] = ["float32", "int32"];
  if (ports.some((id) => !known.includes(nodeAt(graph, id).dtype))) return undefined;
  const contents = contentsOf(graph);
  const stages = fuse(contents);
  const words = new Words();
  const lives = livesOf(graph, contents, stages);
  const functions: FunctionSource[] = [];
  const firstProduct = 1;
  if (contents.products.length > 0) {
    functions.push(...gemmFunctions(firstProduct, isFused));
    functions.push(...productFunctions(firstProduct + functions.length, firstProduct + functions.length - 1));
  }
  const product = functions.length;
  const blocks: Block[] = [];
  const calls = stages.map((stage, index) => {
    const before = words.scratch.length;
    const code = "nest" in stage ? nest(stage.nest) : productCall(graph, stage.product, product, words);
    for (const scratch of words.scratch.slice(before)) blocks.push({ ...scratch, from: index, to: index });
    return code;
  });
  function nest(source: Extract<Stage, { nest: unknown }>["nest"]): ReturnType<typeof call> {
    functions.push(nestFunction(graph, contents, source, (node) => lives.has(node), words));
    return call(functions.length, local.get(0));
  }
  functions.push({ parameters: ["i32"], results: [], locals: [], body: concat(calls) });
  const outputs = graph.outputs.map(({ name, node }) => port(graph, node, name));
  const results = new Set(outputs.map(({ address }) => address));
  for (const [node, { from, to }] of lives) {
    const name = tensorName(node);
    const dims = nodeAt(graph, node).shape;
    if (!results.has(name)) blocks.push({ name, dims, bytes: 4, extra: 0, within: dims, from, to });
  }
  const inputs = graphInputs(graph).map((node) => port(graph, node.id, node.attrs.name));
  const program: Program = { functions, words: words.list, blocks, inputs, outputs, stages: stages.length };
  programs.add(program);
  return program;
}

function port(graph: Graph, id: number, name: string): Port {
  const { shape, dtype } = nodeAt(graph, id);
  return { address: tensorName(id), name, shape, dtype };
}

interface Life {
  readonly from: number;
  readonly to: number;
}

/** From which stage to which a tensor that is computed must be in memory; tensors that never must are left out. */
function livesOf(graph: Graph, { roots, products }: Contents, stages: readonly Stage[]): ReadonlyMap<number, Life> {
  const made = new Map<number, number>();
  stages.forEach((stage, index) => {
    const nodes = "nest" in stage ? stage.nest.roots.map((root) => root.node) : [stage.product.node];
    for (const node of nodes) made.set(node, index);
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
    for (const operand of [left, right]) use(operand.node, made.get(node) ?? 0);
    use(node, made.get(node) ?? 0);
  }
  for (const { node } of graph.outputs) use(node, stages.length);
  return lives;
}

function productCall(
  graph: Graph,
  { node, left, right }: Product,
  number: number,
  words: Words,
): ReturnType<typeof call> {
  const [m = 1, n = 1] = nodeAt(graph, node).shape;
  const own = nodeAt(graph, left.node).shape;
  const k = own[left.isTransposed ? 0 : 1] ?? 1;
  const strides = ({ node: id, isTransposed }: Matrix): readonly ReturnType<typeof call>[] => {
    const { shape } = nodeAt(graph, id);
    const list = [words.size(shape.slice(1), 4, shape), words.size([], 4)];
    return isTransposed ? list.reverse() : list;
  };
  // Columns of the right operand are packed in groups of 8.
  const extra = bufferBytes.fixed + 8 * bufferBytes.each;
  const buffer = words.reserve([n], bufferBytes.each, { extra, within: [m, n, k] });
  return call(
    number,
    words.address(tensorName(left.node)),
    ...strides(left),
    words.address(tensorName(right.node)),
    ...strides(right),
    words.address(tensorName(node)),
    words.size([m], 1, [m, n]),
    words.size([n], 1, [m, n]),
    words.size([k]),
    words.address(buffer),
  );
}
