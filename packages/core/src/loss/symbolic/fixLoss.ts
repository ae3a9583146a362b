import { printValue } from "../../arguments.js";
import { ShapeError } from "../../errors.js";
import type { Graph } from "../../graph/graph.js";
import { sizeCheck } from "../../graph/sizeCheck.js";
import type { BoundInput } from "../bind.js";
import type { LossSpec } from "../define.js";
import type { LossInputs } from "../inputTypes.js";
import { traceLoss } from "../traceLoss.js";
import { bindSymbols, type SymbolicLoss, type SymbolicRequest } from "./bindSymbols.js";
import type { ChosenInput } from "./chooseInputs.js";
import { plainToText } from "./plainText.js";

/** What reads feeds of a loss whose inputs are known but for their sizes, as plain data. */
export interface Signature {
  readonly name: string;
  /** The options that inputs depend on. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: readonly BoundInput[];
  /** What sizes are held to, where not every size will do. */
  readonly graph: Graph | undefined;
}

/** The format of signatures: another one cannot be read. */
export const signatureFormat = 1;

/** A loss whose inputs are known but for their sizes. */
export interface FixedLoss {
  /** What `loadSignature` reads feeds with. */
  readonly signature: string;
  readonly inputs: Readonly<Record<string, ChosenInput>>;
  /** The inputs whose gradients are outputs of `valueAndGrad`. */
  readonly gradients: readonly string[];
  readonly value: Graph;
  readonly valueAndGrad: Graph | undefined;
}

/**
 * Traces a loss for inputs that are not there yet, such that nothing of it is needed any more when they come.
 *
 * @param typed the loss with its options
 * @param asked the gradients that are wanted, and shapes or dtypes of single inputs
 * @throws InputError, ShapeError or DTypeError where what is asked does not fit the loss
 */
export function fixLoss<I extends LossInputs>(
  typed: LossSpec<I>,
  asked?: Omit<SymbolicRequest<I>, "dtype">,
): FixedLoss {
  const symbolic = bindSymbols(typed, asked as SymbolicRequest<I> | undefined);
  const spec: LossSpec = typed;
  checkOpenSizes(spec, symbolic);
  const { inputs, binding, gradients } = symbolic;
  const trace = (wanted: readonly string[]): Graph => traceLoss(spec, binding, { dtype: "float32", gradients: wanted });
  const value = trace([]);
  const valueAndGrad = gradients.length === 0 ? undefined : trace(gradients);
  // What is computed for gradients too has all the limits.
  const whole = valueAndGrad ?? value;
  const signature: Signature & { readonly format: number } = {
    format: signatureFormat,
    name: spec.name,
    options: optionsOf(spec, binding.inputs),
    inputs: binding.inputs,
    graph: sizeCheck(whole) === undefined ? undefined : whole,
  };
  return { signature: plainToText({ ...signature }), inputs, gradients, value, valueAndGrad };
}

/** A loss that checks sizes itself must know the sizes that it looks at. */
function checkOpenSizes({ name, loss, options }: LossSpec, { letters }: SymbolicLoss): void {
  const { checkSizes } = loss.definition;
  if (checkSizes === undefined) return;
  const read = new Set<string>();
  const sizes = new Proxy<Record<string, number>>(
    {},
    {
      get: (_, letter) => {
        const dim = letters[String(letter)];
        if (typeof dim === "string") read.add(String(letter));
        return typeof dim === "number" ? dim : undefined;
      },
    },
  );
  try {
    checkSizes(sizes, options as never);
  } catch (cause) {
    if (read.size === 0) throw cause;
  }
  for (const letter of read) {
    throw new ShapeError(
      `${name}: ${letter} must be a size, because its options depend on it, got the name ${printValue(letters[letter])}. Say it in shapes.`,
    );
  }
}

/** Options that the numbers which an input may hold depend on. */
function optionsOf({ options }: LossSpec, inputs: readonly BoundInput[]): Readonly<Record<string, unknown>> {
  const names = inputs.flatMap(({ holds }) => {
    if (holds.kind !== "index") return [];
    const bounds = [holds.below, holds.atMost].flatMap((bound) =>
      typeof bound === "object" && "option" in bound ? [bound.option] : [],
    );
    return typeof holds.except === "string" ? [...bounds, holds.except] : bounds;
  });
  return Object.fromEntries(names.map((name) => [name, options[name]]));
}
