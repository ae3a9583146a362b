import type { Dim, Shape } from "@losses/core";
import { i32, local } from "../assembler/instructions.js";
import type { Bytes } from "../assembler/bytes.js";

/** A number of 32 bits that is known only when the loss runs. */
export type RunNumber =
  /** Where a tensor is in memory. */
  | { readonly kind: "address"; readonly of: string }
  /** A factor times a product of sizes, as an integer; 0 where `within` has no elements. */
  | { readonly kind: "size"; readonly dims: readonly Dim[]; readonly factor: number; readonly within: Shape }
  /** A product of sizes, as a float32. */
  | { readonly kind: "count"; readonly dims: readonly Dim[] }
  /** The bytes from one share's piece of a scratch to that of the next. */
  | { readonly kind: "apart"; readonly of: string };

/** Memory that is needed only while the loss runs. Where stages are done in shares, each share has its own. */
export interface Scratch {
  readonly name: string;
  readonly dims: readonly Dim[];
  /** Bytes for each element. */
  readonly bytes: number;
  /** Bytes more than the elements need. */
  readonly extra: number;
  /** What is worked on with it: no memory is needed where this has no elements. */
  readonly within: Shape;
}

/** The table of numbers that the functions of a module are given: local 0 is where it lies. */
export class RunTable {
  readonly list: RunNumber[] = [];
  readonly scratch: Scratch[] = [];
  readonly #known = new Map<string, number>();

  /** The position of a number in the table, in bytes. */
  offset(number: RunNumber): number {
    const key = JSON.stringify(number);
    const known = this.#known.get(key) ?? this.list.push(number) - 1;
    this.#known.set(key, known);
    return 4 * known;
  }

  /** An integer of the table. */
  load(number: RunNumber): Bytes {
    return i32.load(local.get(0), this.offset(number));
  }

  address(of: string): Bytes {
    return this.load({ kind: "address", of });
  }

  /** A factor times a product of sizes; 0 where `within` has no elements, whatever the sizes are. */
  size(dims: readonly Dim[], factor = 1, within: Shape = []): Bytes {
    return this.load({ kind: "size", dims: dims.filter((dim) => dim !== 1), factor, within });
  }

  /** New memory for so many elements; its name. */
  reserve(dims: readonly Dim[], bytes: number, { extra = 0, within = dims }: Partial<Scratch> = {}): string {
    const name = `scratch ${this.scratch.length}`;
    this.scratch.push({ name, dims, bytes, extra, within });
    return name;
  }
}

/** The name of a node's tensor. */
export function tensorName(node: number): string {
  return `%${node}`;
}
