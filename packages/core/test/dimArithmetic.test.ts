import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addDims, divideDim, multiplyDims, ShapeError, subtractDims, symbolsOf, type Dim } from "../src/index.js";
import {
  evaluateDim,
  exactQuotient,
  normalizeDim,
  solveDim,
  substituteDim,
  termsOf,
} from "../src/tensor/dimArithmetic.js";

const sizes = { N: 7, M: 3, H: 32 };

describe("dimensions", () => {
  it.each<[Dim, Dim]>([
    [addDims("N", "N"), "2*N"],
    [addDims("N", "M"), "M+N"],
    [addDims("M", "N"), "M+N"],
    [subtractDims("H", 10), "H-10"],
    [subtractDims(addDims("N", "M"), "M"), "N"],
    [subtractDims("N", "N"), 0],
    [multiplyDims("N", "M", 2), "2*M*N"],
    [multiplyDims(addDims("N", 1), "M"), "M*N+M"],
    [multiplyDims(), 1],
    [divideDim(multiplyDims(2, "N"), 2), "N"],
    [divideDim(addDims(multiplyDims(2, "N"), 1), 2), "N"],
    [addDims(divideDim(subtractDims("H", 1), 2), 1), "floor((H+1)/2)"],
    [divideDim("N", 1), "N"],
    [subtractDims(0, "N"), "-N"],
    [normalizeDim("M + N*2 - 1 "), "M+2*N-1"],
    [normalizeDim("floor((2*N)/2)"), "N"],
  ])("%s is written %s", (dim, written) => {
    expect(dim).toBe(written);
  });

  it("have the size that their letters give", () => {
    expect(evaluateDim("2*N+M-1", sizes)).toBe(16);
    expect(evaluateDim("floor((H-1)/2)+1", sizes)).toBe(16);
    expect(evaluateDim("M*N", sizes)).toBe(21);
    expect(evaluateDim("2*Q", sizes)).toBeUndefined();
    expect(evaluateDim("Q", sizes)).toBeUndefined();
    expect(symbolsOf("floor((H-M)/2)*N+M")).toEqual(expect.arrayContaining(["H", "M", "N"]));
  });

  it("say the size of their one letter", () => {
    expect(solveDim("2*N", 8)).toEqual({ symbol: "N", size: 4 });
    expect(solveDim("2*N+1", 9)).toEqual({ symbol: "N", size: 4 });
    expect(solveDim("2*N", 7)).toBeUndefined();
    expect(solveDim("N+M", 7)).toBeUndefined();
  });

  it("divide where nothing is left", () => {
    expect(exactQuotient("2*M*N", "M")).toBe("2*N");
    expect(exactQuotient("2*N", 2)).toBe("N");
    expect(exactQuotient("M+N", "N")).toBeUndefined();
    expect(exactQuotient(12, 5)).toBeUndefined();
  });

  it("are sums of terms, in which other dimensions take the place of letters", () => {
    expect(termsOf("2*N+floor((H+1)/2)-3")).toEqual(
      expect.arrayContaining([
        { coefficient: 2, factors: ["N"] },
        { coefficient: 1, factors: [{ dim: "H+1", by: 2 }] },
        { coefficient: -3, factors: [] },
      ]),
    );
    const dims: Readonly<Record<string, Dim>> = { N: "2*M", H: 7 };
    const other = (symbol: string): Dim => dims[symbol] ?? symbol;
    expect(substituteDim("2*N+floor((H+1)/2)-3", other)).toBe("4*M+1");
    expect(substituteDim("N*M", other)).toBe("2*M*M");
    expect(substituteDim(5, other)).toBe(5);
  });

  it.each(["", "N+", "2N", "N^2", "1.5*N", "floor(N/0)", "N--M"])("refuse %j", (text) => {
    expect(() => normalizeDim(text)).toThrow(ShapeError);
  });

  it("computed with letters and with sizes are the same", () => {
    const leaf = fc.oneof(fc.constantFrom<Dim>("N", "M", "H"), fc.integer({ min: 0, max: 5 }));
    const step = fc.tuple(
      fc.constantFrom("add", "subtract", "multiply", "divide"),
      leaf,
      fc.integer({ min: 1, max: 4 }),
    );
    fc.assert(
      fc.property(leaf, fc.array(step, { maxLength: 5 }), (start, steps) => {
        const size = (dim: Dim): number => evaluateDim(dim, sizes) ?? Number.NaN;
        let dim = start;
        let want = size(start);
        for (const [kind, other, by] of steps) {
          if (kind === "add") [dim, want] = [addDims(dim, other), want + size(other)];
          else if (kind === "subtract") [dim, want] = [subtractDims(dim, other), want - size(other)];
          else if (kind === "multiply") [dim, want] = [multiplyDims(dim, other), want * size(other)];
          else [dim, want] = [divideDim(dim, by), Math.floor(want / by)];
        }
        expect(size(dim) + 0).toBe(want + 0);
        expect(normalizeDim(dim)).toBe(dim);
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});
