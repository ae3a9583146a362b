import { cut, isPlainObject, printValue, unreadable } from "../arguments.js";
import type { HostTensor } from "../backend.js";
import { InputError } from "../errors.js";
import { sizeCheck } from "../graph/sizeCheck.js";
import type { BoundInput } from "../loss/bind.js";
import type { InputDeclaration } from "../loss/inputs.js";
import { elementName, inputOf } from "../loss/lists.js";
import { Matcher } from "../loss/matcher.js";
import { signatureFormat, type Signature } from "../loss/symbolic/fixLoss.js";
import { plainFromText } from "../loss/symbolic/plainText.js";
import { inputDType } from "../loss/traceLoss.js";
import type { DimSizes } from "../tensor/dims.js";
import { checkedHost } from "./checks.js";
import { readPlain, type PlainArray } from "./host.js";

/** Feeds that were checked, and what the symbols of the graph stand for. */
export interface FixedFeeds {
  readonly tensors: Readonly<Record<string, HostTensor>>;
  readonly sizes: DimSizes;
}

/** A loss without the loss: what is known of it where it was traced before. */
export interface FixedReader {
  readonly name: string;
  /** Checks plain feeds as `compile` does, and gives them as the graph wants them. */
  readonly read: (feeds: unknown) => FixedFeeds;
}

/**
 * Reads the signature that `fixLoss` wrote.
 *
 * @throws OptionError for a text that is none, or of another version
 */
export function loadSignature(text: string): FixedReader {
  const signature = plainFromText("loadSignature", "the signature", text, signatureFormat) as unknown as Signature;
  const { name, inputs, graph } = signature;
  const check = graph && sizeCheck(graph);
  const read = (feeds: unknown): FixedFeeds => {
    const plain = readPlainFeeds(signature, feeds);
    const matcher = new Matcher(name);
    for (const input of inputs) {
      const given = plain.get(input.name);
      if (given !== undefined) matcher.match(input.name, declarationOf(input), given);
    }
    const sizes = matcher.sizes();
    check?.(sizes);
    const tensors = inputs.map((input) => [input.name, tensorOf(signature, input, plain, sizes)] as const);
    return { tensors: Object.fromEntries(tensors), sizes };
  };
  return { name, read };
}

function readPlainFeeds({ name: loss, inputs }: Signature, feeds: unknown): ReadonlyMap<string, PlainArray> {
  const plain = new Map<string, PlainArray>();
  const counts = new Map<string, number>();
  for (const { name } of inputs) counts.set(inputOf(name), (counts.get(inputOf(name)) ?? 0) + 1);
  try {
    const known = [...counts.keys()].join(", ");
    if (!isPlainObject(feeds)) {
      const message = `${loss}: inputs must be a plain object with ${known}, got ${printValue(feeds)}.`;
      throw new InputError(message, "MISSING_INPUT");
    }
    for (const input of Object.keys(feeds)) {
      const value: unknown = feeds[input];
      if (value === undefined) continue;
      const count = counts.get(input);
      if (count === undefined) {
        const message = `${loss}: inputs must be among ${known}, got the unknown input ${cut(input)}. The loss was written for these.`;
        throw new InputError(message, "UNKNOWN_INPUT");
      }
      if (inputs.some(({ name }) => name === input)) plain.set(input, readPlain(`${loss}: ${input}`, value));
      else if (Array.isArray(value) && value.length === count) {
        value.forEach((item: unknown, i) =>
          plain.set(elementName(input, i), readPlain(`${loss}: ${input}.${i}`, item)),
        );
      } else {
        const wanted = `a list of ${count} ${count === 1 ? "tensor" : "tensors"}`;
        throw new InputError(`${loss}: ${input} must be ${wanted}, got ${printValue(value)}.`, "INVALID_INPUT");
      }
    }
    const missing = inputs.filter(({ name }) => !plain.has(name)).map(({ name }) => inputOf(name));
    if (missing.length === 0) return plain;
    throw new InputError(
      `${loss}: inputs must be ${known}, got no ${[...new Set(missing)].join(", ")}.`,
      "MISSING_INPUT",
    );
  } catch (cause) {
    throw unreadable(loss, cause);
  }
}

/** An input as a declaration of exactly these axes. */
function declarationOf({ name, shape, holds, differentiable }: BoundInput): InputDeclaration {
  const pattern = shape.map((dim) => ({ type: "axis", dim }) as const);
  return { forms: [{ shape, pattern, holds }], differentiable, doc: name, isParameter: false, isList: false };
}

function tensorOf(
  loss: Signature,
  input: BoundInput,
  all: ReadonlyMap<string, PlainArray>,
  sizes: DimSizes,
): HostTensor {
  const given = all.get(input.name);
  if (given === undefined)
    throw new InputError(`${loss.name}: ${input.name} must be given, got none.`, "MISSING_INPUT");
  return checkedHost(loss, input, given, sizes, inputDType(input.holds, input.integral, "float32"));
}
