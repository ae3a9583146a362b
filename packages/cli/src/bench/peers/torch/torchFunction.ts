import type { LossSpec } from "@losses/core";
import { describeLoss } from "@losses/core/docs";

/** The function of `torch.nn.functional` that a loss is the equivalent of, by what is known of it. */
export function torchFunction({ loss }: LossSpec): string | undefined {
  return /^torch\.nn\.functional\.(\w+)$/.exec(describeLoss(loss.definition).pytorch ?? "")?.[1];
}

/** A call of PyTorch's: its function, what its parameters are called by our inputs, and the options that are not the default. */
export interface TorchCall {
  readonly function: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A loss as PyTorch is called, in the spelling of Python. Where it has no such parameter, or means something else, that is found out. */
export function torchCall(spec: LossSpec, inputs: readonly string[]): TorchCall {
  const name = torchFunction(spec);
  if (name === undefined) throw new RangeError(`torch.nn.functional has no ${spec.name}`);
  const initial = spec.loss({}).toJSON().options;
  const changed = Object.entries(spec.toJSON().options).filter(
    ([option, value]) => JSON.stringify(value) !== JSON.stringify(initial[option]),
  );
  return {
    function: name,
    inputs: Object.fromEntries(inputs.map((input) => [input, inPython(input)])),
    options: Object.fromEntries(changed.map(([option, value]) => [inPython(option), value])),
  };
}

/** `labelSmoothing` is `label_smoothing`. */
function inPython(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
