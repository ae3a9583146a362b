import { bindShape, LossesError, sizeOf, type DimSizes, type Executable } from "@losses/core";
import { createMachine, takeMemory, type Heap, type Machine, type Port, type Program, type Team } from "@losses/wasm";
import { makeTensor, type JsTensor } from "../tensor.js";
import { wordsAt, type Residents } from "./residents.js";

/**
 * A program as an executable. It works on tensors in its memory where they are; others are copied in, and results come
 * as arrays of their own, or where they were asked for.
 */
export function makeExecutable(
  program: Program,
  heap: Heap,
  team: Team | undefined,
  residents: Residents,
): Executable<JsTensor> {
  const machine = createMachine(program, heap, team);
  return {
    run: (feeds, sizes, out = [], isLater = false) => {
      const call = prepare(program, heap, residents, { feeds, sizes, out });
      if (!isLater || team === undefined) {
        try {
          machine.run(sizes, call.addresses);
          return call.results();
        } finally {
          call.end();
        }
      }
      return runLater(machine, residents, sizes, call, [
        ...Object.values(feeds),
        ...out.flatMap((tensor) => tensor ?? []),
      ]);
    },
    dispose: () => undefined,
  };
}

/** Tensors that are read and written in the meantime keep their memory. */
async function runLater(
  machine: Machine,
  residents: Residents,
  sizes: DimSizes,
  call: Call,
  tensors: readonly JsTensor[],
): Promise<readonly JsTensor[]> {
  const letGo = residents.hold(tensors);
  try {
    await machine.runLater(sizes, call.addresses);
    return call.results();
  } finally {
    call.end();
    letGo();
  }
}

interface Given {
  readonly feeds: Readonly<Record<string, JsTensor>>;
  readonly sizes: DimSizes;
  readonly out: readonly (JsTensor | undefined)[];
}

/** A call whose tensors are in the memory. */
interface Call {
  readonly addresses: ReadonlyMap<string, number>;
  readonly results: () => readonly JsTensor[];
  /** Gives back the memory of what was copied. */
  readonly end: () => void;
}

function prepare(program: Program, heap: Heap, residents: Residents, { feeds, sizes, out }: Given): Call {
  const staged: number[] = [];
  const end = (): void => {
    for (const at of staged) heap.free(at);
  };
  const stage = (length: number): number => {
    const at = takeMemory(heap, 4 * length, "a tensor");
    staged.push(at);
    return at;
  };
  try {
    const addresses = new Map<string, number>();
    const fed = program.inputs.map(({ address, name }) => {
      const tensor = feeds[name];
      if (tensor === undefined) throw new LossesError("MISSING_INPUT", `${heap.id}: ${name} must be fed, got nothing.`);
      const own = residents.addressOf(tensor);
      if (own !== undefined) {
        addresses.set(address, own);
        return undefined;
      }
      const at = stage(tensor.data.length);
      addresses.set(address, at);
      return { tensor, at };
    });
    const results = program.outputs.map((port, i) => {
      const given = out[i];
      const length = sizeOf(bindShape(port.shape, sizes));
      const own = given && residents.addressOf(given);
      const at = own ?? stage(length);
      addresses.set(port.address, at);
      return { port, given, at, length, isThere: own !== undefined };
    });
    // Growing moves the memory, so what is copied in and out is looked at afterwards.
    for (const copied of fed) if (copied !== undefined) copyIn(heap, copied.tensor, copied.at);
    return {
      addresses,
      results: () =>
        results.map(({ port, given, at, length, isThere }) => {
          if (given !== undefined && isThere) return given;
          const data = copyOut(heap, port, at, length);
          if (given === undefined) return makeTensor({ data, shape: bindShape(port.shape, sizes), dtype: port.dtype });
          given.data.set(data);
          return given;
        }),
      end,
    };
  } catch (cause) {
    end();
    throw cause;
  }
}

/** Bools are bytes outside, and 32 bits that are all 0 or 1 in the memory. */
function copyIn(heap: Heap, { data, dtype }: JsTensor, at: number): void {
  const words = wordsAt(heap, at, data.length, data instanceof Float32Array ? "float32" : "int32");
  if (dtype === "bool") for (let i = 0; i < data.length; i++) words[i] = data[i] === 0 ? 0 : -1;
  else words.set(data);
}

function copyOut(heap: Heap, { dtype }: Port, at: number, length: number): Float32Array | Int32Array | Uint8Array {
  const words = wordsAt(heap, at, length, dtype === "float32" ? "float32" : "int32");
  return dtype === "bool" ? Uint8Array.from(words, (word) => (word === 0 ? 0 : 1)) : words.slice();
}
