import { checkArgument, isObject, plainFromText, plainToText, type Rule } from "@losses/core";
import { readHeap, type Heap } from "./machine/heap.js";
import { plainMachine, type Host, type Machine } from "./machine/plainMachine.js";
import { ownProgram, programRule, type HostStep, type Program } from "./program.js";

/** The format of saved programs: another one cannot be read. */
const savedFormat = 1;

type Recursive = Extract<HostStep, { kind: "recursion" }>;

type SavedStep = Exclude<HostStep, Recursive> | (Omit<Recursive, "body"> & { readonly body: Saved });

/** A program as plain data, its module in base 64. */
interface Saved extends Pick<Program, "numbers" | "blocks" | "inputs" | "outputs" | "stages"> {
  readonly module: string;
  readonly hostSteps: readonly SavedStep[];
}

/**
 * A program as a text, from which `loadProgram` makes it again. It is computed by one thread, and whole: what computes large products in
 * strips is compiled when their sizes are known.
 */
export function saveProgram(program: Program): string {
  checkArgument("saveProgram", "the program", program, programRule);
  return plainToText({ format: savedFormat, ...saved(program) });
}

function saved({ bytes, numbers, blocks, inputs, outputs, stages, hostSteps }: Program): Saved {
  const steps = hostSteps.map((step): SavedStep => {
    if (step.kind === "op") return step;
    const { carries, sequences, length, reverse } = step.recursion;
    return { ...step, recursion: { carries, sequences, length, reverse }, body: saved(step.body) };
  });
  return { module: toBase64(bytes(false)), numbers, blocks, inputs, outputs, stages, hostSteps: steps };
}

/** Whether a program has steps that `hostSteps` must do. */
export function needsHost(program: Program): boolean {
  checkArgument("needsHost", "the program", program, programRule);
  return program.hostSteps.length > 0;
}

/** A program that was saved, and what makes it ready to run in a heap. */
export interface LoadedProgram {
  readonly program: Program;
  /** Throws what the platform throws if it allows no new code. */
  readonly createMachine: (heap: Heap) => Machine;
}

const hostRule: Rule = {
  domain: "hostSteps",
  accepts: (value) => isObject(value) && typeof value["bindStep"] === "function",
};

/**
 * The program that was saved. What its text says is run: it must come from who may run code here.
 *
 * @param host - `hostSteps`, where `needsHost` said that the program needs them: bundles of others leave them out
 * @throws OptionError for a text that is none, or of another version
 */
export function loadProgram(text: string, host?: Host): LoadedProgram {
  const program = loaded(plainFromText("loadProgram", "the program", text, savedFormat) as unknown as Saved);
  if (host !== undefined || program.hostSteps.length > 0) checkArgument("loadProgram", "host", host, hostRule);
  return { program, createMachine: (heap) => plainMachine(program, readHeap("createMachine", heap), host) };
}

function loaded({ module, hostSteps, ...rest }: Saved): Program {
  const steps = hostSteps.map((step): HostStep => (step.kind === "op" ? step : { ...step, body: loaded(step.body) }));
  return ownProgram({
    ...rest,
    bytes: () => fromBase64(module),
    hostSteps: steps,
    works: undefined,
    strips: undefined,
  });
}

interface Platform {
  readonly atob: (text: string) => string;
  readonly btoa: (text: string) => string;
}

function toBase64(bytes: Uint8Array): string {
  return (globalThis as unknown as Platform).btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from((globalThis as unknown as Platform).atob(text), (letter) => letter.charCodeAt(0));
}
