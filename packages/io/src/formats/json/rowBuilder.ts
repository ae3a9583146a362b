import { malformed, tooLarge, unsupported } from "../../fileError.js";
import { maxRank, maxRowNumbers } from "../../limits.js";
import type { TextRow } from "../textArray.js";

/** Collects the numbers of one nested array, which must be nested evenly. */
export class RowBuilder {
  readonly #name: string;
  readonly #data: number[] = [];
  /** The size of the arrays at each depth, once one has ended. */
  readonly #sizes: (number | undefined)[] = [];
  /** The items so far of the arrays that are open. */
  readonly #open: number[] = [];
  #leaves: number | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  get depth(): number {
    return this.#open.length;
  }

  begin(): void {
    this.#count();
    if (this.#leaves === this.#open.length) throw this.#uneven();
    this.#open.push(0);
    if (this.#open.length > this.#sizes.length) this.#sizes.push(undefined);
    if (this.#open.length > maxRank) {
      throw unsupported(`${this.#name}: arrays must have at most ${maxRank} axes, got more.`);
    }
  }

  add(value: number): void {
    this.#count();
    this.#leaves ??= this.#open.length;
    if (this.#leaves !== this.#open.length || this.#sizes.length > this.#leaves) throw this.#uneven();
    this.#data.push(value);
    if (this.#data.length > maxRowNumbers) {
      throw tooLarge(`${this.#name}: a row must have at most ${maxRowNumbers} numbers, got more.`);
    }
  }

  end(): void {
    const size = this.#open.pop() ?? 0;
    const depth = this.#open.length;
    if ((this.#sizes[depth] ?? size) !== size) throw this.#uneven();
    this.#sizes[depth] = size;
  }

  finish(): TextRow {
    return { data: this.#data, shape: this.#sizes.map((size) => size ?? 0) };
  }

  #count(): void {
    const inner = this.#open.length - 1;
    if (inner >= 0) this.#open[inner] = (this.#open[inner] ?? 0) + 1;
  }

  #uneven(): Error {
    return malformed(`${this.#name}: arrays must be nested evenly, got rows of different length or depth.`);
  }
}
