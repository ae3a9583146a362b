import type { ExplorerInput, ExplorerOption } from "./plan.js";

/** A number as one would type it, exact enough to give the same value again. */
export function typed(x: number): string {
  if (Number.isNaN(x)) return "NaN";
  return String(Number(x.toPrecision(7)));
}

function rows(shape: readonly number[], data: readonly number[], indent: string): string {
  if (shape.length === 0) return typed(data[0] ?? 0);
  if (shape.length === 1) return `[${data.map(typed).join(", ")}]`;
  const [first = 0, ...rest] = shape;
  const size = rest.reduce((product, dim) => product * dim, 1);
  const lines = Array.from({ length: first }, (_, i) =>
    rows(rest, data.slice(i * size, (i + 1) * size), `${indent}  `),
  );
  return `[${lines.join(", ")}]`;
}

/** A tensor as it is given: by itself, or as a list of one. */
function listed(tensor: string, isList: boolean): string {
  return isList ? `[${tensor}]` : tensor;
}

/** The options that differ from their defaults, as an argument of the loss. */
export function optionsArgument(options: readonly ExplorerOption[], initial: readonly ExplorerOption[]): string {
  const changed = options.filter(({ name, value }) => initial.find((one) => one.name === name)?.value !== value);
  const given = changed.map(
    ({ name, value }) => `${name}: ${typeof value === "string" ? `"${value}"` : String(value)}`,
  );
  return given.length === 0 ? "" : `{ ${given.join(", ")} }`;
}

/** The program that gives what an explorer shows. */
export function reproduce(
  loss: string,
  inputs: readonly ExplorerInput[],
  options: readonly ExplorerOption[],
  initial: readonly ExplorerOption[],
  value: readonly number[],
): string {
  const given = inputs
    .map(({ name, shape, data, isList }) => `  ${name}: ${listed(rows(shape, data, "  "), isList)},\n`)
    .join("");
  const printed =
    value.length === 1
      ? typed(Number((value[0] ?? 0).toPrecision(5)))
      : `[${value.map((x) => typed(Number(x.toPrecision(4)))).join(", ")}]`;
  return `import { ${loss} } from "@losses/core";
import { createBackend } from "@losses/js";

const backend = await createBackend();
const loss = await backend.compile(${loss}(${optionsArgument(options, initial)}));
const { value, grads } = await loss.valueAndGrad({
${given}});
console.log(value.data${value.length === 1 ? "[0]" : ""}); // ${printed}
`;
}

/** A program for the playground: a loss with its sample inputs. */
export function reproduceProgram(loss: string, inputs: readonly ExplorerInput[]): string {
  const given = inputs
    .map(
      ({ name, shape, data, isList }) =>
        `  ${name}: ${listed(
          rows(
            shape,
            data.map((x) => Number(x.toFixed(4))),
            "  ",
          ),
          isList,
        )},\n`,
    )
    .join("");
  return `import { ${loss} } from "@losses/core";

export const loss = ${loss}();

export const inputs = {
${given}};
`;
}
