import { InputError, LossesError, sizeOf, viewsOverlap, type HostData, type HostTensor } from "@losses/core";
import { takeMemory, type Heap } from "@losses/wasm";
import { ownTensor, type JsTensor } from "../tensor.js";

/** Where a tensor in the memory of an engine is. */
interface Place {
  readonly heap: Heap;
  readonly at: number;
  /** Runs that are under way and read or write it: its memory is given back after them. */
  users: number;
  isFree: boolean;
}

/** A tensor of 32-bit elements that is in the memory of an engine, where its programs work. */
export interface Residents {
  /** A tensor in the memory with these contents. */
  readonly make: (tensor: HostTensor) => JsTensor;
  /** The address of a tensor that is in this memory; `undefined` for others. */
  readonly addressOf: (tensor: JsTensor) => number | undefined;
  /** True if two tensors have elements in common. */
  readonly overlap: (a: JsTensor, b: JsTensor) => boolean;
  readonly release: (tensor: JsTensor) => void;
  /** Keeps the memory of these tensors, even if they are released, until what it answers with is called. */
  readonly hold: (tensors: readonly JsTensor[]) => () => void;
}

export type Word = Float32Array | Int32Array;

/** The elements of 32 bits at an address, until the memory grows. */
export function wordsAt({ memory }: Heap, at: number, length: number, dtype: "float32" | "int32"): Word {
  return dtype === "float32" ? new Float32Array(memory.buffer, at, length) : new Int32Array(memory.buffer, at, length);
}

/** Data that stay what they are when the memory grows, which empties every view of it. */
function outside<D extends HostData>(heap: Heap, data: D): D {
  return data.buffer === heap.memory.buffer ? (data.slice() as D) : data;
}

export function residentsOf(heap: Heap): Residents {
  const places = new WeakMap<JsTensor, Place>();
  // What the memory was seen as: shared memory stays the same under old views when it grows.
  const seen = new WeakSet<ArrayBufferLike>();
  const viewAt = (at: number, length: number, dtype: "float32" | "int32"): Word => {
    seen.add(heap.memory.buffer);
    return wordsAt(heap, at, length, dtype);
  };
  const current = ({ data }: JsTensor): JsTensor["data"] =>
    seen.has(data.buffer) ? new Uint8Array(heap.memory.buffer, data.byteOffset, data.byteLength) : data;
  // A tensor that nobody released and nobody holds.
  const forgotten = new FinalizationRegistry(free);
  const placeOf = (tensor: JsTensor): Place | undefined => {
    const place = places.get(tensor);
    if (place?.isFree === true) {
      throw new InputError(
        `${heap.id}: a tensor must not be used after its release, got one that is free. Release it after its last use.`,
        "INVALID_INPUT",
      );
    }
    return place;
  };
  return {
    make: ({ data, shape, dtype }) => {
      if (dtype !== "float32" && dtype !== "int32") {
        throw new LossesError("BACKEND_FAILED", `${heap.id}: its memory is for float32 and int32, got ${dtype}.`);
      }
      const length = sizeOf(shape);
      const contents = outside(heap, data);
      const place: Place = { heap, at: takeMemory(heap, 4 * length, "a tensor"), users: 0, isFree: false };
      let view = viewAt(place.at, length, dtype);
      view.set(contents);
      const tensor = ownTensor({
        /** Growing moves the memory: a view from before is empty. */
        get data() {
          if (place.isFree) placeOf(tensor);
          if (view.buffer !== heap.memory.buffer) view = viewAt(place.at, length, dtype);
          return view;
        },
        shape: Object.freeze([...shape]),
        dtype,
      });
      places.set(tensor, place);
      forgotten.register(tensor, place, tensor);
      return tensor;
    },
    addressOf: (tensor) => placeOf(tensor)?.at,
    overlap: (a, b) => {
      const [x, y] = [places.get(a), places.get(b)];
      // A tensor outside may be a view of this memory all the same.
      return x !== undefined && y !== undefined ? x.at === y.at : viewsOverlap(current(a), current(b));
    },
    release: (tensor) => {
      const place = places.get(tensor);
      if (place === undefined) return;
      forgotten.unregister(tensor);
      free(place);
    },
    hold: (tensors) => {
      const held = tensors.flatMap((tensor) => places.get(tensor) ?? []);
      for (const place of held) place.users += 1;
      return () => {
        for (const place of held) {
          place.users -= 1;
          if (place.isFree && place.users === 0) heap.free(place.at);
        }
      };
    },
  };
}

function free(place: Place): void {
  if (!place.isFree && place.users === 0) place.heap.free(place.at);
  place.isFree = true;
}
