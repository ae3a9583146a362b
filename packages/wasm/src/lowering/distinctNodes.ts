import type { Node, OpAttributes, OpName, Shape } from "@losses/core";

/** Collects nodes, one for each distinct computation. */
export class DistinctNodes {
  readonly nodes: Node[] = [];
  readonly #known = new Map<string, number>();
  readonly #bodies: unknown[] = [];

  node(id: number): Node {
    const node = this.nodes[id];
    if (node === undefined) throw new RangeError(`there is no node %${id}`);
    return node;
  }

  fresh<K extends OpName>(
    op: K,
    inputs: readonly number[],
    attrs: OpAttributes[K],
    shape: Shape,
    dtype: Node["dtype"],
  ): number {
    const id = this.nodes.length;
    this.nodes.push({ id, op, inputs, attrs, shape, dtype } as Node);
    return id;
  }

  add<K extends OpName>(
    op: K,
    inputs: readonly number[],
    attrs: OpAttributes[K],
    shape: Shape,
    dtype: Node["dtype"] = "float32",
  ): number {
    const plain = (name: string, value: unknown): unknown => {
      if (name === "body") return this.#numberOf(value);
      const isOdd = typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0));
      return isOdd ? `${1 / value} ${value}` : value;
    };
    const key = JSON.stringify([op, inputs, attrs, shape, dtype], plain);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const id = this.fresh(op, inputs, attrs, shape, dtype);
    this.#known.set(key, id);
    return id;
  }

  /** A number for each body of a scan, which is the same as another only if it is that object. */
  #numberOf(body: unknown): number {
    const known = this.#bodies.indexOf(body);
    return known < 0 ? this.#bodies.push(body) - 1 : known;
  }
}
