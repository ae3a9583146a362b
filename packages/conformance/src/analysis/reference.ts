import {
  defineBackend,
  interpret,
  isFloat,
  nodeAt,
  operandAt,
  type Backend,
  type DimSizes,
  type Graph,
  type HostTensor,
} from "@losses/core";

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

function evaluate(graph: Graph, feeds: Readonly<Record<string, HostTensor>>, sizes: DimSizes): readonly HostTensor[] {
  const numbers = Object.entries(feeds).map(
    ([name, { shape, data }]) => [name, { shape, data: Float64Array.from(data) }] as const,
  );
  return interpret(graph, Object.fromEntries(numbers), sizes).map(({ shape, data }, i) => {
    const { dtype } = nodeAt(graph, operandAt(graph.outputs, i).node);
    const tensor: HostTensor = { data, shape, dtype: isFloat(dtype) ? "float64" : dtype };
    own.add(tensor);
    return tensor;
  });
}
