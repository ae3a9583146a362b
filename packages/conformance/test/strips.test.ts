import { allLosses, bindInputs, specFromJSON, traceLoss, type Graph } from "@losses/core";
import { compileProgram } from "@losses/wasm";
import { beforeAll, describe, expect, it } from "vitest";
import { loadFixtures, type Fixture } from "../src/index.js";

// Miners aside, which look at triplets or at distances of their own: which losses hold no matrix of pairs above a threshold: those whose products programs of @losses/wasm compute in strips.

/** Why a matrix is in memory as a whole. */
const reasons: readonly (readonly [string, (fixture: Fixture) => boolean])[] = [
  [
    "an input is one, and has a gradient",
    ({ inputs }) => inputs.some(({ name, grad, shape }) => name === "target" && grad && shape.length > 1),
  ],
  ["a product of two of them needs the whole of one", ({ loss }) => loss === "angularLoss"],
  ["a scan over anchors reads its rows", ({ loss }) => loss === "metricTripletMarginLoss"],
  ["axes of the product are split, and parts of them multiplied again", ({ loss }) => loss === "scanLoss"],
  [
    "it is of features, whose gradients do not lie together",
    ({ loss }) => ["barlowTwinsLoss", "vicRegLoss"].includes(loss),
  ],
];

/** True for a reduction whose graph is that of another, or whose result may be such a matrix. */
function isOther({ reduction }: Fixture["options"]): boolean {
  return reduction === "none" || reduction === "sum";
}

function graphOf({ loss, options, inputs }: Fixture): Graph {
  const spec = specFromJSON(allLosses, { name: loss, options });
  const types = Object.fromEntries(
    inputs.map(({ name, shape, dtype }) => [
      name,
      { shape, dtype: dtype.startsWith("float") ? "float32" : dtype } as const,
    ]),
  );
  const binding = bindInputs(spec.loss.definition, types, spec.options);
  return traceLoss(spec, binding, {
    dtype: "float32",
    gradients: inputs.filter(({ grad }) => grad).map(({ name }) => name),
  });
}

/** What decides about the graph of a case. */
function formOf({ loss, options, inputs }: Fixture): string {
  return JSON.stringify([
    loss,
    options,
    inputs.map(({ name, shape, dtype, grad }) => [name, shape.length, dtype, grad]),
  ]);
}

/** Whether a case has products of lists of vectors, and a way to compute them in strips. */
function waysOf(fixture: Fixture): "none" | "strips" | "whole" {
  const graph = graphOf(fixture);
  const isProduct = ({ op, shape }: Graph["nodes"][number]): boolean =>
    op === "matmul" && shape.filter((dim) => typeof dim === "string").length > 1;
  if (!graph.nodes.some(isProduct)) return "none";
  const { program } = compileProgram(graph, { relaxed: false }, ["float32", "int32", "bool"]);
  if (program?.strips === undefined) return "none";
  return program.strips.plans().length > 0 ? "strips" : "whole";
}

describe("products of lists of vectors", () => {
  let found: readonly { readonly fixture: Fixture; readonly way: "none" | "strips" | "whole" }[] = [];
  beforeAll(() => {
    const reduced = loadFixtures().filter(
      ({ options, expected }) => !("error" in expected || "miner" in options || isOther(options)),
    );
    const forms = new Map(reduced.map((fixture) => [formOf(fixture), fixture]));
    found = [...forms.values()].map((fixture) => ({ fixture, way: waysOf(fixture) }));
  }, 300_000);

  it("are in memory as a whole for a reason only", () => {
    const whole = found.filter(({ way }) => way === "whole").map(({ fixture }) => fixture);
    expect(whole.filter((fixture) => !reasons.some(([, holds]) => holds(fixture))).map(({ id }) => id)).toEqual([]);
    for (const [reason, holds] of reasons) expect(whole.some(holds), reason).toBe(true);
  });

  it("are in strips in all other losses that have them", () => {
    const strips = found.filter(({ way }) => way === "strips").map(({ fixture }) => fixture.loss);
    expect([...new Set(strips)].sort()).toMatchInlineSnapshot(`
      [
        "adaptiveLogSoftmaxWithLoss",
        "arcFaceLoss",
        "circleLoss",
        "clipDistillationLoss",
        "clipLoss",
        "cmpcLoss",
        "cmpmLoss",
        "cocaLoss",
        "cosFaceLoss",
        "decoupledContrastiveLoss",
        "generalizedLiftedStructureLoss",
        "infoNceLoss",
        "instanceLoss",
        "largeMarginSoftmaxLoss",
        "liftedStructureLoss",
        "linearCrossEntropy",
        "marginLoss",
        "metricContrastiveLoss",
        "multiSimilarityLoss",
        "multipleNegativesRankingLoss",
        "nPairsLoss",
        "ncaLoss",
        "normalizedSoftmaxLoss",
        "ntXentLoss",
        "proxyAnchorLoss",
        "proxyNcaLoss",
        "pullingAwayLoss",
        "sdmLoss",
        "siglipLoss",
        "softTripleLoss",
        "sphereFaceLoss",
        "subCenterArcFaceLoss",
        "supConLoss",
        "tupletMarginLoss",
        "vseLoss",
      ]
    `);
  });
});
