import { describe, expect, it } from "vitest";
import {
  bindInputs,
  byPresence,
  clipLoss,
  defineLoss,
  crossEntropy,
  float as floating,
  labels,
  mask,
  number,
  parameter,
  list,
  reduction,
  weightedSum,
  OptionError,
  DTypeError,
  ganDiscriminatorLoss,
  gaussianNllLoss,
  InputError,
  klDiv,
  marginRankingLoss,
  ShapeError,
  tripletMarginLoss,
  vseLoss,
  type AnyDefinition,
  type GivenInput,
  type InputDeclaration,
  type LossSpec,
  type Tensor,
} from "../src/index.js";

const float = (...shape: number[]): GivenInput => ({ shape, dtype: "float32" });
const index = (...shape: number[]): GivenInput => ({ shape, dtype: "int64" });
const bind = (spec: LossSpec, given: Record<string, GivenInput>): ReturnType<typeof bindInputs> =>
  bindInputs(spec.loss.definition satisfies AnyDefinition, given);
const shapes = (spec: LossSpec, given: Record<string, GivenInput>): Record<string, string> =>
  Object.fromEntries(bind(spec, given).inputs.map((input) => [input.name, input.shape.join()]));

describe("binding real shapes to declared ones", () => {
  it("gives every batch size the same key", () => {
    const key = (n: number): string =>
      bind(clipLoss(), { image: float(n, 8), text: float(n, 8), logitScale: float() }).key;
    expect(new Set([1, 7, 64, 0].map(key)).size).toBe(1);
  });

  it("leaves out an optional batch axis everywhere", () => {
    expect(shapes(crossEntropy(), { input: float(5), target: index() })).toEqual({ input: "C", target: "" });
    expect(shapes(crossEntropy(), { input: float(3, 5), target: index(3) })).toEqual({ input: "N,C", target: "N" });
    expect(shapes(crossEntropy(), { input: float(3, 5, 2, 4), target: index(3, 2, 4) })).toEqual({
      input: "N,C,d1,d2",
      target: "N,d1,d2",
    });
  });

  it("tells the forms of an input apart by dtype, and untyped arrays by rank", () => {
    const holds = (target: GivenInput): string | undefined =>
      bind(crossEntropy(), { input: float(3, 5), target }).inputs.find((input) => input.name === "target")?.holds.kind;
    expect(holds(index(3))).toBe("index");
    expect(holds(float(3, 5))).toBe("float");
    expect(holds({ shape: [3], dtype: "untyped" })).toBe("index");
    expect(holds({ shape: [3, 5], dtype: "untyped" })).toBe("float");
  });

  it("keeps a size 1 literal only where others are larger", () => {
    const given = { input1: float(4, 1), input2: float(1, 3), target: float(4, 3) };
    expect(shapes(marginRankingLoss(), given)).toEqual({ input1: "d1,1", input2: "1,d2", target: "d1,d2" });
    const ones = { input1: float(1, 1), input2: float(1, 1), target: float(1, 1) };
    expect(shapes(marginRankingLoss(), ones)).toEqual({ input1: "d1,d2", input2: "d1,d2", target: "d1,d2" });
  });

  it("lets the last axis be absent where that is declared, and no other", () => {
    const given = (...variance: number[]): Record<string, GivenInput> => ({
      input: float(2, 3, 4),
      target: float(2, 3, 4),
      var: float(...variance),
    });
    expect(shapes(gaussianNllLoss(), given(2, 3))["var"]).toBe("d1,d2");
    expect(shapes(gaussianNllLoss(), given(2, 1))["var"]).toBe("d1,1");
    expect(shapes(gaussianNllLoss(), given(2, 3, 1))["var"]).toBe("d1,d2,1");
    expect(shapes(gaussianNllLoss(), given())["var"]).toBe("");
    expect(() => bind(gaussianNllLoss(), given(3, 4))).toThrow(ShapeError);
    expect(() => bind(gaussianNllLoss(), given(4))).toThrow(ShapeError);
  });

  it("lets ranks differ where PyTorch broadcasts, and refuses where it does not", () => {
    expect(shapes(klDiv(), { input: float(2, 3), target: float(3) })).toEqual({ input: "d1,d2", target: "d2" });
    expect(() => bind(marginRankingLoss(), { input1: float(2, 3), input2: float(3), target: float(2, 3) })).toThrow(
      "marginRankingLoss: input1, input2, target must have the same number of axes, got axes [2, 3], [3], [2, 3].",
    );
  });

  it("shares axes between terms of the same shape, not between others", () => {
    expect(shapes(ganDiscriminatorLoss(), { real: float(4), fake: float(4) })).toEqual({ real: "r1", fake: "r1" });
    expect(shapes(ganDiscriminatorLoss(), { real: float(4), fake: float(6) })).toEqual({ real: "r1", fake: "f1" });
  });
});

describe("shapes that depend on whether another input is given", () => {
  const captioned = defineLoss({
    name: "captioned",
    inputs: { scores: byPresence("owners", { given: floating(["N", "M"]), absent: floating(["N", "N"]) }) },
    optionalInputs: { owners: labels(["M"], "The image of each caption.", { below: "N" }) },
    options: { reduction: reduction() },
    value: ({ scores }) => scores,
  });

  it("take the form that goes with it", () => {
    expect(shapes(captioned(), { scores: float(3, 5), owners: index(5) })).toEqual({ scores: "N,M", owners: "M" });
    expect(shapes(captioned(), { scores: float(3, 3) })).toEqual({ scores: "N,N" });
    expect(() => bind(captioned(), { scores: float(3, 5) })).toThrow(
      new ShapeError("captioned: scores must have shape [N, N] with equal sizes, got [3, 5]."),
    );
  });

  it("keep doing so in a weighted sum, under the names there", () => {
    const sum = weightedSum([
      { loss: captioned(), weight: 1, inputs: { owners: "images" } },
      { name: "other", loss: captioned(), weight: 2, inputs: { scores: "others", owners: "otherImages" } },
    ]) as LossSpec;
    const given = { scores: float(3, 5), images: index(5), others: float(3, 3) };
    expect(shapes(sum, given)).toEqual({ scores: "N,M", images: "M", others: "N_2,N_2" });
    expect(() => bind(sum, { scores: float(3, 5), others: float(3, 3) })).toThrow(ShapeError);
  });

  it("give way to a term that takes one shape whatever is given", () => {
    const square = defineLoss({
      name: "square",
      inputs: { scores: floating(["N", "N"]) },
      options: { reduction: reduction() },
      value: ({ scores }) => scores,
    });
    const sum = weightedSum([
      { loss: square(), weight: 1 },
      { loss: captioned(), weight: 1 },
    ]) as LossSpec;
    expect(shapes(sum, { scores: float(3, 3) })).toEqual({ scores: "N,N" });
    expect(() => bind(sum, { scores: float(3, 5), owners: index(5) })).toThrow(ShapeError);
  });

  it("refuse an input that the loss does not have", () => {
    const given = floating(["N"]);
    const wrong = (): unknown =>
      defineLoss({
        name: "wrong",
        inputs: { x: byPresence("y", { given, absent: given }) },
        options: { reduction: reduction() },
        value: ({ x }) => x,
      });
    expect(wrong).toThrow(new OptionError("defineLoss: input x must depend on an input, got y."));
    expect(() => byPresence("", { given, absent: given })).toThrow(OptionError);
    expect(() => byPresence("y", { given } as never)).toThrow(OptionError);
  });
});

it("lists share letters place by place", () => {
  const matched = defineLoss({
    name: "matched",
    inputs: { real: list(floating(["N", "...d"])), fake: list(floating(["N", "...d"])) },
    options: { reduction: reduction() },
    value: ({ real: [first], fake: [other] }) => (first ?? other) as never,
  });
  const given = { "real.0": float(2, 3), "real.1": float(4, 5, 6), "fake.0": float(2, 3), "fake.1": float(4, 5, 6) };
  expect(shapes(matched(), given)["real.1"]).toBe(shapes(matched(), given)["fake.1"]);
  expect(() => bind(matched(), { ...given, "fake.1": float(4, 5, 7) })).toThrow(ShapeError);
});

describe("refusals name what was expected, what came and the cure", () => {
  const refused = (spec: LossSpec, given: Record<string, GivenInput>): unknown => {
    try {
      bind(spec, given);
    } catch (error) {
      return error;
    }
    throw new Error("must be refused");
  };

  it("wrong sizes", () => {
    const given = { image: float(4, 8), text: float(5, 7), logitScale: float() };
    expect(refused(clipLoss(), given)).toEqual(
      new ShapeError("clipLoss: text must have shape [M, D] with D = 8 as in image, got [5, 7]."),
    );
    expect(refused(vseLoss(), { scores: float(3, 4) })).toEqual(
      new ShapeError("vseLoss: scores must have shape [N, N] with equal sizes, got [3, 4]."),
    );
  });

  it("wrong rank", () => {
    expect(refused(clipLoss(), { image: float(8), text: float(8), logitScale: float() })).toBeInstanceOf(ShapeError);
    expect(refused(crossEntropy(), { input: float(), target: index() })).toBeInstanceOf(ShapeError);
  });

  it("wrong dtype", () => {
    const given = { anchor: index(4, 3), positive: float(4, 3), negative: float(4, 3) };
    expect(refused(tripletMarginLoss(), given)).toEqual(
      new DTypeError("tripletMarginLoss: anchor must be float16, float32 or float64, got int64."),
    );
  });

  it("missing and unknown inputs", () => {
    expect(refused(clipLoss(), { image: float(4, 8), text: float(4, 8) })).toEqual(
      new InputError(
        "clipLoss: inputs must be image, text, logitScale, logitBias (optional), target (optional), got no logitScale.",
        "MISSING_INPUT",
      ),
    );
    const extra = { image: float(4, 8), text: float(4, 8), logitScale: float(), temperature: float() };
    expect(refused(clipLoss(), extra)).toMatchObject({ code: "UNKNOWN_INPUT" });
    expect(refused(vseLoss(), {})).toMatchObject({ code: "MISSING_INPUT" });
    expect(refused(vseLoss(), { image: float(2, 2), text: float(2, 2), scores: float(2, 2) })).toMatchObject({
      code: "INVALID_INPUT",
    });
  });
});

describe("declarations that are refused", () => {
  const declare = (inputs: Readonly<Record<string, InputDeclaration<"float">>>): void => {
    defineLoss({ name: "own", inputs, options: { reduction: reduction() }, value: ({ x }) => x as Tensor });
  };

  it.each([
    ..."N??,?N,N*,2N,N M,...,..d,...d?,...d|,~,~d~,~d?-,N|M,1,-1,N!,[N],constructor,__proto__".split(","),
    "",
    " ",
    "N,M",
  ])("a malformed part of a shape: %j", (token) => {
    for (const make of [floating, number, mask, parameter, labels]) {
      expect(() => make([token])).toThrow(OptionError);
      expect(() => make([token])).toThrow(/must have a shape of sizes and texts such as "N"/);
    }
  });

  it.each(["below", "atMost", "sum"])("labels that are held against a letter that no input names: %s", (bound) => {
    const make = (letter: string): void =>
      declare({ x: floating(["N", "C"]), y: labels(["N"], { [bound]: letter }) as InputDeclaration<never> });
    expect(() => make("C")).not.toThrow();
    expect(() => make("Z")).toThrow(/input y must be below the letter of an axis, an option or an input.*got "Z"/);
  });
});
