import { bindShape, defineBackend, graphInputs, type Backend, type Graph, type HostTensor } from "@losses/core";
import { analyze } from "./analyze.js";

/**
 * A backend that evaluates graphs in float64, node by node: what losses mean, without any engine.
 * Slow; it says which errors `@losses/core` raises and stands in where no real backend is wanted.
 */
export function createReferenceBackend(): Backend<HostTensor> {
  return defineBackend<HostTensor>({
    id: "reference",
    device: "cpu",
    dtypes: ["float64", "float32"],
    isTensor: (value): value is HostTensor => own.has(value as object),
    describe: (tensor) => tensor,
    convert: (tensor) => tensor,
    upload: (tensor) => {
      const copy = { ...tensor };
      own.add(copy);
      return copy;
    },
    download: (tensor) => tensor,
    release: () => undefined,
    compile: (graph) => ({ run: (feeds, sizes) => evaluate(graph, feeds, sizes), dispose: () => undefined }),
    dispose: () => undefined,
  });
}

const own = new WeakSet();

function evaluate(
  graph: Graph,
  feeds: Readonly<Record<string, HostTensor>>,
  sizes: Readonly<Record<string, number>>,
): readonly HostTensor[] {
  for (const { attrs } of graphInputs(graph)) bindShape(attrs.shape, sizes);
  return analyze(graph, feeds, sizes, "float64").map(({ shape, value }) => {
    const tensor: HostTensor = { data: value, shape, dtype: "float64" };
    own.add(tensor);
    return tensor;
  });
}
