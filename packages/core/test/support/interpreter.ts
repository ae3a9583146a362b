import {
  graphInputs,
  interpret as evaluate,
  nodeAt,
  type DimSizes,
  type Engine,
  type Graph,
  type HostTensor,
} from "../../src/index.js";

/** A value in float64 with a concrete shape. */
export interface Value {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** What a graph gives for plain numbers. */
export function interpret(graph: Graph, feeds: Readonly<Record<string, Value>>, sizes: DimSizes): readonly Value[] {
  const numbers = Object.entries(feeds).map(([name, { shape, data }]) => [
    name,
    { shape, data: Float64Array.from(data) },
  ]);
  return evaluate(graph, Object.fromEntries(numbers), sizes).map(({ shape, data }) => ({ shape, data: [...data] }));
}

/** An engine over the interpreter, for tests of everything around engines. */
export function interpreterEngine(log: string[] = [], asynchronous = false): Engine<HostTensor & { own: true }> {
  const later = <A>(value: A): A | Promise<A> => (asynchronous ? Promise.resolve(value) : value);
  const make = (tensor: HostTensor): HostTensor & { own: true } => ({ ...tensor, own: true });
  return {
    id: "interpreter",
    device: "test",
    dtypes: ["float64", "float32"],
    isTensor: (value): value is HostTensor & { own: true } =>
      typeof value === "object" && value !== null && "own" in value,
    describe: ({ shape, dtype }) => ({ shape, dtype }),
    convert: (tensor, dtype) => later(tensor.dtype === dtype ? tensor : make({ ...tensor, dtype })),
    upload: (host) => {
      log.push("upload");
      return make(host);
    },
    download: (tensor) => later(tensor),
    release: () => log.push("release"),
    compile: (graph) => {
      log.push("compile");
      return later({
        run: (feeds, sizes) => {
          const values = Object.fromEntries(
            graphInputs(graph).map(({ attrs: { name } }): [string, Value] => {
              const tensor = feeds[name];
              if (tensor === undefined) throw new Error(`no feed ${name}`);
              return [name, { shape: tensor.shape, data: Array.from(tensor.data) }];
            }),
          );
          const results = interpret(graph, values, sizes).map(({ shape, data }, i) => {
            const { dtype } = nodeAt(graph, graph.outputs[i]?.node ?? 0);
            return make({ shape, data: Float64Array.from(data), dtype });
          });
          return later(results);
        },
        dispose: () => {
          log.push("dispose executable");
        },
      });
    },
    dispose: () => {
      log.push("dispose engine");
    },
  };
}
