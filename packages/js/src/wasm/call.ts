import { bindShape, LossesError, sizeOf, type DimSizes } from "@losses/core";
import { takeMemory, type Heap, type Port, type Program } from "@losses/wasm";
import { makeTensor, type JsTensor } from "../tensor.js";
import { wordsAt, type Residents } from "./residents.js";

interface Given {
  readonly feeds: Readonly<Record<string, JsTensor>>;
  readonly sizes: DimSizes;
  readonly out: readonly (JsTensor | undefined)[];
}

/** A call whose tensors are in the memory. */
export interface Call {
  readonly addresses: ReadonlyMap<string, number>;
  readonly results: () => readonly JsTensor[];
  /** Gives back the memory of what was copied. */
  readonly end: () => void;
}

/** Puts the tensors of a call where a program finds them. */
export function prepareCall(
  program: Program,
  heap: Heap,
  residents: Pick<Residents, "addressOf">,
  { feeds, sizes, out }: Given,
): Call {
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
