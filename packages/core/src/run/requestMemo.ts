import { printValue } from "../arguments.js";
import { InputError } from "../errors.js";
import { bindInputs, type Binding, type GivenInput } from "../loss/bind.js";
import type { LossSpec } from "../loss/define.js";
import { inputOf } from "../loss/lists.js";
import { sameShape } from "../tensor/dims.js";

/** Which gradients a call wants; `"all"`: every differentiable input that was given. */
export type WantedGradients = "none" | "all" | readonly string[];

/** Inputs that have been bound, and the gradients to give for them. */
export interface BoundRequest {
  readonly binding: Binding;
  readonly gradients: readonly string[];
  /** Tells it apart from every other request; the same string again for a request that is repeated. */
  readonly key: string;
}

type Types = Readonly<Record<string, GivenInput>>;

/** Binds the inputs of one loss. Most calls repeat the sizes of the call before, so the last binding is kept. */
export class RequestMemo {
  readonly #spec: LossSpec;
  readonly #prefix: string;
  #types: Types = {};
  #binding: Binding | undefined;
  readonly #requests = new Map<string, BoundRequest>();
  #last: { readonly wanted: WantedGradients; readonly parts: boolean; readonly request: BoundRequest } | undefined;

  /** `prefix`: tells the loss, and what it is computed in, apart from others. */
  constructor(spec: LossSpec, prefix: string) {
    this.#spec = spec;
    this.#prefix = prefix;
  }

  request(types: Types, wanted: WantedGradients, parts: boolean): BoundRequest {
    const binding = this.#bind(types);
    const last = this.#last;
    if (last !== undefined && last.parts === parts && sameGradients(last.wanted, wanted)) return last.request;
    const request = this.#requestFor(binding, wanted, parts);
    this.#last = { wanted: typeof wanted === "string" ? wanted : [...wanted], parts, request };
    return request;
  }

  #bind(types: Types): Binding {
    if (this.#binding !== undefined && sameTypes(types, this.#types)) return this.#binding;
    const binding = bindInputs(this.#spec.loss.definition, types, this.#spec.options);
    this.#binding = binding;
    this.#types = Object.fromEntries(
      Object.entries(types).map(([name, { shape, dtype }]) => [name, { shape: [...shape], dtype }]),
    );
    this.#requests.clear();
    this.#last = undefined;
    return binding;
  }

  #requestFor(binding: Binding, wanted: WantedGradients, parts: boolean): BoundRequest {
    const gradients = chooseGradients(this.#spec, binding, wanted);
    const name = `${gradients.join()}${parts ? " and parts" : ""}`;
    const known = this.#requests.get(name);
    if (known !== undefined) return known;
    const request: BoundRequest = { binding, gradients, key: `${this.#prefix} ${name} ${binding.key}` };
    this.#requests.set(name, request);
    return request;
  }
}

function sameGradients(a: WantedGradients, b: WantedGradients): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

function sameTypes(a: Types, b: Types): boolean {
  let count = 0;
  for (const name in a) {
    const [own, other] = [a[name], b[name]];
    if (own === undefined || other === undefined) return false;
    if (own.dtype !== other.dtype || !sameShape(own.shape, other.shape)) return false;
    count += 1;
  }
  for (const _ in b) count -= 1;
  return count === 0;
}

function chooseGradients(spec: LossSpec, binding: Binding, wanted: WantedGradients): readonly string[] {
  if (wanted === "none") return [];
  const possible = binding.inputs.filter((input) => input.differentiable).map((input) => input.name);
  if (wanted === "all") return possible;
  const inputs = [...new Set(possible.map(inputOf))];
  for (const name of wanted) {
    if (!inputs.includes(name)) {
      throw new InputError(
        `${spec.name}: wrt must name differentiable inputs that are given (${inputs.join(", ")}), got ${printValue(name)}.`,
        "INVALID_INPUT",
      );
    }
  }
  return possible.filter((name) => wanted.includes(inputOf(name)));
}
