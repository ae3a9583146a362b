import { compileProgram, createHeap, hostSteps, saveProgram, type Heap } from "@losses/wasm";
import type { Entries } from "../entries.js";
import { anyOf, empty, flag, fn, size, text } from "../takes.js";
import { anything } from "../walk.js";
import { graph, graphOpen, graphTakes } from "./graph.js";

const { program } = compileProgram(graph(), { relaxed: false });

const heap = (): Heap => ({ ...createHeap("mine") });

export const entries: Entries = {
  findFeatures: { args: () => [] },
  createHeap: {
    args: () => ["mine", { isShared: false, ceiling: 2 ** 20 }],
    takes: { "0": text, "1": empty, "1.isShared": flag, "1.ceiling": (value) => value === 2 ** 31 },
    once: true,
  },
  createTeam: {
    args: () => ["mine", 2, 1000, { ceiling: 2 ** 20 }],
    takes: {
      "0": text,
      "1": () => false,
      "2": (value) => typeof value === "number" && value >= 0,
      "3": empty,
      "3.ceiling": (value) => value === 2 ** 31,
    },
    once: true,
  },
  isMemory: { args: () => [createHeap("mine").memory], takes: { nothing: anything, "0": anything } },
  takeMemory: {
    args: () => [heap(), 64, "a tensor"],
    takes: { "0.id": text, "0.allocate": fn, "0.free": fn, "1": anyOf(size, (value) => value === 2 ** 31), "2": text },
    open: ["0"],
    calls: true,
  },
  whyNot: { args: () => [] },
  compileProgram: {
    args: () => [graph(), { relaxed: false }],
    takes: { ...graphTakes, "1.relaxed": flag },
    open: [...graphOpen, "1"],
  },
  hostSteps: "data",
  mostThreads: "data",
  saveProgram: { args: () => [program], whole: ["0"] },
  needsHost: { args: () => [program], whole: ["0"] },
  loadProgram: {
    args: () => [program === undefined ? "" : saveProgram(program), hostSteps],
    takes: { "1": (value) => value === undefined, "1.bindStep": fn },
    open: ["1"],
  },
  createMachine: {
    args: () => [program, heap()],
    takes: { "1.id": text, "1.allocate": fn, "1.free": fn },
    whole: ["0"],
    open: ["1"],
  },
};
