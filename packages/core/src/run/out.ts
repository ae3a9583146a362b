import type { Engine } from "../backend.js";
import { DTypeError, InputError, OptionError, ShapeError } from "../errors.js";
import type { TensorType } from "../ops/types.js";
import { bindShape, formatShape, sameShape, type DimSizes } from "../tensor/dims.js";

/** Tensors for results by the name of the output: `value`, `grad:image` … */
export type NamedOut<T> = Readonly<Record<string, T | undefined>>;

/** The tensors for results in the order of the outputs, each of the right kind, shape and dtype; `undefined` if there are none. */
export function checkOut<T>(
  engine: Engine<T>,
  loss: string,
  out: NamedOut<T>,
  outputs: readonly ({ readonly name: string } & TensorType)[],
  sizes: DimSizes,
  feeds: Readonly<Record<string, unknown>>,
  ready: Readonly<Record<string, T>>,
): readonly (T | undefined)[] | undefined {
  const names = Object.keys(out).filter((name) => out[name] !== undefined);
  if (names.length === 0) return undefined;
  const { sharesMemory } = engine;
  if (sharesMemory === undefined) {
    throw new OptionError(
      `${engine.id}: option out must be left out, for its results are always new tensors, got ${names.join(", ")}.`,
    );
  }
  for (const name of names) {
    if (outputs.every((output) => output.name !== name)) {
      const known = outputs.map((output) => output.name).join(", ");
      throw new OptionError(`${loss}: option out must be for results of this call (${known}), got ${name}.`);
    }
  }
  const given = new Set<unknown>(Object.values(feeds));
  const used = Object.values(ready);
  return outputs.map(({ name, shape, dtype }) => {
    const tensor = out[name];
    if (tensor === undefined) return undefined;
    const where = `${loss}: option out for ${name}`;
    if (!engine.isTensor(tensor)) {
      throw new OptionError(`${where} must be a tensor of ${engine.id}, got something else. Make it with tensor().`);
    }
    // What was converted is not in use itself; it is refused all the same, whatever dtype it has.
    if (given.has(tensor) || used.some((other) => other === tensor || sharesMemory(other, tensor))) {
      throw new InputError(
        `${where} must be a tensor of its own, got one that is used in this call already.`,
        "INVALID_INPUT",
      );
    }
    used.push(tensor);
    const own = engine.describe(tensor);
    const wanted = bindShape(shape, sizes);
    if (!sameShape(own.shape, wanted)) {
      throw new ShapeError(`${where} must have shape ${formatShape(wanted)}, got ${formatShape(own.shape)}.`);
    }
    if (own.dtype !== dtype) throw new DTypeError(`${where} must be ${dtype}, got ${own.dtype}.`);
    return tensor;
  });
}
