import { allLosses, specFromJSON, type Backend } from "@losses/core";
import { createBackend, placement, type OrtTensor } from "@losses/onnxruntime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { feedsOf } from "../../src/cases/runCase.js";
import { loadFixtures, loadKnownFailures, selectBackends, type Fixture } from "../../src/index.js";
import { testBackend } from "../../src/vitest.js";

const id = "onnxruntime:webgpu";
const create = (): Promise<Backend<OrtTensor>> => createBackend({ device: "webgpu" });
const fixtures = loadFixtures();

await testBackend(create, {
  id,
  optional: true,
  atMost: 2,
  knownFailures: loadKnownFailures(),
  reportFile: ".reports/conformance/onnxruntime-webgpu.json",
});

const { takes, requires } = selectBackends(undefined, process.env);
const works = await create().then(
  (backend) => backend.dispose().then(() => true),
  () => false,
);

// Where the device is required and does not work, the tests above fail already.
describe.runIf(takes(id) && (works || requires(id)))(`${id}: every node of a loss and its gradients`, () => {
  let backend: Backend<OrtTensor>;
  beforeAll(async () => {
    backend = await create();
  });
  afterAll(() => backend?.dispose());

  for (const { lossName } of allLosses) {
    it(`${lossName} runs on the device`, { timeout: 60_000 }, async () => {
      const fixture = fixtures.find((candidate) => candidate.loss === lossName && computes(candidate));
      if (fixture === undefined) throw new Error(`${lossName} has no fixture with a gradient.`);
      const spec = specFromJSON(allLosses, { name: lossName, options: fixture.options });
      const { nodes, fallbacks } = await placement(backend, spec, feedsOf(fixture, spec));
      expect(fallbacks).toEqual([]);
      expect(new Set(nodes.map((node) => node.provider))).toEqual(new Set(["WebGpuExecutionProvider"]));
    });
  }
});

/** Has a gradient, and elements to compute with. */
function computes({ expected, inputs }: Fixture): boolean {
  return !("error" in expected) && inputs.some(({ grad }) => grad) && inputs.every(({ shape }) => !shape.includes(0));
}
