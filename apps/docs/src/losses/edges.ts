import { loadFixtures, type Fixture } from "@losses/conformance";

/** What a loss gives in a case that other implementations get wrong: a kink, a tie, nothing to average. */
export interface Edge {
  /** In words. */
  readonly title: string;
  readonly inputs: readonly string[];
  readonly options: string;
  readonly value: string;
  readonly gradients: readonly string[];
  readonly source: string;
}

/** What the names of cases mean, most telling first; the first that fits a case names it. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/boundary/, "Exactly at the kink"],
  [/swap-tie|ties?\b|-tie/, "A tie"],
  [/all-ignored/, "Every target is ignored"],
  [/zero-weights/, "All weights are 0"],
  [/all-equal|duplicates/, "Equal vectors"],
  [/zero-(vectors?|text|anchor|class|everything)|norm-below/, "A zero vector"],
  [/zero-target|zero-component/, "A zero in the target"],
  [/infinit/, "An infinite logarithm"],
  [/negative-target/, "Not a probability"],
  [/-?1e4|large|crossed-logits/, "Very large numbers"],
  [/empty/, "An empty batch"],
  [/(^|-)1x\d|single/, "A batch of one"],
  [/nan-in/, "NaN comes in"],
];

const most = 9;
const largest = 12;

/** The golden cases of every loss that are worth telling, by loss. */
export function readEdges(): ReadonlyMap<string, readonly Edge[]> {
  const byLoss = new Map<string, Fixture[]>();
  for (const fixture of loadFixtures()) {
    byLoss.set(fixture.loss, [...(byLoss.get(fixture.loss) ?? []), fixture]);
  }
  return new Map([...byLoss].map(([loss, fixtures]) => [loss, edgesOf(fixtures)]));
}

export function edgesOf(fixtures: readonly Fixture[]): readonly Edge[] {
  const edges = new Map<string, { readonly kind: string; readonly edge: Edge }>();
  const telling = fixtures.filter(({ note, inputs }) => note !== undefined && inputs.every(isSmall));
  const others = fixtures.filter((fixture) => fixture.note === undefined && fixture.inputs.every(isSmall));
  for (const fixture of [...telling, ...others].sort(byReduction)) {
    const { expected, id, note } = fixture;
    if ("error" in expected) continue;
    const kind = kinds.find(([pattern]) => pattern.test(id.slice(id.indexOf("/") + 1)))?.[1];
    const title = note === undefined ? kind : sentence(note);
    if (title === undefined || edges.has(title)) continue;
    // A case without a note tells nothing new beside one of its kind that has one.
    if (note === undefined && [...edges.values()].some((known) => known.kind === kind)) continue;
    edges.set(title, { kind: kind ?? title, edge: edgeOf(fixture, title) });
  }
  return [...edges.values()].map(({ edge }) => edge).slice(0, most);
}

function isSmall({ data }: Fixture["inputs"][number]): boolean {
  return data.length <= largest;
}

/** A case reduced to its default comes before the same case reduced otherwise; notes come first. */
function byReduction(a: Fixture, b: Fixture): number {
  const rank = ({ options, note }: Fixture): number =>
    (note === undefined ? 2 : 0) + (options["reduction"] === "none" ? 1 : 0);
  return rank(a) - rank(b);
}

function edgeOf({ inputs, options, expected, source = "" }: Fixture, title: string): Edge {
  if ("error" in expected) throw new Error(`${title}: an edge must have a value.`);
  const given = Object.entries(options).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return {
    title,
    inputs: inputs.map(({ name, shape, data }) => `${name} = ${printTensor(shape, data)}`),
    options: given.join(", "),
    value: printTensor(expected.value.shape, expected.value.data),
    gradients: Object.entries(expected.grads).map(
      ([name, { shape, data }]) => `∂${name} = ${printTensor(shape, data)}`,
    ),
    source,
  };
}

/** Nested brackets as one would type them. */
export function printTensor(shape: readonly number[], data: readonly number[]): string {
  if (shape.length === 0) return printNumber(data[0] ?? Number.NaN);
  const [first = 0, ...rest] = shape;
  const size = rest.reduce((product, dim) => product * dim, 1);
  if (first === 0 || size === 0) return `[] (${shape.join("×")})`;
  return `[${Array.from({ length: first }, (_, i) => printTensor(rest, data.slice(i * size, (i + 1) * size))).join(", ")}]`;
}

/** At most five digits that count; infinities and NaN by name. */
export function printNumber(x: number): string {
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const text = Math.abs(x) >= 1e5 || Math.abs(x) < 1e-4 ? x.toExponential(2) : String(Number(x.toPrecision(5)));
  return text.replace("e+", "e").replace(/^-/, "−");
}

function sentence(note: string): string {
  return `${note.charAt(0).toUpperCase()}${note.slice(1)}`;
}
