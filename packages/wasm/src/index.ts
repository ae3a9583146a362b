export { takeMemory, type Heap } from "./heap.js";
export { createMachine, type Machine } from "./machine.js";
export { createHeap } from "./ownHeap.js";
export { findFeatures, isMemory, whyNot, type Features, type Memory } from "./platform.js";
export { compileProgram, type Block, type Port, type Program } from "./program.js";
