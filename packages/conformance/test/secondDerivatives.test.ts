import {
  allInputs,
  allLosses,
  defineLoss,
  gradient,
  inputOf,
  type AnyLoss,
  type LossPart,
  type LossValue,
  type Tensor,
} from "@losses/core";
import { describe, expect, it } from "vitest";
import { createReferenceBackend, loadFixtures, type Fixture } from "../src/index.js";

/** What keeps a loss's second derivative from being the difference of its gradients. */
const withoutSecond: Readonly<Record<string, string>> = {
  circleLoss: "no gradient flows through its weights, which change with the embeddings",
};

/** Targets that are one of two numbers. */
const fixedTarget: readonly string[] = [
  "binaryCrossEntropy",
  "contrastiveLoss",
  "cosineEmbeddingLoss",
  "marginRankingLoss",
];

const fixtures = loadFixtures();

/** A direction without ties, the same each time. */
function direction(i: number): number {
  return Math.sin(12.9898 * (i + 1)) * 0.9 + 0.05;
}

function sumOf(value: LossValue): Tensor {
  const whole = (part: LossPart): Tensor => ("values" in part ? part.values : part).sum();
  const parts: readonly LossPart[] =
    "parts" in value
      ? Object.values(value.parts).map((part) => ("part" in part ? part.part : part))
      : "terms" in value
        ? value.terms
        : [value];
  return parts.map(whole).reduce((sum, part) => sum.add(part));
}

/** The derivative of the sum of a loss's values along a direction in each differentiable input. */
function slopeOf({ lossName, definition }: AnyLoss): AnyLoss {
  const differentiable = Object.entries(allInputs(definition)).filter(([, input]) => input.differentiable);
  const value = (
    inputs: Readonly<Record<string, Tensor | readonly Tensor[] | undefined>>,
    options: never,
  ): LossValue => {
    const wrt = differentiable.flatMap(([name]): readonly Tensor[] => {
      const given = inputs[name];
      const all = given === undefined ? [] : Array.isArray(given) ? (given as readonly Tensor[]) : [given as Tensor];
      return all.filter(({ dtype }) => dtype.startsWith("float"));
    });
    const slopes = gradient(sumOf(definition.value(inputs as never, options)), wrt);
    return slopes.map((slope, i) => slope.mul(direction(i)).sum()).reduce((sum, slope) => sum.add(slope));
  };
  const name = `${lossName}Slope`;
  return defineLoss({ ...definition, name, value } as never) as unknown as AnyLoss;
}

interface Numbers {
  readonly shape: readonly number[];
  readonly data: Float64Array | readonly number[];
  readonly dtype: string;
}

function feedsOf(
  { inputs }: Fixture,
  moved: (name: string) => boolean,
  by: number,
): Record<string, Numbers | readonly Numbers[]> {
  const feeds: Record<string, Numbers | Numbers[]> = {};
  for (const { name, shape, dtype, data } of inputs) {
    const own: Numbers =
      dtype === "float32" && moved(name)
        ? { shape, data: Float64Array.from(data, (x, i) => x + by * direction(i + 7)), dtype: "float64" }
        : { shape, data: [...data], dtype };
    const list = inputOf(name);
    const before = feeds[list];
    if (list === name) feeds[name] = own;
    else if (Array.isArray(before)) before.push(own);
    else feeds[list] = [own];
  }
  return feeds;
}

type Gradient = { readonly data: ArrayLike<number> } | readonly { readonly data: ArrayLike<number> }[];

describe("second derivatives of losses agree with differences of their gradients", () => {
  const backend = createReferenceBackend();

  it("of all losses that are not told apart", () => {
    const names = allLosses.map(({ lossName }) => lossName);
    expect(Object.keys(withoutSecond).filter((name) => !names.includes(name))).toEqual([]);
  });

  for (const loss of allLosses) {
    const { lossName, definition } = loss;
    if (Object.hasOwn(withoutSecond, lossName)) continue;
    it(lossName, { timeout: 60_000 }, async () => {
      const own = fixtures.filter((fixture) => fixture.loss === lossName && "value" in fixture.expected);
      const fixture = own.find(({ id }) => id === `${lossName}/defaults`);
      if (fixture === undefined) throw new Error(`${lossName} has no fixture of its defaults.`);
      const inputs = allInputs(definition);
      const isMoved = (name: string): boolean =>
        inputs[inputOf(name)]?.differentiable === true && !(name === "target" && fixedTarget.includes(lossName));
      const reduction = definition.options["reduction"]?.choices?.includes("sum") === true ? "sum" : "none";
      const spec = slopeOf(loss)({ ...fixture.options, reduction });
      const compiled = await backend.compile(spec, { dtype: "float64" });
      const at = (by: number) => compiled.valueAndGrad(feedsOf(fixture, isMoved, by) as never);
      const number = (tensor: unknown): number => (tensor as { readonly data: ArrayLike<number> }).data[0] ?? NaN;
      const step = 2 ** -20;
      const difference = (number((await at(step)).value) - number((await at(-step)).value)) / (2 * step);
      const { grads } = await at(0);
      let curvature = 0;
      let size = 1e-3;
      const moved = Object.entries(grads as Readonly<Record<string, Gradient>>).filter(([name]) => isMoved(name));
      for (const grad of moved.flatMap(([, grad]) => grad)) {
        Array.from(grad.data, (x, i) => {
          curvature += x * direction(i + 7);
          size += Math.abs(x);
        });
      }
      expect(Math.abs(curvature - difference) / size, `${curvature} ${difference}`).toBeLessThan(1e-4);
    });
  }
});
