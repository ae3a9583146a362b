import { interpret as evaluate, type DimSizes, type Graph } from "@losses/core";

/** A tensor of plain numbers in row-major order, bools as 0 and 1. */
export interface Plain {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** What a graph means: what any engine must agree with. */
export function interpret(graph: Graph, feeds: Readonly<Record<string, Plain>>, sizes: DimSizes): readonly Plain[] {
  const numbers = Object.entries(feeds).map(([name, { shape, data }]) => [
    name,
    { shape, data: Float64Array.from(data) },
  ]);
  return evaluate(graph, Object.fromEntries(numbers), sizes).map(({ shape, data }) => ({ shape, data: [...data] }));
}

/** Every position of a shape, in row-major order. */
export function positions(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, dim) => all.flatMap((position) => Array.from({ length: dim }, (_, i) => [...position, i])),
    [[]],
  );
}

/** The element at a position of a shape that the tensor broadcasts to. */
export function elementAt({ shape, data }: Plain, position: readonly number[]): number {
  let at = 0;
  shape.forEach((dim, axis) => {
    const index = dim === 1 ? 0 : (position[axis - shape.length + position.length] ?? 0);
    at = at * dim + index;
  });
  return data[at] ?? Number.NaN;
}
