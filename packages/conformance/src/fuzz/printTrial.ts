import type { Operand, Param, Program, Step } from "./program.js";
import type { Trial } from "./shrink.js";

/** A program and its inputs for people: `t0 = x0.exp` and the numbers. */
export function printTrial({ program, runs }: Trial): string {
  const { inputs, steps, output, term, reduction } = program;
  const nameOf = (at: number): string => inputs[at]?.name ?? `t${at - inputs.length}`;
  const declared = inputs.map(({ name, shape, kind, below, optional }) => {
    const range = below === undefined ? "" : ` below ${below}`;
    return `  ${name}${optional === true ? "?" : ""}: ${kind}${range} [${shape.join(", ")}]`;
  });
  const results = term === undefined ? nameOf(output) : `${nameOf(output)} and ${nameOf(term)}`;
  const fed = runs.flatMap((run) =>
    inputs.flatMap(({ name }) => {
      const feed = run.feeds[name];
      return feed === undefined ? [] : [`  ${name} = [${feed.shape.join(", ")}] ${shortened(feed.data)}`];
    }),
  );
  return [
    ...declared,
    ...steps.map((step, i) => `  t${i} = ${call(step, nameOf)}`),
    `  return ${results}, reduction ${reduction}`,
    ...fed,
  ].join("\n");
}

/** The rules of a program's steps: what failures are told apart by. */
export function outline({ steps }: Program): string {
  return steps.map(({ rule }) => rule).join(" ");
}

function call({ rule, operands, params }: Step, nameOf: (at: number) => string): string {
  const show = (operand: Operand): string => ("at" in operand ? nameOf(operand.at) : String(operand.number));
  const [self, ...others] = operands.map(show);
  return `${self}.${rule}(${[...others, ...params.map(print)].join(", ")})`;
}

function print(param: Param): string {
  return typeof param === "object" ? `[${param.join(", ")}]` : String(param);
}

const shown = 60;

function shortened(data: readonly number[]): string {
  const more = data.length > shown ? [`… ${data.length - shown} more`] : [];
  return `{${[...data.slice(0, shown).map((x) => (Object.is(x, -0) ? "-0" : String(x))), ...more].join(", ")}}`;
}
