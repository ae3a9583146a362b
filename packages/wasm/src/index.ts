export { takeMemory, type Heap } from "./machine/heap.js";
export { createMachine } from "./machine/machine.js";
export type { Machine } from "./machine/plainMachine.js";
export { createHeap, type HeapOptions } from "./machine/ownHeap.js";
export type { Job, Run, ShareLimits, SharedModule, SharePlan, ShareStep, Team } from "./machine/shares.js";
export { createTeam, type ThreadTeam } from "./machine/team.js";
export { findFeatures, isMemory, whyNot, type Features, type Memory } from "./platform.js";
export { compileProgram, type Compilation } from "./compileProgram.js";
export type { Block, Port, Program } from "./program.js";
