import type { DimSizes, DType, NodeOf } from "@losses/core";
import type { ElementwiseKernel } from "./elementwise.js";
import type { Runs } from "./access.js";
import type { MatmulScratch } from "./matmul.js";
import type { Fold, WholeOp } from "./program.js";

/** A place in the arena for one block, or (`moves`) for a whole tile, in which a block has its own position. */
export interface Slot {
  readonly base: number;
  readonly moves: boolean;
}

/** Where a walk reads from or a fold goes to: a buffer, or a place in the arena that holds one tile of rows. */
export type Storage =
  | { readonly in: "buffer"; readonly buffer: number }
  | { readonly in: "arena"; readonly base: number; readonly rowSize: number };

/** What is done with one block of a group. */
export type Step =
  | { readonly do: "load"; readonly from: Storage; readonly runs: Runs; readonly to: Slot }
  | {
      readonly do: "map";
      readonly kernel: ElementwiseKernel;
      readonly out: Slot;
      readonly a: Slot;
      readonly b: Slot;
      readonly c: Slot;
    }
  | {
      readonly do: "fold";
      readonly fold: Fold;
      readonly a: Slot;
      readonly b: Slot;
      readonly runs: Runs;
      readonly to: Storage;
    }
  | { readonly do: "store"; readonly from: Slot; readonly buffer: number };

/** Results of a fold that are complete with each tile. */
export interface TileFold {
  readonly base: number;
  readonly rowSize: number;
  readonly identity: number;
  /** Buffers that the results of each tile are written to. */
  readonly buffers: readonly number[];
}

export interface GroupPlan {
  readonly rowSize: number;
  readonly tileFolds: readonly TileFold[];
  readonly steps: readonly Step[];
}

export type StagePlan =
  | {
      readonly do: "segment";
      readonly rows: number;
      readonly tileRows: number;
      /** Folds over the rows: their buffers and what they begin with. */
      readonly resets: readonly { readonly buffer: number; readonly size: number; readonly identity: number }[];
      readonly groups: readonly GroupPlan[];
    }
  | {
      readonly do: "matmul";
      readonly a: MatricesPlan;
      readonly b: MatricesPlan;
      readonly to: number;
      readonly rows: number;
      readonly inner: number;
      readonly columns: number;
      readonly scratch: MatmulScratch;
    }
  | {
      readonly do: "whole";
      readonly node: NodeOf<WholeOp>;
      readonly sizes: DimSizes;
      readonly operands: readonly TensorPlan[];
      readonly to: number;
    }
  /** Of each row the element that an index names, or 0. */
  | {
      readonly do: "pick";
      readonly from: number;
      readonly index: number;
      readonly to: number;
      readonly rows: number;
      readonly columns: number;
    }
  | RecursionPlan
  /** Copies a float64 buffer to another of any dtype. */
  | { readonly do: "copy"; readonly from: number; readonly to: number; readonly size: number };

export interface MatricesPlan {
  readonly buffer: number;
  readonly strides: readonly [number, number];
  /** Where each matrix begins. */
  readonly starts: readonly number[];
}

/** A whole tensor, at the beginning of a buffer. */
export interface TensorPlan {
  readonly buffer: number;
  readonly shape: readonly number[];
  readonly size: number;
}

export interface RecursionPlan {
  readonly do: "scan";
  readonly body: Plan;
  /** The body's inputs, in the order of the operands. */
  readonly names: readonly string[];
  readonly steps: number;
  readonly reverse: boolean;
  readonly operands: readonly TensorPlan[];
  readonly carries: number;
  readonly sequences: number;
  /** Two places for each carry: what a step finds, and what it leaves. */
  readonly carried: readonly [readonly Float64Array[], readonly Float64Array[]];
  /** Where the body's outputs go: what a step leaves of each, and the buffer, where it is needed. */
  readonly results: readonly { readonly size: number; readonly buffer: number | undefined }[];
}

/** An array that steps name by its number. */
export type BufferPlan =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "output"; readonly shape: readonly number[]; readonly dtype: DType; readonly size: number }
  | { readonly kind: "own"; readonly cells: Float64Array };

/** Everything that one run does, for one set of sizes. */
export interface Plan {
  readonly arena: Float64Array;
  /** Elements of a block. */
  readonly block: number;
  readonly buffers: readonly BufferPlan[];
  readonly stages: readonly StagePlan[];
  /** Buffers of the outputs, in order. */
  readonly outputs: readonly number[];
}
