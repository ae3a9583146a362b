import { checkArgument } from "@losses/core";
import { programRule, type Program } from "../program.js";
import { createStripMachine } from "../strips/machine.js";
import { readHeap, type Heap } from "./heap.js";
import { hostSteps } from "./hostSteps.js";
import { plainMachine, type Machine } from "./plainMachine.js";
import type { Team } from "./shares.js";

/**
 * Makes a program ready; throws what the platform throws if it allows no new code.
 *
 * @param team - the threads that do it with this one, where it was compiled with `shares`
 */
export function createMachine(program: Program, given: Heap, team?: Team): Machine {
  checkArgument("createMachine", "the program", program, programRule);
  const heap = readHeap("createMachine", given);
  const machine = plainMachine(program, heap, hostSteps, team);
  if (program.strips === undefined) return machine;
  const strips = createStripMachine(program.strips, heap, (body) => plainMachine(body, heap, hostSteps, team));
  return {
    start: machine.start,
    run: (sizes, addresses) => {
      if (!strips.run(sizes, addresses)) machine.run(sizes, addresses);
    },
    runLater: (sizes, addresses) => strips.runLater(sizes, addresses) ?? machine.runLater(sizes, addresses),
  };
}
