import { describe, expectTypeOf, it } from "vitest";
import {
  clipLoss,
  crossEntropy,
  defineLoss,
  float,
  labels,
  reduction,
  tripletMarginLoss,
  type CompiledLoss,
  type LossSpec,
  type SyncBackend,
  type Tensor,
  type WeightedValues,
} from "../src/index.js";

interface Own {
  readonly own: true;
}
declare const backend: SyncBackend<Own>;
declare const any: Own;

describe("types", () => {
  it("gradients of floating inputs that must be given are there, those of others may be", () => {
    const use = (): void => {
      const { grads } = backend.compileSync(clipLoss()).valueAndGradSync({ image: any, text: any, logitScale: 10 });
      expectTypeOf(grads.image).toEqualTypeOf<Own>();
      const entropy = backend.compileSync(crossEntropy()).valueAndGradSync({ input: any, target: [0] });
      expectTypeOf(entropy.grads.input).toEqualTypeOf<Own>();
      expectTypeOf(entropy.grads.target).toEqualTypeOf<Own | undefined>();
      expectTypeOf(entropy.grads.weight).toEqualTypeOf<Own | undefined>();
    };
    void use;
  });

  it("wrt narrows the gradients, and names inputs that have one", () => {
    const use = (): void => {
      const loss = backend.compileSync(tripletMarginLoss());
      const feeds = { anchor: any, positive: any, negative: any };
      const { grads } = loss.valueAndGradSync(feeds, { wrt: ["anchor"] });
      expectTypeOf(grads.anchor).toEqualTypeOf<Own>();
      // @ts-expect-error it was not asked for
      void grads.positive;
      // @ts-expect-error there is no such input
      loss.valueAndGradSync(feeds, { wrt: ["achor"] });
      // @ts-expect-error an input is missing
      loss.valueAndGradSync({ anchor: any, positive: any });
      // @ts-expect-error there is no such input
      loss.valueAndGradSync({ ...feeds, extra: any });
    };
    void use;
  });

  it("a user's own loss has the inputs that it declares", () => {
    const own = defineLoss({
      name: "own",
      summary: "An example.",
      formula: "x",
      inputs: { x: float(["N", "C"], "Numbers."), kind: labels(["N"], "Classes.", { below: "C" }) },
      optionalInputs: { scale: float([], "A factor.") },
      options: { reduction: reduction() },
      value: ({ x, kind, scale }) => {
        expectTypeOf(x).toEqualTypeOf<Tensor>();
        expectTypeOf(kind).toEqualTypeOf<Tensor>();
        expectTypeOf(scale).toEqualTypeOf<Tensor | undefined>();
        return x.sum(1);
      },
    });
    const use = (): void => {
      const { grads } = backend.compileSync(own()).valueAndGradSync({ x: any, kind: [0] });
      expectTypeOf(grads.x).toEqualTypeOf<Own>();
      expectTypeOf(grads.scale).toEqualTypeOf<Own | undefined>();
      // @ts-expect-error classes have no gradient
      void grads.kind;
    };
    void use;
    expectTypeOf(own()).toExtend<LossSpec>();
  });

  it("any loss stands for a loss of which nothing is known", () => {
    const take = (loss: CompiledLoss<Own>): void => {
      void loss.valueAndGrad({ anything: any }).then(({ grads }) => {
        expectTypeOf(grads["anything"]).toEqualTypeOf<Own | undefined>();
      });
    };
    const use = (): void => take(backend.compileSync(clipLoss()));
    void use;
    expectTypeOf<WeightedValues["values"]>().toEqualTypeOf<Tensor>();
  });
});
