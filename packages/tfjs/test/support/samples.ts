import { allInputs, type AnyDefinition, type AnyLoss, type InputDeclaration, type ShapedArray } from "@losses/core";

const letters: Readonly<Record<string, number>> = { N: 4, C: 3, D: 5 };

/** Inputs for any loss, made from what it declares. */
export function sampleInputs(loss: AnyLoss): Readonly<Record<string, ShapedArray>> {
  const { definition } = loss;
  const declared = allInputs(definition);
  return Object.fromEntries(
    givenNames(definition).map((name, i) => {
      const declaration = declared[name];
      if (declaration === undefined) throw new Error(`${loss.lossName} declares no ${name}`);
      return [name, sample(declaration, i)];
    }),
  );
}

function givenNames({ inputs, optionalInputs = {}, inputSets }: AnyDefinition): readonly string[] {
  const required = Object.keys(inputs);
  if (inputSets !== undefined) return [...required, ...(inputSets[0] ?? [])];
  return [...required, ...Object.keys(optionalInputs)];
}

function sample({ forms }: InputDeclaration, seed: number): ShapedArray {
  const [form] = forms;
  if (form === undefined) throw new Error("an input has no form");
  const shape = form.shape.flatMap((token) => {
    if (typeof token === "number") return [token];
    if (token.startsWith("...")) return [];
    if (token.startsWith("~")) return [4];
    return [letters[token.replace("?", "")] ?? 2];
  });
  const size = shape.reduce((product, dim) => product * dim, 1);
  const isIndex = form.holds.kind === "index";
  const data = Array.from({ length: size }, (_, i) => (isIndex ? (i + seed) % 3 : Math.sin(1 + i * 1.7 + seed) + 0.1));
  return { data: isIndex ? Int32Array.from(data) : Float32Array.from(data), shape };
}
