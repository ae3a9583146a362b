import * as core from "@losses/core";
import { anyOf, empty, flag, list, number, size } from "../takes.js";
import type { Entries } from "../entries.js";
import { anything, type Call, type Entry, type Takes } from "../walk.js";

/** Stands for a tensor of the loss that is traced, which exists only while it is. */
const here = Symbol("a tensor of the loss");

/** A list of it alone. */
function isHere(value: unknown): boolean {
  try {
    return Array.isArray(value) && value.length === 1 && value[0] === here;
  } catch {
    return false;
  }
}

/** Calls something inside a loss: `(x, ...args)` with x of shape [2, 3], in floats. */
function inside(work: (x: core.Tensor, ...args: readonly unknown[]) => unknown): Call {
  return (...args) => {
    const loss = core.defineLoss({
      name: "trial",
      summary: "A trial.",
      formula: "x",
      inputs: { x: core.float(["N", "D"], "Input.") },
      options: { reduction: core.reduction("sum") },
      value: ({ x }) => {
        const put = (value: unknown): unknown => (value === here ? x : isHere(value) ? [x] : value);
        const result = work(x, ...args.map(put));
        return (result as core.Tensor).dtype === "float32"
          ? (result as core.Tensor)
          : (result as core.Tensor).cast("float32");
      },
    });
    const spec = loss() as core.LossSpec;
    const bound = core.bindInputs(spec.loss.definition, { x: { shape: [2, 3], dtype: "float32" } });
    return core.traceLoss(spec, bound, { dtype: "float32", gradients: ["x"] });
  };
}

const operand: Takes = number;
const axis: Takes = (value) => value === 0 || value === 1 || value === -1;
const axes: Takes = anyOf(axis, list(axis));

const none: Entry = { args: () => [] };
const binary: Entry = { args: () => [2], takes: { "0": operand } };
const reduceAll: Entry = { args: () => [[1], true], takes: { nothing: anything, "0": axes, "0.*": axis, "1": flag } };
const reduceOne: Entry = { args: () => [1, true], takes: { "0": axis, "1": flag } };
const sorted: Entry = {
  args: () => [1, { descending: true }],
  takes: { "0": axis, "1": empty, "1.descending": flag },
  once: true,
};
/** From 1 on, one place or room for all: other sizes may not fit, and are refused then. */
const places = (room: number): Entry => ({
  args: () => [1, 1, room, 2],
  takes: { "0": axis, "1": size, "2": size, "3": Number.isSafeInteger },
});
const along: Entry = { args: () => [1], takes: { "0": axis } };
const logical: Entry = { args: () => [here] };

type Method = Exclude<keyof core.Tensor, "shape" | "dtype" | "rank">;

const byName: { readonly [K in Method]: Entry } = {
  add: binary,
  sub: binary,
  mul: binary,
  div: binary,
  pow: binary,
  maximum: binary,
  minimum: binary,
  neg: none,
  abs: none,
  sign: none,
  exp: none,
  log: none,
  sqrt: none,
  square: none,
  relu: none,
  sigmoid: none,
  softplus: none,
  logSigmoid: none,
  clampMin: { args: () => [0], takes: { "0": number } },
  clampMax: { args: () => [0], takes: { "0": number } },
  equal: binary,
  less: binary,
  lessOrEqual: binary,
  greater: binary,
  greaterOrEqual: binary,
  and: logical,
  or: logical,
  not: none,
  where: { args: () => [1, here], takes: { "0": number, "1": number } },
  cast: { args: () => ["int32"] },
  sum: reduceAll,
  mean: reduceAll,
  max: reduceOne,
  min: reduceOne,
  amax: reduceAll,
  amin: reduceAll,
  logSumExp: reduceOne,
  softmax: along,
  logSoftmax: along,
  matmul: { args: () => [here] },
  transpose: { args: () => [[1, 0]], takes: { nothing: anything, "0.*": axis } },
  unsqueeze: { args: () => [[0]], takes: { "0": anyOf(axis, list(Number.isInteger)), "0.*": axis } },
  squeeze: { args: () => [[0]], takes: { "0": axes, "0.*": axis } },
  expand: { args: () => [["N", "D"]] },
  count: { args: () => [[1]], takes: { nothing: anything, "0": axes, "0.*": axis } },
  iota: along,
  detach: none,
  floor: none,
  expm1: none,
  log1p: none,
  tanh: none,
  atan: none,
  erf: none,
  cumsum: {
    args: () => [1, { exclusive: true, reverse: true }],
    takes: { "0": axis, "1": empty, "1.exclusive": flag, "1.reverse": flag },
    once: true,
  },
  argmax: reduceOne,
  argmin: reduceOne,
  argsort: sorted,
  sort: sorted,
  // Positions are of int32, which only what the loss makes is.
  gather: { args: () => [1, here], takes: { "0": axis } },
  take: { args: () => [1, here], takes: { "0": axis } },
  scatterAdd: { args: () => [1, here, 4], takes: { "0": axis, "2": size } },
  reshape: { args: () => [["D", "N"]] },
  flatten: { args: () => [0, 1], takes: { nothing: anything, "0": axis, "1": axis } },
  slice: places(1),
  pad: places(7),
  flip: along,
};

export const tensorMethods: Readonly<Record<string, Entry>> = byName;

/** Calls one of those methods. On what it is called depends on what it takes. */
export function tensorCall(method: string): Call {
  return inside((x, ...args) => {
    const self = method === "and" || method === "or" || method === "not" || method === "where" ? x.less(1) : x;
    const own = args.map((arg) =>
      arg === x && (method === "and" || method === "or")
        ? self
        : arg === x && method === "matmul"
          ? x.transpose()
          : arg,
    );
    const positions = method === "gather" || method === "take" || method === "scatterAdd";
    if (positions) own.splice(0, own.length, ...args.map((arg) => (arg === x ? indexFor(method, x) : arg)));
    const on = method === "squeeze" ? x.unsqueeze([0, 1]) : self;
    return (on as unknown as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>)[method]?.(...own);
  });
}

function indexFor(method: string, x: core.Tensor): core.Tensor {
  return method === "take" ? x.iota(1) : x.cast("int32");
}

const customGradientCall: Call = inside((_, ...args) =>
  core.customGradient(...(args as Parameters<typeof core.customGradient>)),
);

const customGradientEntry: Entry = {
  call: customGradientCall,
  args: () => [here, [here], (gradient: core.Tensor) => [gradient]],
  takes: { "1": list(() => false), "2": () => false },
  calls: true,
};

/** What is called with tensors of a loss. */
export const tensorEntries: Entries = {
  customGradient: customGradientEntry,
  concat: {
    call: inside((_, ...args) => core.concat(...(args as Parameters<typeof core.concat>))),
    args: () => [[here], 1],
    takes: { "1": axis },
  },
  stack: {
    call: inside((_, ...args) => core.stack(...(args as Parameters<typeof core.stack>))),
    args: () => [[here], 1],
    takes: { "1": axis },
  },
  gradient: {
    call: inside((x, ...args) => core.gradient(...(args as [core.Tensor, readonly core.Tensor[]]))[0] ?? x),
    args: () => [here, [here]],
    takes: { "1": list(() => false) },
  },
  scan: {
    call: inside((x, config, ...rest) => {
      const made = core.scan(withTensors(config, x) as core.ScanConfig<string, string>, ...(rest as [never]));
      return made.carry["total"];
    }),
    args: () => [
      { init: { total: here }, sequences: { part: here }, length: "N", reverse: true },
      ({ total }: core.NamedTensors<"total">) => ({ carry: { total }, collect: { total } }),
    ],
    takes: { "0.sequences": empty, "0.reverse": flag },
    open: ["0.init", "0.sequences"],
    calls: true,
  },
};

/** A scan's arguments, in which something else may stand in any place. */
function withTensors(config: unknown, x: core.Tensor): unknown {
  const put = (value: unknown, depth: number): unknown => {
    if (value === here) return x;
    if (depth === 0 || typeof value !== "object" || value === null || Array.isArray(value)) return value;
    if (Object.getPrototypeOf(value) !== Object.prototype) return value;
    const own = Object.getOwnPropertyDescriptors(value);
    for (const key of Object.keys(own))
      if (own[key]?.value !== undefined) own[key].value = put(own[key].value, depth - 1);
    return Object.defineProperties({}, own);
  };
  try {
    return put(config, 2);
  } catch {
    return config;
  }
}
