import { printValue } from "../arguments.js";
import { InputError } from "../errors.js";
import { isSize } from "../tensor/dims.js";
import type { AnyDefinition } from "./define.js";
import { allInputs } from "./definition.js";

// An input that is a list is one input for its user and several for a graph: `fake` is fed as `fake.0`, `fake.1`, …

const lists = new WeakMap<AnyDefinition, ReadonlySet<string>>();

/** The inputs of a loss that are lists. */
export function listsOf(definition: AnyDefinition): ReadonlySet<string> {
  const known = lists.get(definition);
  if (known !== undefined) return known;
  const all = allInputs(definition);
  const found = new Set(Object.keys(all).filter((name) => all[name]?.isList === true));
  lists.set(definition, found);
  return found;
}

export function elementName(list: string, index: number): string {
  if (typeof list === "string" && isSize(index)) return `${list}.${index}`;
  const got = `${printValue(list)} and ${printValue(index)}`;
  throw new InputError(`elementName: an element must be given by its list and its place, got ${got}.`, "INVALID_INPUT");
}

/** The input that a name belongs to: itself, or the list of which it is an element. */
export function inputOf(name: string): string {
  if (typeof name !== "string") {
    throw new InputError(`inputOf: the input must be given by its name, got ${printValue(name)}.`, "INVALID_INPUT");
  }
  const dot = name.indexOf(".");
  return dot < 0 ? name : name.slice(0, dot);
}

/** Elements as lists again; what is no element of a list stays as it is. */
export function regrouped<V>(
  definition: AnyDefinition,
  flat: Readonly<Record<string, V>>,
): Readonly<Record<string, V | readonly V[]>> {
  const found = listsOf(definition);
  if (found.size === 0) return flat;
  const grouped: Record<string, V | V[]> = {};
  const groups = new Map<string, V[]>();
  for (const [name, value] of Object.entries(flat)) {
    const input = inputOf(name);
    if (!found.has(input)) grouped[name] = value;
    else groups.set(input, [...(groups.get(input) ?? []), value]);
  }
  for (const [name, values] of groups) grouped[name] = values;
  return grouped;
}
