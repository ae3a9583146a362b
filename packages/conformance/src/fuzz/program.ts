import {
  defineLoss,
  float,
  isFloat,
  labels,
  LossesError,
  movedTo,
  OptionError,
  reduction,
  type DimToken,
  type InputDeclaration,
  type LossInputs,
  type LossSpec,
  type LossValue,
  type Reduction,
  type Tensor,
} from "@losses/core";
import { ruleOf } from "./rules.js";

/** A loss as plain data: inputs, some of them floats, and steps over them and over earlier steps. */
export interface Program {
  readonly inputs: readonly ProgramInput[];
  readonly steps: readonly Step[];
  /** The value that is reduced, and one that is reduced apart and added. Values are the inputs and then the steps. */
  readonly output: number;
  readonly term?: number;
  readonly reduction: Reduction;
}

export interface ProgramInput {
  readonly name: string;
  /** Letters, and sizes that never change. */
  readonly shape: readonly (string | number)[];
  readonly kind: "float" | "index";
  /** The letter of the axis that indices must fit in. */
  readonly below?: string;
  /** May be left out; the first input stands in for it. */
  readonly optional?: boolean;
}

/** One application of a rule. */
export interface Step {
  readonly rule: string;
  readonly operands: readonly Operand[];
  readonly params: readonly Param[];
}

/** An earlier value, by position, or a number. */
export type Operand = { readonly at: number } | { readonly number: number };

export type Param = number | boolean | string | readonly (number | string)[];

/** A program as a loss that any backend compiles. */
export function programSpec(program: Program): LossSpec {
  return specOf(program.inputs, program.reduction, (tensors) => evaluate(program, tensors));
}

/** A loss over inputs of a program. */
export function specOf(
  inputs: readonly ProgramInput[],
  kind: Reduction,
  value: (tensors: readonly Tensor[]) => LossValue,
): LossSpec {
  const letters = new Set(inputs.flatMap(({ shape }) => shape));
  const declared = (isOptional: boolean): Readonly<Record<string, InputDeclaration<"float" | "index">>> =>
    Object.fromEntries(
      inputs.filter((one) => (one.optional ?? false) === isOptional).map((one) => [one.name, declare(one, letters)]),
    );
  const loss = defineLoss<{ readonly reduction: Reduction }, LossInputs, LossInputs>({
    name: "program",
    inputs: declared(false),
    optionalInputs: declared(true),
    options: { reduction: reduction(kind) },
    value: (tensors) => {
      const given = tensors as Readonly<Record<string, Tensor | undefined>>;
      return value(inputs.map(({ name }) => present(given[name] ?? given[inputs[0]?.name ?? ""])));
    },
  });
  return loss();
}

/** Indices are of an axis as long as an input has it. */
function declare(
  { shape, kind, below }: ProgramInput,
  letters: ReadonlySet<DimToken>,
): InputDeclaration<"float" | "index"> {
  if (kind === "float") return float(shape, "");
  return labels(shape, "", below !== undefined && letters.has(below) ? { below } : {});
}

function evaluate({ steps, output, term }: Program, inputs: readonly Tensor[]): LossValue {
  const values = [...inputs];
  for (const step of steps) values.push(apply(step, values));
  const first = present(values[output]);
  return term === undefined ? first : { terms: [first, present(values[term])] };
}

/** What a step computes. */
export function apply({ rule, operands, params }: Step, values: readonly Tensor[]): Tensor {
  const [self, ...others] = operands.map((operand) => ("at" in operand ? present(values[operand.at]) : operand.number));
  if (self === undefined || typeof self === "number")
    throw new OptionError(`program: ${rule} must start from a tensor, got a number or nothing.`);
  return ruleOf(rule).apply(self, others, params, present(values.find(({ dtype }) => isFloat(dtype))).dtype);
}

function present(tensor: Tensor | undefined): Tensor {
  if (tensor === undefined)
    throw new OptionError("program: a step must come after the values that it reads, got one before.");
  return tensor;
}

/** What work gives, or undefined where the library refuses it. */
export function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof LossesError) return undefined;
    throw error;
  }
}

/** The positions that a step reads. */
export function reads({ operands }: Step): readonly number[] {
  return operands.flatMap((operand) => ("at" in operand ? [operand.at] : []));
}

/** The letters that a step names itself. */
function lettersOf({ params }: Step): readonly string[] {
  return params.flatMap((param) => (typeof param === "object" ? param.filter((one) => typeof one === "string") : []));
}

/** The same program with values read from elsewhere. */
export function redirected(program: Program, moved: (at: number) => number): Program {
  const operand = (one: Operand): Operand => ("at" in one ? { at: moved(one.at) } : one);
  return {
    ...program,
    steps: program.steps.map((step) => ({ ...step, operands: step.operands.map(operand) })),
    output: moved(program.output),
    ...(program.term === undefined ? {} : { term: moved(program.term) }),
  };
}

/**
 * Without the steps and inputs that nothing needs. The first input stays while it stands in for another or no other is a
 * float, and one that has a letter while steps or labels name it.
 */
export function pruned(program: Program): Program {
  const { inputs, steps, output, term } = program;
  const live = new Set([output, ...(term === undefined ? [] : [term])]);
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i];
    if (step !== undefined && live.has(inputs.length + i)) for (const at of reads(step)) live.add(at);
  }
  const isLive = (kind: (input: ProgramInput) => boolean): boolean => inputs.some((one, i) => live.has(i) && kind(one));
  if (isLive(({ optional }) => optional === true) || !isLive(({ kind }) => kind === "float")) live.add(0);
  const bounds = inputs.flatMap(({ below }, i) => (live.has(i) && below !== undefined ? [below] : []));
  const letters = steps.flatMap((step, i) => (live.has(inputs.length + i) ? lettersOf(step) : []));
  for (const letter of [...letters, ...bounds]) {
    const has = (i: number): boolean => inputs[i]?.shape.includes(letter) === true;
    const positions = [...inputs.keys()];
    const [found] = positions.some((i) => live.has(i) && has(i)) ? [] : positions.filter(has);
    if (found !== undefined) live.add(found);
  }
  const kept = [...inputs.keys(), ...[...steps.keys()].map((i) => inputs.length + i)].filter((at) => live.has(at));
  const positions = new Map(kept.map((at, position) => [at, position]));
  const left = {
    ...program,
    inputs: inputs.filter((_, i) => live.has(i)),
    steps: steps.filter((_, i) => live.has(inputs.length + i)),
  };
  return redirected(left, (at) => movedTo(positions, at));
}
