/** Gives out places in the arena, and places given back again; `size` is what the arena must hold in the end. */
export class ArenaPlanner {
  size: number;
  #next: number;
  readonly #free = new Map<number, number[]>();

  constructor(start: number) {
    this.#next = start;
    this.size = start;
  }

  take(size: number): number {
    const known = this.#free.get(size)?.pop();
    if (known !== undefined) return known;
    const at = this.#next;
    this.#next += size;
    this.size = Math.max(this.size, this.#next);
    return at;
  }

  giveBack(at: number, size: number): void {
    const list = this.#free.get(size) ?? [];
    list.push(at);
    this.#free.set(size, list);
  }
}
