import { bindInputs, operandAt, traceLoss, type DimToken, type Tensor } from "@losses/core";
import {
  apply,
  pruned,
  specOf,
  unlessRefused,
  type Operand,
  type Program,
  type ProgramInput,
  type Step,
} from "./program.js";
import type { Random } from "./random.js";
import { rules, type Kind, type Rule } from "./rules.js";

/** The most axes that a value may have. */
const mostAxes = 5;

/** A random program: every step of it fits, for whatever sizes its letters stand. */
export function makeProgram(random: Random): Program {
  const letters = ["A", "B", "C", "D"].slice(0, 1 + random.below(4));
  const inputs = makeInputs(random, letters);
  const steps: Step[] = [];
  const used = [...new Set(inputs.flatMap(({ shape }) => shape).filter((dim) => typeof dim === "string"))];
  let end: Pick<Program, "output" | "term"> = { output: 0 };
  const kind = random.pick(["none", "mean", "sum"] as const);
  // Steps are drawn while a loss is traced, so that shapes are known and what does not fit is refused there.
  const spec = specOf(inputs, "none", (tensors) => {
    const values = [...tensors];
    addSteps(random, values, steps, used);
    const floats = [...values.keys()].filter((at) => isOf("float", values[at]));
    const output = floats.at(-1) ?? 0;
    const shapeOf = (at: number): string => String(values[at]?.shape);
    const alike = floats.filter((at) => kind !== "none" || shapeOf(at) === shapeOf(output));
    end = random.chance(0.2) ? { output, term: random.pick(alike) } : { output };
    return values[output] ?? raise();
  });
  const given = Object.fromEntries(
    inputs.map(({ name, shape, kind: holds }) => [
      name,
      {
        shape: shape.map((dim) => (typeof dim === "number" ? dim : 2)),
        dtype: holds === "float" ? ("float32" as const) : ("int32" as const),
      },
    ]),
  );
  traceLoss(spec, bindInputs(spec.loss.definition, given, spec.options), { dtype: "float32", gradients: [] });
  return pruned({ inputs, steps, ...end, reduction: kind });
}

function raise(): never {
  throw new RangeError("program: there must be a value to return.");
}

function makeInputs(random: Random, letters: readonly string[]): readonly ProgramInput[] {
  const dim = (): DimToken => (random.chance(0.2) ? random.pick([1, 1, 2, 3]) : random.pick(letters));
  const shape = (): readonly DimToken[] => Array.from({ length: random.pick([0, 1, 1, 2, 2, 2, 3, 4]) }, dim);
  const floats = Array.from({ length: 1 + random.below(4) }, (_, i): ProgramInput => ({
    name: `x${i}`,
    shape: shape(),
    kind: "float",
  }));
  const indices = random.chance(0.4) ? [makeLabels(random, floats)] : [];
  const [first] = floats;
  const optional = first !== undefined && random.chance(0.25) ? [{ ...first, name: "extra", optional: true }] : [];
  return [...floats, ...indices, ...optional];
}

/** Labels for the rows of an input; mostly indices of its last axis. */
function makeLabels(random: Random, floats: readonly ProgramInput[]): ProgramInput {
  const { shape } = random.pick(floats);
  const last = shape.at(-1);
  const isChecked = typeof last === "string" && random.chance(0.7);
  return { name: "labels", shape: shape.slice(0, -1), kind: "index", ...(isChecked ? { below: last } : {}) };
}

function addSteps(random: Random, values: Tensor[], steps: Step[], letters: readonly string[]): void {
  const all = [...rules];
  const total = all.reduce((sum, [, { weight = 1 }]) => sum + weight, 0);
  const wanted = 2 + random.below(14);
  for (let tries = 0; steps.length < wanted && tries < 30 * wanted; tries++) {
    let at = random.next() * total;
    const [name, rule] = all.find(([, { weight = 1 }]) => (at -= weight) < 0) ?? raise();
    const step = drawStep(random, name, rule, values, letters);
    const value = step && unlessRefused(() => apply(step, values));
    if (step === undefined || value === undefined || value.rank > mostAxes) continue;
    values.push(value);
    steps.push(step);
  }
}

/** A step on earlier values, which may turn out not to fit. */
function drawStep(
  random: Random,
  name: string,
  rule: Rule,
  values: readonly Tensor[],
  letters: readonly string[],
): Step | undefined {
  const [kind, ...others] = rule.operands;
  const first = drawValue(random, values, kind);
  if (first === undefined) return undefined;
  const self = operandAt(values, first);
  const operands: Operand[] = [{ at: first }];
  for (const wanted of others) {
    const numbers = rule.numbers?.filter((one) => self.dtype !== "int32" || Number.isInteger(one)) ?? [];
    if (numbers.length > 0 && random.chance(0.3)) operands.push({ number: random.pick(numbers) });
    else {
      const at = drawValue(random, values, wanted === "same" ? kindOf(self) : wanted);
      if (at === undefined) return undefined;
      operands.push({ at });
    }
  }
  // Two numbers to choose from would have no dtype.
  if (others.length > 1 && operands.slice(1).every((operand) => "number" in operand)) return undefined;
  const params = rule.draw === undefined ? [] : rule.draw(random, self, letters);
  return params && { rule: name, operands, params };
}

/** A value of a kind, more often a recent one. */
function drawValue(random: Random, values: readonly Tensor[], kind: Kind | "number" | "any"): number | undefined {
  const fitting = [...values.keys()].filter((at) => isOf(kind, values[at]));
  if (fitting.length === 0) return undefined;
  return random.chance(0.6) ? fitting[Math.max(0, fitting.length - 1 - random.below(3))] : random.pick(fitting);
}

function kindOf({ dtype }: Tensor): Kind {
  return dtype === "bool" || dtype === "int32" ? dtype : "float";
}

function isOf(kind: Kind | "number" | "any", tensor: Tensor | undefined): boolean {
  if (tensor === undefined) return false;
  const own = kindOf(tensor);
  return kind === "any" || kind === own || (kind === "number" && own !== "bool");
}
