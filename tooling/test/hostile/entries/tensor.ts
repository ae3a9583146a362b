import * as core from "@losses/core";
import { anyOf, flag, list, number } from "../takes.js";
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
    const on = method === "squeeze" ? x.unsqueeze([0, 1]) : self;
    return (on as unknown as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>)[method]?.(...own);
  });
}

export const customGradientCall: Call = inside((_, ...args) =>
  core.customGradient(...(args as Parameters<typeof core.customGradient>)),
);

export const customGradientEntry: Entry = {
  call: customGradientCall,
  args: () => [here, [here], (gradient: core.Tensor) => [gradient]],
  takes: { "1": list(() => false), "2": () => false },
  calls: true,
};
