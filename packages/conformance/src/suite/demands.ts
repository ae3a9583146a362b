import type { AnyLoss, Graph } from "@losses/core";
import type { Fixture } from "../cases/caseFormat.js";
import { isOnKink } from "./kinks.js";

/** A kind of input that every loss must have a fixture of. */
export type Demand = "noElements" | "oneSample" | "large" | "minusInfinity" | "kink" | "degenerate";

/** A fixture that has a value. */
export type Answered = Fixture & { readonly expected: Extract<Fixture["expected"], { readonly value: unknown }> };

/** How a demand is told. */
export const demandNames: Readonly<Record<Demand, string>> = {
  noElements: "over no elements",
  oneSample: "of one sample",
  large: "with a number of 1e4 or more",
  minusInfinity: "with -Infinity in an input",
  kink: "at a kink or a tie",
  degenerate: "with zero vectors, duplicates, or equal inputs",
};

/** Whether some of a loss's fixtures meet a demand; `undefined` if it makes no sense for the loss. */
export function meets(demand: Demand, fixtures: readonly Answered[], losses: readonly AnyLoss[]): boolean | undefined {
  switch (demand) {
    case "noElements":
      return fixtures.some(({ inputs }) => inputs.some(({ shape }) => shape.includes(0)));
    case "oneSample":
      return fixtures.some(({ inputs }) => inputs.some(({ shape }) => shape[0] === 1));
    case "large":
      return fixtures.some(
        (fixture) =>
          isSomeNumber(fixture) &&
          floats(fixture).some(({ data }) => data.some((x) => Number.isFinite(x) && Math.abs(x) >= 1e4)),
      );
    case "minusInfinity":
      return fixtures.some(
        (fixture) => isSomeNumber(fixture) && floats(fixture).some(({ data }) => data.includes(-Infinity)),
      );
    case "kink": {
      const graphs = new Map<string, Graph>();
      let found: boolean | undefined;
      // Small ones are soonest done.
      for (const fixture of [...fixtures].sort((a, b) => elementsOf(a) - elementsOf(b))) {
        const isHere = isOnKink(fixture, losses, graphs);
        if (isHere === true) return true;
        found ??= isHere;
      }
      return found;
    }
    case "degenerate":
      return fixtures.some((fixture) => isDegenerate(floats(fixture)));
  }
}

type Input = Fixture["inputs"][number];

function elementsOf({ inputs }: Fixture): number {
  return inputs.reduce((sum, { data }) => sum + data.length, 0);
}

function floats({ inputs }: Fixture): readonly Input[] {
  return inputs.filter(({ dtype }) => dtype.startsWith("float"));
}

/** Where all is NaN the reference has no value. */
function isSomeNumber({ expected }: Answered): boolean {
  return expected.value.data.some((x) => !Number.isNaN(x));
}

/** A vector of zeros, two equal ones, or two inputs that are the same. */
function isDegenerate(inputs: readonly Input[]): boolean {
  const rows = inputs.map(rowsOf);
  const isRepeated = rows.some((own) => new Set(own).size < own.length);
  const isZero = inputs.some(
    ({ data }, i) => (rows[i] ?? []).some((row) => /^-?0(,-?0)*$/.test(row)) || isAllZero(data),
  );
  const wholes = inputs
    .filter(({ data }) => data.length > 0)
    .map(({ shape, data }) => `${shape.join()}: ${data.join()}`);
  return isRepeated || isZero || new Set(wholes).size < wholes.length;
}

function isAllZero(data: readonly number[]): boolean {
  return data.length > 0 && data.every((x) => x === 0);
}

/** The vectors along the last axis, of two numbers at least. */
function rowsOf({ shape, data }: Input): readonly string[] {
  const width = shape.at(-1) ?? 1;
  if (shape.length < 2 || width < 2) return [];
  return Array.from({ length: data.length / width }, (_, i) => data.slice(i * width, (i + 1) * width).join());
}
