import { bindInputs, clipLoss, crossEntropy, float, traceLoss, type LossSpec, type Tensor } from "@losses/core";
import { describe, expect, it } from "vitest";
import { assemble } from "../src/scalar/assemble.js";
import { lower } from "../src/scalar/lower.js";
import { optimize } from "../src/scalar/optimize.js";
import type { Plan } from "../src/scalar/plan.js";
import type { RecomputeFrom } from "../src/scalar/recompute.js";
import { expectAgreement, functionOf, numbers } from "./support.js";

type Shapes = Readonly<Record<string, readonly number[]>>;

/** The plan of a loss with all its gradients. */
function planOf(spec: LossSpec, shapes: Shapes, from?: RecomputeFrom): Plan {
  const types = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, { shape, dtype: "float32" } as const]),
  );
  const binding = bindInputs(spec.loss.definition, types, spec.options);
  const gradients = binding.inputs.filter((input) => input.differentiable).map((input) => input.name);
  const graph = traceLoss(spec, binding, { dtype: "float32", gradients });
  return assemble(optimize(lower(graph)), binding.sizes, from);
}

/** Numbers that a plan keeps between its stages. */
function keptBy({ buffers }: Plan): number {
  return buffers.reduce((sum, buffer) => sum + (buffer.kind === "own" ? buffer.cells.length : 0), 0);
}

describe("memory of a plan", () => {
  const clip = (n: number): Shapes => ({ image: [n, 4], text: [n, 4], logitScale: [] });

  it("holds one matrix of similarities for clipLoss", () => {
    const n = 300;
    expect(keptBy(planOf(clipLoss(), clip(n), { cheap: Infinity, slow: Infinity }))).toBeLessThan(1.1 * n * n);
  });

  it("holds less where matrices are large", () => {
    const n = 300;
    const soft = { ...clip(n), target: [n, n] };
    const all = keptBy(planOf(clipLoss(), soft, { cheap: Infinity, slow: Infinity }));
    expect(all).toBeGreaterThan(4 * n * n);
    expect(keptBy(planOf(clipLoss(), soft))).toBeLessThan(2.1 * n * n);
  });

  it("holds nothing for an empty batch", () => {
    const plan = planOf(crossEntropy(), { input: [0, 1e9], target: [0, 1e9] });
    expect(keptBy(plan)).toBeLessThan(10);
    expect(plan.arena.length).toBeLessThan(100);
  });
});

it("labels are read: nothing is computed of logits that are not chosen, but for the softmax", () => {
  const binding = bindInputs(crossEntropy().loss.definition, {
    input: { shape: [3, 5], dtype: "float32" },
    target: { shape: [3], dtype: "int32" },
  });
  const graph = traceLoss(crossEntropy(), binding, { dtype: "float32", gradients: [] });
  const { stages } = assemble(optimize(lower(graph)), binding.sizes);
  expect(stages).toContainEqual(expect.objectContaining({ do: "pick", rows: 3, columns: 5 }));
  const groups = stages.flatMap((stage) => (stage.do === "segment" ? stage.groups : []));
  const maps = groups
    .filter(({ rowSize }) => rowSize === 5)
    .flatMap(({ steps }) => steps.filter((s) => s.do === "map"));
  expect(maps).toHaveLength(2);
});

describe("memory that is used again", () => {
  it("is not written before it is read in another order", () => {
    const inputs = { x: float(["C"], "x"), y: float(["C", "A", "A", "C"], "y") };
    const spec = functionOf(inputs, ({ x, y }) =>
      (x as Tensor)
        .mul(y as Tensor)
        .transpose()
        .softplus(),
    );
    expectAgreement(spec, { x: numbers([3], 1), y: numbers([3, 15, 15, 3], 2) });
  });

  it("is not written before it is read by a later step of the same pass", () => {
    const spec = functionOf({ x: float(["A", "B", "A"], "x"), y: float([], "y") }, ({ x, y }) => {
      const [data, limit] = [x as Tensor, y as Tensor];
      const diagonal = data.iota(0).unsqueeze(1).unsqueeze(2).equal(data.iota(2)).where(data, 0).sum(2);
      return limit.less(data).where(diagonal.logSumExp(0, true).unsqueeze(2).maximum(0.1), 0.1);
    });
    expectAgreement(spec, { x: numbers([2, 5, 2], 3), y: { shape: [], data: [0.2] } });
  });
});
