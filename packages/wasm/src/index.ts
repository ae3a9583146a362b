export { takeMemory, type Heap } from "./machine/heap.js";
export { createMachine, type Machine } from "./machine/machine.js";
export { createHeap, type HeapOptions } from "./machine/ownHeap.js";
export type { Job, Run, ShareLimits, SharedModule, SharePlan, ShareStep, Team } from "./machine/shares.js";
export { createTeam, mostThreads, type ThreadTeam } from "./machine/team.js";
export { findFeatures, isMemory, whyNot, type Features, type Memory } from "./platform.js";
export { compileProgram, type Block, type Compilation, type Port, type Program } from "./program.js";
