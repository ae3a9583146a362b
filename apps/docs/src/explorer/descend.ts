import type { ExplorerInput } from "./plan.js";

/** One step down the gradient: every input that has one moves against it. Distributions stay distributions. */
export function descend(
  inputs: readonly ExplorerInput[],
  grads: Readonly<Record<string, readonly number[]>>,
  rate: number,
): readonly ExplorerInput[] {
  return inputs.map((input) => {
    const gradient = grads[input.name];
    if (gradient === undefined || input.shape.length === 0 || !moves(input)) return input;
    const moved = input.data.map((x, i) => x - rate * finite(gradient[i] ?? 0));
    return { ...input, data: normalised(input, moved) };
  });
}

/** What training changes: embeddings, logits and scores, but no targets. */
function moves({ role, name }: ExplorerInput): boolean {
  const isTarget = /^(target|labels?|weight)/i.test(name);
  return (
    !isTarget &&
    (role === "points" ||
      role === "columns" ||
      role === "logits" ||
      role === "logProbabilities" ||
      role === "numbers" ||
      role === "grid")
  );
}

const finite = (x: number): number => (Number.isFinite(x) ? Math.max(-10, Math.min(10, x)) : 0);

/** Rows of log-probabilities stay what they are called: log Σ exp is 0. */
export function normalised(
  { role, shape }: Pick<ExplorerInput, "role" | "shape">,
  data: readonly number[],
): readonly number[] {
  if (role !== "logProbabilities") return data;
  const classes = shape.at(-1) ?? 1;
  return data.map((x, i) => {
    const row = data.slice(i - (i % classes), i - (i % classes) + classes);
    const top = Math.max(...row);
    return x - top - Math.log(row.reduce((sum, y) => sum + Math.exp(y - top), 0));
  });
}

/** One share of a distribution set to a value; the others keep their proportions. */
export function withShare(shares: readonly number[], at: number, value: number): readonly number[] {
  const share = Math.min(0.999, Math.max(0.001, value));
  const others = shares.reduce((sum, x, i) => (i === at ? sum : sum + x), 0);
  return shares.map((x, i) =>
    i === at ? share : others > 0 ? (x / others) * (1 - share) : (1 - share) / (shares.length - 1),
  );
}
