import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createHeap } from "../src/index.js";

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a heap of its own", () => {
  it("gives pieces that are aligned, inside the memory, and nobody else's, and takes them back", () => {
    const request = fc.oneof(
      fc.record({ bytes: fc.integer({ min: 0, max: 300_000 }) }),
      fc.record({ free: fc.nat(30) }),
    );
    fc.assert(
      fc.property(fc.array(request, { maxLength: 60 }), (requests) => {
        const heap = createHeap("trial");
        const held: { readonly at: number; readonly bytes: number }[] = [];
        for (const one of requests) {
          if ("free" in one) {
            const [piece] = held.splice(one.free % Math.max(1, held.length), 1);
            if (piece !== undefined) heap.free(piece.at);
            continue;
          }
          const at = heap.allocate(one.bytes);
          expect(at).toBeGreaterThan(0);
          expect(at % 64).toBe(0);
          expect(at + one.bytes).toBeLessThanOrEqual(heap.memory.buffer.byteLength);
          for (const piece of held) {
            expect(at + one.bytes <= piece.at || piece.at + piece.bytes <= at || one.bytes * piece.bytes === 0).toBe(
              true,
            );
            expect(at).not.toBe(piece.at);
          }
          held.push({ at, bytes: one.bytes });
        }
        for (const { at } of held) heap.free(at);
        // All of it is one piece again.
        const { byteLength } = heap.memory.buffer;
        expect(heap.allocate(byteLength - 64)).toBe(64);
        expect(heap.memory.buffer.byteLength).toBe(byteLength);
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  it("takes the smallest piece that is large enough", () => {
    const heap = createHeap("trial");
    const [a, , c] = [1024, 64, 256, 64].map((bytes) => heap.allocate(bytes));
    heap.free(a ?? 0);
    heap.free(c ?? 0);
    expect(heap.allocate(256)).toBe(c);
    expect(heap.allocate(256)).toBe(a);
  });

  it("ignores addresses that it did not give, and pieces that it has back", () => {
    const heap = createHeap("trial");
    const at = heap.allocate(64);
    heap.free(at);
    heap.free(at);
    heap.free(7);
    expect(heap.allocate(64)).toBe(at);
    expect(heap.allocate(64)).not.toBe(at);
  });

  it.each([false, true])("grows to its ceiling and no further; shared: %s", (isShared) => {
    const heap = createHeap("trial", { ceiling: 20 * 65536 + 1, isShared });
    expect(heap.allocate(18 * 65536)).toBeGreaterThan(0);
    expect(heap.allocate(3 * 65536)).toBe(0);
    expect(heap.allocate(65536)).toBeGreaterThan(0);
    expect(heap.memory.buffer.byteLength).toBeLessThanOrEqual(20 * 65536);
    expect(heap.memory.buffer).toBeInstanceOf(isShared ? SharedArrayBuffer : ArrayBuffer);
  });

  it("refuses a ceiling that no memory can have", () => {
    expect(() => createHeap("trial", { ceiling: 2 ** 33 })).toThrow(
      "createHeap: option ceiling must be a whole number from 1048576 to 4294967296, got 8589934592.",
    );
  });

  it("grows by much, or by what is needed where there is no more, or says that there is none", () => {
    const asked: number[] = [];
    let most = 40;
    class Limited extends WebAssembly.Memory {
      override grow(pages: number): number {
        asked.push(pages);
        if (this.buffer.byteLength / 65536 + pages > most) throw new RangeError("no more");
        return super.grow(pages);
      }
    }
    vi.stubGlobal("WebAssembly", { Memory: Limited });
    const heap = createHeap("trial");
    expect(heap.allocate(17 * 65536)).toBeGreaterThan(0);
    expect(heap.memory.buffer.byteLength).toBe(24 * 65536);
    most = 35;
    expect(heap.allocate(17 * 65536)).toBeGreaterThan(0);
    expect(heap.memory.buffer.byteLength).toBe(35 * 65536);
    expect(heap.allocate(17 * 65536)).toBe(0);
    expect(asked).toEqual([8, 12, 11, 18, 17]);
  });
});
