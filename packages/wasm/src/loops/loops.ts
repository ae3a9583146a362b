import { isElementwise, operandNode, type Dim, type Graph, type Node, type Shape } from "@losses/core";

/** For each axis of a tensor, the loop that runs along it; `undefined` where there is one element. */
export type Loops = readonly (number | undefined)[];

/** The sizes that loops run over: every axis that is not known to be of size 1. */
export function spaceOf(shape: Shape): readonly Dim[] {
  return shape.filter((dim) => dim !== 1);
}

/** One loop after the other for the axes of `spaceOf`. */
export function naturalLoops(shape: Shape): Loops {
  let next = 0;
  return shape.map((dim) => (dim === 1 ? undefined : next++));
}

/** The loops along the axes of an operand, where `loops` run along those of the result. */
export function operandLoops(graph: Graph, node: Node, index: number, loops: Loops): Loops {
  const { shape } = operandNode(graph, node, index);
  const only = (list: Loops): Loops => list.map((loop, axis) => (shape[axis] === 1 ? undefined : loop));
  switch (node.op) {
    case "unsqueeze":
      return only(loops.filter((_, axis) => !node.attrs.axes.includes(axis)));
    case "squeeze": {
      let next = 0;
      return only(shape.map((_, axis) => (node.attrs.axes.includes(axis) ? undefined : loops[next++])));
    }
    case "transpose": {
      const result: (number | undefined)[] = shape.map(() => undefined);
      node.attrs.perm.forEach((axis, i) => (result[axis] = loops[i]));
      return only(result);
    }
    default:
      if (node.op !== "expand" && !isElementwise(node.op)) throw new RangeError(`${node.op} is not computed in place`);
      return only(loops.slice(loops.length - shape.length));
  }
}

/** True if a tensor's axes are run along by the first loops, in order. */
export function isInOrder(loops: Loops): boolean {
  return loops.filter((loop) => loop !== undefined).every((loop, i) => loop === i);
}

export function loopsKey(id: number, loops: Loops): string {
  return `${id}:${loops.map((loop) => loop ?? "").join()}`;
}
