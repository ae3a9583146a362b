import { movedTo, type Recursion as Source, type Dim, type DType, type NodeOf, type Shape } from "@losses/core";
import type { KernelName } from "./elementwise.js";

/** `dot` is the sum of the products of two operands. */
export type Fold = "sum" | "max" | "min" | "dot";

interface Typed {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Ops that are computed of whole tensors, as their definitions say. */
export type WholeOp = "argsort" | "cumsum" | "gather" | "scatterAdd" | "concat" | "slice" | "pad";

/** A recursion, its body lowered. */
export interface Recursion extends Pick<Source, "names" | "carries" | "sequences" | "length" | "reverse"> {
  readonly body: Program;
}

/** What the graph's ops become: few kinds of instruction, sizes still symbolic. */
export type Instruction = Typed &
  (
    | { readonly kind: "input"; readonly name: string }
    | { readonly kind: "number"; readonly value: number }
    /** The product of dimensions. */
    | { readonly kind: "count"; readonly dims: readonly Dim[] }
    | { readonly kind: "iota" }
    /** The same elements in another shape: axis i of the result is axis `from[i]` of the operand, or new where -1. */
    | { readonly kind: "view"; readonly of: number; readonly from: readonly number[] }
    /** The same elements in the same order. */
    | { readonly kind: "reshape"; readonly of: number }
    | { readonly kind: "map"; readonly kernel: KernelName; readonly operands: readonly number[] }
    /** Folds `space`, which the operands broadcast to; the folded axes stay as size 1. */
    | {
        readonly kind: "fold";
        readonly fold: Fold;
        readonly operands: readonly number[];
        readonly axes: readonly number[];
        readonly space: Shape;
      }
    | { readonly kind: "matmul"; readonly operands: readonly [number, number] }
    | { readonly kind: "whole"; readonly node: NodeOf<WholeOp>; readonly operands: readonly number[] }
    /** One of the results of a recursion: that of this output of its body. */
    | {
        readonly kind: "scan";
        readonly recursion: Recursion;
        readonly output: number;
        readonly operands: readonly number[];
      }
  );

/** A lowered graph; `outputs` are instructions in the order of the graph's outputs. */
export interface Program {
  readonly instructions: readonly Instruction[];
  readonly outputs: readonly number[];
}

/** The instructions that one reads. */
export function readsOf(instruction: Instruction): readonly number[] {
  switch (instruction.kind) {
    case "view":
    case "reshape":
      return [instruction.of];
    case "map":
    case "fold":
    case "matmul":
    case "whole":
    case "scan":
      return instruction.operands;
    default:
      return [];
  }
}

/** Appends instructions, one per distinct computation. */
export class ProgramBuilder {
  readonly instructions: Instruction[] = [];
  readonly #known = new Map<string, number>();
  readonly #recursions: unknown[] = [];

  add(instruction: Instruction): number {
    const key = JSON.stringify(instruction, (name, value: unknown) => {
      if (name === "recursion") return this.#numberOf(value);
      return typeof value === "number" ? numberKey(value) : value;
    });
    const twin = this.#known.get(key);
    if (twin !== undefined) return twin;
    const id = this.instructions.length;
    this.instructions.push(instruction);
    this.#known.set(key, id);
    return id;
  }

  /** A number for each recursion, which is the same as another only if it is that object. */
  #numberOf(recursion: unknown): number {
    const known = this.#recursions.indexOf(recursion);
    return known < 0 ? this.#recursions.push(recursion) - 1 : known;
  }

  at(id: number): Instruction {
    const found = this.instructions[id];
    if (found === undefined) throw new RangeError(`program: instruction ${id} does not exist`);
    return found;
  }

  number(value: number, dtype: DType): number {
    return this.add({ kind: "number", value, shape: [], dtype });
  }

  map(kernel: KernelName, operands: readonly number[], type: Typed): number {
    return this.add({ kind: "map", kernel, operands, shape: type.shape, dtype: type.dtype });
  }

  view(of: number, from: readonly number[], type: Typed): number {
    return this.add({ kind: "view", of, from, shape: type.shape, dtype: type.dtype });
  }

  /** Folds over axes, which stay as size 1. */
  fold(fold: Exclude<Fold, "dot">, of: number, axes: readonly number[]): number {
    const { shape, dtype } = this.at(of);
    const kept = shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
    return this.add({ kind: "fold", fold, operands: [of], axes, space: shape, shape: kept, dtype });
  }

  /** A fold's result in the shape that its node has. */
  dropAxes(
    kept: number,
    axes: readonly number[],
    node: Typed & { readonly attrs: { readonly keepdims: boolean } },
  ): number {
    if (node.attrs.keepdims) return kept;
    const from = this.at(kept).shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
    return this.view(kept, from, node);
  }

  /** The program so far, `moved` telling where the instructions named by `outputs` are now. */
  finish(outputs: readonly number[], moved: readonly number[]): Program {
    return { instructions: this.instructions, outputs: outputs.map((id) => movedTo(moved, id)) };
  }
}

// JSON has no NaN, infinities or -0.
function numberKey(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
