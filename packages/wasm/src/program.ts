import {
  isObject,
  type Dim,
  type DType,
  type Graph,
  type Node,
  type Recursion,
  type Rule,
  type Shape,
} from "@losses/core";
import type { Work } from "./lowering/work.js";
import type { RunNumber } from "./loops/runTable.js";
import type { StripPlan } from "./strips/program.js";

/** Memory between results, needed from one stage to another. */
export interface Block {
  readonly name: string;
  readonly dims: readonly Dim[];
  /** Bytes for each element, and besides. */
  readonly bytes: number;
  readonly extra: number;
  /** What it is needed for: it takes no memory where this has no elements. */
  readonly within: Shape;
  /** Whether each share has one of its own. */
  readonly isOwn: boolean;
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

/** A tensor in memory while a program runs. */
export interface Place {
  /** Where its address is in the table, in bytes. */
  readonly offset: number;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** What JavaScript does when a program asks for it, with tensors in the memory. */
export type HostStep =
  | { readonly kind: "op"; readonly node: Node; readonly operands: readonly Place[]; readonly result: Place }
  | {
      readonly kind: "recursion";
      readonly recursion: Pick<Recursion, "carries" | "sequences" | "length" | "reverse">;
      readonly body: Program;
      readonly operands: readonly Place[];
      /** Where outputs of the body go. */
      readonly results: readonly { readonly output: number; readonly place: Place }[];
    };

/**
 * A graph as one function over tensors in a memory, and what its table of numbers must hold: `run(table)`. Where stages are done in
 * shares, `run(table, from, to, share, shares)` does a share of some of its steps: 2i is stage i, 2i + 1 brings its shares together.
 */
export interface Program {
  /** The module, for a memory of its own or one that threads share. */
  readonly bytes: (isMemoryShared: boolean) => Uint8Array<ArrayBuffer>;
  readonly numbers: readonly RunNumber[];
  readonly blocks: readonly Block[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly stages: number;
  /** What each stage is of, where they can be done in shares. */
  readonly works: readonly Work[] | undefined;
  readonly hostSteps: readonly HostStep[];
  /** How it could be computed in strips; `undefined` without products, and for a program that was saved. */
  readonly strips: Strips | undefined;
}

export interface Strips {
  /** The shapes of all that could be computed in strips. */
  readonly matrices: readonly Shape[];
  /** The ways to do so. */
  readonly plans: () => readonly StripPlan[];
  readonly compile: (body: Graph) => Program;
}

/** What was compiled here, or saved after that: the functions of no other program may run. */
const programs = new WeakSet<object>();

/** The same program, known as one of ours. */
export function ownProgram(program: Program): Program {
  programs.add(program);
  return program;
}

export const programRule: Rule = {
  domain: "a program of compileProgram or loadProgram",
  accepts: (value) => isObject(value) && programs.has(value),
};
