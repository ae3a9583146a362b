import {
  bindInputs,
  defineLoss,
  float,
  LossesError,
  marginRankingLoss,
  reduction,
  scan,
  traceLoss,
  type DType,
  type FloatDType,
  type Graph,
  type Node,
  type ScanStep,
  type Tensor,
} from "@losses/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { compileProgram, createHeap, createMachine, findFeatures, whyNot, type Heap } from "../src/index.js";

const spec = marginRankingLoss({ margin: 0.5 });

function graphOf(dtype: FloatDType = "float32"): Graph {
  const types = { shape: [2], dtype } as const;
  const binding = bindInputs(spec.loss.definition, { input1: types, input2: types, target: types });
  return traceLoss(spec, binding, { dtype, gradients: ["input1"] });
}

/** Runs the loss in a heap; gives its value and gradient. */
function run(heap: Heap, input1: readonly number[], input2: readonly number[], target: readonly number[]): number[][] {
  const { program, reason } = compileProgram(graphOf(), findFeatures() ?? { relaxed: false });
  if (program === undefined) throw new Error(reason);
  const machine = createMachine(program, heap);
  const tensors: Readonly<Record<string, readonly number[]>> = { input1, input2, target };
  const addresses = new Map<string, number>();
  for (const { name, address } of [...program.inputs, ...program.outputs]) {
    const numbers = tensors[name] ?? (name === "value" ? [NaN] : input1.map(() => NaN));
    const at = heap.allocate(4 * numbers.length);
    new Float32Array(heap.memory.buffer, at, numbers.length).set(numbers);
    addresses.set(address, at);
  }
  const [symbol = ""] = (program.inputs[0]?.shape ?? []).map(String);
  machine.run({ [symbol]: input1.length }, addresses);
  const results = program.outputs.map(({ address, name }) => {
    const length = name === "value" ? 1 : input1.length;
    return [...new Float32Array(heap.memory.buffer, addresses.get(address) ?? 0, length)];
  });
  for (const at of addresses.values()) heap.free(at);
  return results;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a program in a memory", () => {
  it("computes value and gradient for every size", () => {
    const heap = createHeap("trial");
    expect(run(heap, [0.5, 2], [1, 1], [1, -1])).toEqual([[1.25], [-0.5, 0.5]]);
    expect(run(heap, [0.5], [1], [1])).toEqual([[1], [-1]]);
    const many = Array.from({ length: 1003 }, (_, i) => i % 7);
    const [value, gradient] = run(heap, many, many, many.map(() => 1)); // prettier-ignore
    expect(value).toEqual([0.5]);
    expect(gradient).toHaveLength(1003);
  });

  it("runs in a memory that threads share", () => {
    const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
    let next = 1024;
    const allocate = (bytes: number): number => (next += Math.ceil(bytes / 64) * 64) - Math.ceil(bytes / 64) * 64;
    const heap: Heap = { id: "shared", memory, allocate, free: () => undefined };
    expect(run(heap, [0.5, 2], [1, 1], [1, -1])).toEqual([[1.25], [-0.5, 0.5]]);
  });

  it("says whose memory is too small, and leaves nothing behind", () => {
    const heap = createHeap("mine");
    const taken = new Set<number>();
    const counted: Heap = {
      id: heap.id,
      memory: heap.memory,
      // The last request, for intermediate results, finds nothing.
      allocate: (bytes) => {
        if (taken.size === 5) return 0;
        const at = heap.allocate(bytes);
        taken.add(at);
        return at;
      },
      free: (at) => {
        taken.delete(at);
        heap.free(at);
      },
    };
    expect(() => run(counted, [1], [2], [1])).toThrow(
      /^mine: there must be \d+ bytes of memory for intermediate results, got none\. Release tensors, or use smaller batches\.$/,
    );
    expect(taken.size).toBe(5);
  });
});

describe("a program that cannot run", () => {
  const { program, reason } = compileProgram(graphOf(), { relaxed: false });
  if (program === undefined) throw new Error(reason);
  const [symbol = ""] = (program.inputs[0]?.shape ?? []).map(String);

  /** A heap that counts with 32 bits, as TensorFlow.js's does, and gives away what it may not. */
  function careless(): { readonly heap: Heap; readonly asked: readonly number[] } {
    const own = createHeap("careless");
    const asked: number[] = [];
    const allocate = (bytes: number): number => {
      asked.push(bytes);
      return own.allocate(bytes >>> 0);
    };
    return { heap: { ...own, allocate }, asked };
  }

  it.each([2 ** 30, 2 ** 30 + 1, 2 ** 31 - 1, 2 ** 31, 1e12])(
    "for sizes of 4 GiB and more is refused before it starts: %d",
    (n) => {
      const { heap, asked } = careless();
      const everywhere = new Map([...program.inputs, ...program.outputs].map(({ address }) => [address, 1024]));
      const before = Uint8Array.from(new Uint8Array(heap.memory.buffer));
      const run = (): void => createMachine(program, heap).run({ [symbol]: n }, everywhere);
      expect(run).toThrow(LossesError);
      const memory = `careless: there must be ${4 * n} bytes of memory for`;
      expect(run).toThrow(n < 2 ** 31 ? memory : `must be bound to a size, got ${n}. Use smaller inputs.`);
      expect(asked).toEqual([]);
      expect(Buffer.compare(new Uint8Array(heap.memory.buffer), before)).toBe(0);
    },
  );

  it("for want of an address is refused, and gives back what it has taken", () => {
    const heap = createHeap("mine");
    const first = heap.allocate(64);
    heap.free(first);
    const run = (): void => createMachine(program, heap).run({ [symbol]: 1 }, new Map());
    expect(run).toThrow(/^mine: there must be an address for %\d+, got none\.$/);
    expect(heap.allocate(64)).toBe(first);
  });
});

describe("a graph that is no program", () => {
  it("says which input is of other numbers", () => {
    const reason = "marginRankingLoss: input input1 must be one of float32, int32 to be compiled, got float64.";
    expect(compileProgram(graphOf("float64"), { relaxed: false })).toEqual({ program: undefined, reason });
  });

  it("says so of results, and of what lies between", () => {
    const x: Node = { id: 0, op: "input", inputs: [], attrs: { name: "x", shape: [2], dtype: "float32" }, shape: [2], dtype: "float32" }; // prettier-ignore
    const cast = (id: number, to: DType): Node => ({ id, op: "cast", inputs: [id - 1], attrs: { to }, shape: [2], dtype: to }); // prettier-ignore
    const reasonAgainst = (...casts: readonly Node[]): string | undefined => {
      const outputs = [{ name: "value", node: casts.length }];
      return compileProgram({ name: "f", nodes: [x, ...casts], outputs }, { relaxed: false }).reason;
    };
    expect(reasonAgainst(cast(1, "int32"))).toBeUndefined();
    expect(reasonAgainst(cast(1, "bool"))).toBe(
      "f: result value must be one of float32, int32 to be compiled, got bool.",
    );
    expect(reasonAgainst(cast(1, "float64"), cast(2, "int32"))).toBe(
      "f: what lies between inputs and results must be one of float32, int32, bool to be compiled, got float64.",
    );
  });
});

describe("whyNot", () => {
  it("is undefined where programs run", () => {
    expect(whyNot()).toBeUndefined();
    expect(findFeatures()).toEqual({ relaxed: expect.any(Boolean) as boolean });
  });

  it("names what is missing, and the cure", () => {
    vi.stubGlobal("WebAssembly", undefined);
    expect(whyNot()).toBe("this JavaScript engine has no WebAssembly.");
    expect(findFeatures()).toBeUndefined();
    expect(() => createHeap("mine")).toThrow("mine: there must be WebAssembly, got none.");
    vi.stubGlobal("WebAssembly", { validate: () => false });
    expect(whyNot()).toMatch(/no SIMD\. Use a newer one\.$/);
    const Module = function (): void {
      throw new EvalError("forbidden.");
    };
    vi.stubGlobal("WebAssembly", { validate: () => true, Module });
    expect(whyNot()).toBe(
      "WebAssembly may not be compiled here: forbidden. Allow 'wasm-unsafe-eval' in the content-security policy.",
    );
  });
});

describe("a recursion", () => {
  const sums = defineLoss({
    name: "sums",
    inputs: { x: float(["T", "N"]) },
    options: { reduction: reduction("none") },
    value: ({ x }) => {
      const init = { total: x.sum(0).mul(0) };
      const step = ({ total }: { total: Tensor }, at: { x: Tensor }): ScanStep<"total", "total"> => {
        const next = total.mul(2).add(at.x);
        return { carry: { total: next }, collect: { total: next } };
      };
      return scan({ init, sequences: { x } }, step).collected.total;
    },
  })();
  const binding = bindInputs(sums.loss.definition, { x: { shape: [2, 2], dtype: "float32" } });
  const { program, reason } = compileProgram(traceLoss(sums, binding, { dtype: "float32", gradients: [] }), {
    relaxed: false,
  });
  if (program === undefined) throw new Error(reason);

  function totals(heap: Heap, x: readonly number[]): readonly number[] {
    if (program === undefined) return [];
    const addresses = new Map([...program.inputs, ...program.outputs].map((port) => [port.address, heap.allocate(4 * x.length)])); // prettier-ignore
    const [from = 0, to = 0] = addresses.values();
    new Float32Array(heap.memory.buffer, from, x.length).set(x);
    const [steps = "", width = ""] = (program.inputs[0]?.shape ?? []).map(String);
    createMachine(program, heap).run({ [steps]: x.length / 2, [width]: 2 }, addresses);
    return [...new Float32Array(heap.memory.buffer, to, x.length)];
  }

  it("runs its steps in any memory", () => {
    expect(totals(createHeap("mine"), [1, 2, 3, 4, 5, 6])).toEqual([1, 2, 5, 8, 15, 22]);
    const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
    let next = 1024;
    const allocate = (bytes: number): number => (next += Math.ceil(bytes / 64) * 64) - Math.ceil(bytes / 64) * 64;
    const shared: Heap = { id: "shared", memory, allocate, free: () => undefined };
    expect(totals(shared, [1, 2, 3, 4])).toEqual([1, 2, 5, 8]);
  });

  it.each([0, 1, 2])("gives back what it took, if the memory ends after %i more pieces", (pieces) => {
    const own = createHeap("mine");
    const taken = new Set<number>();
    const allocate = (bytes: number): number => {
      if (taken.size >= 2 + pieces) return 0;
      const at = own.allocate(bytes);
      taken.add(at);
      return at;
    };
    const free = (at: number): void => {
      taken.delete(at);
      own.free(at);
    };
    expect(() => totals({ ...own, allocate, free }, [1, 2, 3, 4])).toThrow(LossesError);
    expect(taken.size).toBe(2);
  });
});
