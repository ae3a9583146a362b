import type { Graph, Node, OpName, OpAttributes } from "@losses/core";
import type { Case } from "./cases.js";
import { meaning } from "./meaning.js";
import { noise } from "./numbers.js";
import { plain, type Plain } from "./reference.js";

type BodyNode = { readonly [K in OpName]: readonly [op: K, inputs: readonly number[], attrs: OpAttributes[K], shape: Node["shape"], dtype?: Node["dtype"]] }[OpName]; // prettier-ignore

function body(nodes: readonly BodyNode[], outputs: readonly number[]): Graph {
  return {
    name: "scan",
    nodes: nodes.map(([op, inputs, attrs, shape, dtype = "float32"], id) => ({ id, op, inputs, attrs, shape, dtype }) as unknown as Node),
    outputs: outputs.map((node, i) => ({ name: `out${i}`, node })),
  }; // prettier-ignore
}

const input = (i: number, shape: Node["shape"], dtype: Node["dtype"] = "float32"): BodyNode => [
  "input",
  [],
  { name: `in${i}`, shape, dtype },
  shape,
  dtype,
];

/** carry ← a·carry + x; what is collected: the carry as it was found, and -x */
const filter = (shape: Node["shape"]): Graph =>
  body(
    [input(0, shape), input(1, shape), input(2, []), ["mul", [2, 0], {}, shape], ["add", [3, 1], {}, shape], ["neg", [1], {}, shape]],
    [4, 0, 5],
  ); // prettier-ignore

/** Two carries that change places; no sequence. */
const swap = body([input(0, [2]), input(1, [2])], [1, 0, 0]);

/** A recursion in a recursion: carry ← what the inner one leaves after three halvings of carry + x, which it collects. */
const halvings = body(
  [input(0, []), ["constant", [], { value: 0.5, dtype: "float32" }, []], ["mul", [0, 1], {}, []]],
  [2, 0],
);
const nested = (output: number): Graph => {
  const inner = (own: number): OpAttributes["scan"] => ({ body: halvings, carries: 1, sequences: 0, length: 3, reverse: false, output: own });
  return body(
    [input(0, []), input(1, []), ["add", [0, 1], {}, []], ["scan", [2], inner(0), []], ["scan", [2], inner(1), [3]]],
    [3, ...(output === 0 ? [] : [4])],
  );
}; // prettier-ignore

type List = readonly (readonly [
  name: string,
  attrs: Omit<OpAttributes["scan"], "output">,
  operands: readonly Plain[],
  sizes?: Case["sizes"],
])[];

const decay = plain([], [0.5]);
const list: List = [
  ...[false, true].map((reverse) => [
    `a filter${reverse ? ", from the end" : ""}`,
    { body: filter([3]), carries: 1, sequences: 1, length: 5, reverse },
    [plain([3], [1, 2, 3]), plain([5, 3], noise(15)), decay],
  ] as const),
  ["a filter that finds NaN", { body: filter([2]), carries: 1, sequences: 1, length: 4, reverse: false }, [plain([2], [Number.NaN, 1]), plain([4, 2], noise(8)), decay]],
  ["a filter of scalars", { body: filter([]), carries: 1, sequences: 1, length: 3, reverse: true }, [plain([], [1]), plain([3], [1, Infinity, 2]), decay]],
  ["one step", { body: filter([2]), carries: 1, sequences: 1, length: 1, reverse: false }, [plain([2], [1, 2]), plain([1, 2], [3, 4]), decay]],
  ["no step", { body: filter([2]), carries: 1, sequences: 1, length: 0, reverse: false }, [plain([2], [1, 2]), plain([0, 2], []), decay]],
  ["carries without elements", { body: filter([0]), carries: 1, sequences: 1, length: 3, reverse: false }, [plain([0], []), plain([3, 0], []), decay]],
  ["places that are changed", { body: swap, carries: 2, sequences: 0, length: 3, reverse: false }, [plain([2], [1, 2]), plain([2], [3, 4])]],
]; // prettier-ignore

/** Cases of scans: each of their outputs on its own. */
export const scans: readonly Case<"scan">[] = [
  ...list.flatMap(([name, attrs, operands]) =>
    attrs.body.outputs.map((_, output) => ({
      name: `${name}, output ${output}`,
      attrs: { ...attrs, output },
      operands,
      expected: meaning("scan", { ...attrs, output }, operands),
      ulp: 4,
      scale: 4,
    })),
  ),
  ...[0, 1].map((output) => {
    const attrs = { body: nested(output), carries: 1, sequences: 1, length: 4, reverse: false, output };
    const operands = [plain([], [1]), plain([4], noise(4))];
    return {
      name: `one in another, output ${output}`,
      attrs,
      operands,
      expected: meaning("scan", attrs, operands),
      ulp: 4,
      scale: 4,
    };
  }),
];
