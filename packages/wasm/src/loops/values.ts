import {
  isElementwise,
  isExpensive,
  nodeAt,
  operandAt,
  operandNode,
  type Dim,
  type ElementwiseOp,
  type Graph,
  type Node,
  type NodeOf,
} from "@losses/core";
import type { Bytes, ValueType } from "../assembler/bytes.js";
import { i32, i32x4, local, v128, type Locals } from "../assembler/instructions.js";
import { constant, lanes } from "./lanes.js";
import { loopsKey, operandLoops, type Loops } from "./loops.js";
import { memoryOf } from "../lowering/memory.js";
import type { Root } from "../lowering/inMemory.js";
import type { Features } from "../platform.js";
import { tensorName, type RunNumber, type RunTable } from "./runTable.js";
import { multiplyAdd, type Writer } from "./writer.js";

/** Where a value changes: nowhere in the loops, in the outer loops, or also in the innermost one. */
export type Level = "fixed" | "row" | "element";

/** Instructions inside the innermost loop: for four elements at a time, or for one, which all lanes then hold. */
export interface Inner {
  readonly width: 4 | 1;
  /** Which of several vectors of one turn. */
  readonly copy: number;
  readonly phase: number;
  readonly code: Bytes[];
  readonly known: Map<string, number>;
}

export interface LoopContext {
  readonly graph: Graph;
  readonly inMemory: ReadonlySet<number>;
  readonly roots: readonly Root[];
  readonly dims: readonly Dim[];
  readonly locals: Locals;
  readonly runTable: RunTable;
  readonly features: Features;
}

const rank: { readonly [K in Level]: number } = { fixed: 0, row: 1, element: 2 };

/** The instructions that compute nodes inside a nest of loops, each as far outside as it can be. */
export class Values {
  /** Instructions before all loops. */
  readonly fixed: Bytes[] = [];
  /** Instructions at the start of a row: addresses. */
  readonly rowStart: Bytes[] = [];
  /** Instructions that belong to a row, now. */
  row: Bytes[] = [];
  /** Where in the innermost loop: a local that counts bytes. */
  readonly at: number;
  /** The counters of the outer loops. */
  readonly counters: readonly number[];
  readonly #context: LoopContext;
  readonly #roots: ReadonlyMap<number, Root>;
  readonly #fixedKnown = new Map<string, number>();
  readonly #rowKnown = new Map<string, number>();
  readonly #levels = new Map<string, Level>();
  readonly #phases = new Map<string, number>();
  readonly #pointers = new Map<string, number>();
  /** Locals before all loops, by what is in them. */
  readonly #before = new Map<string, number>();
  /** Values that later phases read from memory instead of computing them again, with the phase that computes them. */
  readonly #kept = new Map<string, { readonly pointer: number; readonly phase: number }>();

  constructor(context: LoopContext) {
    this.#context = context;
    this.#roots = new Map(context.roots.map((root) => [root.node, root]));
    this.at = context.locals.add("i32");
    this.counters = context.dims.slice(1).map(() => context.locals.add("i32"));
  }

  /** The local that holds a node's value. */
  of(id: number, loops: Loops, inner?: Inner): Bytes {
    const level = this.level(id, loops);
    const key = loopsKey(id, loops);
    const known = level === "fixed" ? this.#fixedKnown : level === "row" ? this.#rowKnown : inner?.known;
    const code = level === "fixed" ? this.fixed : level === "row" ? this.row : inner?.code;
    if (known === undefined || code === undefined) throw new RangeError(`%${id} changes in the innermost loop`);
    const found = known.get(key);
    if (found !== undefined) return local.get(found);
    const kept = inner === undefined || level !== "element" ? undefined : this.#kept.get(key);
    const isLoaded = kept !== undefined && inner !== undefined && inner.phase > kept.phase;
    const address = kept === undefined ? [] : i32.add(local.get(kept.pointer), local.get(this.at));
    const value = isLoaded
      ? load(inner, address)
      : this.#compute(nodeAt(this.#context.graph, id), loops, inner, code, known);
    const held = this.#context.locals.add("v128");
    code.push(local.set(held, value));
    known.set(key, held);
    if (kept !== undefined && inner !== undefined && !isLoaded) code.push(store(inner, address, local.get(held)));
    return local.get(held);
  }

  /** States that a row's reduction is in a local from now on. */
  setRow(id: number, loops: Loops, held: number): void {
    this.#rowKnown.set(loopsKey(id, loops), held);
  }

  level(id: number, loops: Loops): Level {
    const key = loopsKey(id, loops);
    const known = this.#levels.get(key);
    if (known !== undefined) return known;
    const node = nodeAt(this.#context.graph, id);
    const levels: Level[] = ["fixed"];
    if (this.#isAtHand(id) && this.#isLeaf(id)) levels.push("row");
    else if (this.#isLeaf(id) || node.op === "iota") {
      const last = this.#context.dims.length - 1;
      for (const loop of loops) if (loop !== undefined) levels.push(loop === last ? "element" : "row");
    } else {
      node.inputs.forEach((input, i) =>
        levels.push(this.level(input, operandLoops(this.#context.graph, node, i, loops))),
      );
    }
    const level = levels.reduce((a, b) => (rank[a] > rank[b] ? a : b));
    this.#levels.set(key, level);
    return level;
  }

  /** The first phase of a row in which a node can be computed: after the reductions that it needs. */
  phase(id: number, loops: Loops): number {
    const key = loopsKey(id, loops);
    const known = this.#phases.get(key);
    if (known !== undefined) return known;
    const { graph } = this.#context;
    const node = nodeAt(graph, id);
    const root = this.#roots.get(id);
    const phases = [0];
    if (this.#isLeaf(id)) {
      if (root !== undefined) phases.push(1 + this.phase(root.of, root.loops));
    } else node.inputs.forEach((input, i) => phases.push(this.phase(input, operandLoops(graph, node, i, loops))));
    const phase = Math.max(...phases);
    this.#phases.set(key, phase);
    return phase;
  }

  /** Keeps expensive values that more than one phase needs, in rows of memory. */
  keepShared(roots: readonly Root[]): void {
    const phases = new Map<string, Set<number>>();
    for (const root of roots) {
      const phase = this.phase(root.of, root.loops);
      this.#collect(root.of, root.loops, phase, phases, new Set());
    }
    const { dims, runTable } = this.#context;
    for (const [key, set] of phases) {
      if (set.size < 2) continue;
      const name = runTable.reserve(dims.slice(-1), 4, { within: dims });
      this.#kept.set(key, { pointer: this.integer(runTable.address(name)), phase: Math.min(...set) });
    }
  }

  #collect(id: number, loops: Loops, phase: number, phases: Map<string, Set<number>>, seen: Set<string>): void {
    const key = loopsKey(id, loops);
    if (seen.has(key) || this.#isLeaf(id) || this.level(id, loops) !== "element") return;
    seen.add(key);
    const { graph } = this.#context;
    const node = nodeAt(graph, id);
    if (isExpensive(node.op)) phases.set(key, (phases.get(key) ?? new Set()).add(phase));
    node.inputs.forEach((input, i) => this.#collect(input, operandLoops(graph, node, i, loops), phase, phases, seen));
  }

  /** A local before all loops that holds an integer. */
  integer(value: Bytes): number {
    return this.#held("i32", value);
  }

  /** A constant in a local before all loops. */
  readonly #constant = (value: Bytes): Bytes => local.get(this.#held("v128", value));

  #held(type: ValueType, value: Bytes): number {
    const key = value.join();
    const known = this.#before.get(key);
    if (known !== undefined) return known;
    const held = this.#context.locals.add(type);
    this.fixed.push(local.set(held, value));
    this.#before.set(key, held);
    return held;
  }

  /** A local with the address of a tensor's elements in this row; `bytes`: of an element. */
  pointer(name: string, shape: readonly Dim[], loops: Loops, bytes = 4): number {
    const key = `${name} ${shape.join()} ${loops.join()}`;
    const known = this.#pointers.get(key);
    if (known !== undefined) return known;
    const { runTable, dims, locals } = this.#context;
    const base = this.integer(runTable.address(name));
    const steps = loops.flatMap((loop, axis) => {
      if (loop === undefined || loop === dims.length - 1) return [];
      const stride = this.integer(runTable.size(shape.slice(axis + 1), bytes, shape));
      return [i32.mul(local.get(operandAt(this.counters, loop)), local.get(stride))];
    });
    const pointer = steps.length === 0 ? base : locals.add("i32");
    if (steps.length > 0) {
      const address = steps.reduce((sum, step) => i32.add(sum, step), local.get(base));
      this.rowStart.push(local.set(pointer, address));
    }
    this.#pointers.set(key, pointer);
    return pointer;
  }

  /** True for what is read: from memory, or from a reduction of these loops. */
  #isLeaf(id: number): boolean {
    if (!this.#context.inMemory.has(id)) return false;
    const root = this.#roots.get(id);
    return root === undefined || root.reduced.length > 0;
  }

  #isAtHand(id: number): boolean {
    return (this.#roots.get(id)?.reduced.length ?? 0) > 0;
  }

  #compute(node: Node, loops: Loops, inner: Inner | undefined, code: Bytes[], known: Map<string, number>): Bytes {
    const { graph, runTable, locals, features } = this.#context;
    if (this.#isLeaf(node.id)) return this.#load(node, loops, inner);
    switch (node.op) {
      case "constant":
        return constant(node.attrs.value, node.dtype);
      case "dimSize": {
        const { dims } = node.attrs;
        const number: RunNumber =
          node.dtype === "int32" ? { kind: "size", dims, factor: 1, within: [] } : { kind: "count", dims };
        return v128.loadSplat(local.get(0), runTable.offset(number));
      }
      case "iota":
        return this.#position(loops[0], inner);
      case "unsqueeze":
      case "squeeze":
      case "transpose":
      case "expand":
        return this.of(node.inputs[0], operandLoops(graph, node, 0, loops), inner);
      default: {
        if (!isElementwise(node.op)) throw new RangeError(`${node.op} is not computed in loops`);
        const operands = node.inputs.map((input, i) => this.of(input, operandLoops(graph, node, i, loops), inner));
        // What is computed of the same locals is the same.
        const keep = (value: Bytes): Bytes => {
          const key = value.join();
          const found = known.get(key);
          if (found !== undefined) return local.get(found);
          const held = locals.add("v128");
          code.push(local.set(held, value));
          known.set(key, held);
          return local.get(held);
        };
        const writer: Writer = {
          keep,
          constant: this.#constant,
          multiplyAdd: multiplyAdd(features),
        };
        const { dtype } = operandNode(graph, node, node.op === "where" ? 1 : 0);
        return lanes(node as NodeOf<ElementwiseOp>, { operands, dtype, writer });
      }
    }
  }

  #position(loop: number | undefined, inner: Inner | undefined): Bytes {
    if (loop === undefined) return i32x4.const(0);
    if (loop < this.#context.dims.length - 1) return i32x4.splat(local.get(operandAt(this.counters, loop)));
    const position = i32x4.splat(i32.shr(local.get(this.at), i32.const(2)));
    const first = 4 * (inner?.copy ?? 0);
    if (inner?.width !== 4) return position;
    return i32x4.add(position, this.#constant(v128.ints(first, first + 1, first + 2, first + 3)));
  }

  #load(node: Node, loops: Loops, inner: Inner | undefined): Bytes {
    const pointer = local.get(this.pointer(tensorName(memoryOf(this.#context.graph, node.id)), node.shape, loops));
    const axis = loops.indexOf(this.#context.dims.length - 1);
    if (axis === -1 || inner === undefined) return v128.loadSplat(pointer);
    const rest = node.shape.slice(axis + 1).filter((dim) => dim !== 1);
    if (rest.length === 0) return load(inner, i32.add(pointer, local.get(this.at)));
    // Neighbours in the loop are not neighbours in memory.
    const { runTable, locals } = this.#context;
    const stride = this.integer(runTable.size(rest, 4, node.shape));
    const elements = this.integer(runTable.size(rest, 1, node.shape));
    const first = locals.add("i32");
    const at = i32.add(local.get(this.at), i32.const(16 * inner.copy));
    inner.code.push(local.set(first, i32.add(pointer, i32.mul(at, local.get(elements)))));
    if (inner.width === 1) return v128.loadSplat(local.get(first));
    const address = (i: number): Bytes => i32.add(local.get(first), i32.mul(local.get(stride), i32.const(i)));
    return [1, 2, 3].reduce((value, i) => v128.loadLane(i, address(i), value), v128.loadSplat(local.get(first)));
  }
}

function load(inner: Inner, address: Bytes): Bytes {
  return inner.width === 4 ? v128.load(address, 16 * inner.copy) : v128.loadSplat(address);
}

/** Writes one or four elements. */
export function store(inner: Inner, address: Bytes, value: Bytes): Bytes {
  return inner.width === 4 ? v128.store(address, value, 16 * inner.copy) : v128.storeLane(0, address, value);
}
