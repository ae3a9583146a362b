import type { Contestant } from "../../contestant.js";
import { kinds, type Part, type Problem } from "../../problems.js";
import { plainLosses, type Arrays } from "./losses.js";

/** A loss in plain JavaScript, one loop for each step, in new arrays. */
export function openJsPeer(problem: Problem, part: Part): Contestant {
  const inputs = kinds[problem.kind].inputs(problem.rows, problem.columns);
  const pick = (name: string): unknown => inputs[name]?.data;
  const arrays: Arrays = {
    floats: (name) => {
      const data = pick(name);
      if (data instanceof Float32Array) return data;
      throw new TypeError(`${name} must be floats.`);
    },
    labels: (name) => {
      const data = pick(name);
      if (data instanceof Int32Array) return data;
      throw new TypeError(`${name} must be integers.`);
    },
  };
  const loss = plainLosses[problem.kind];
  return {
    call: () => {
      loss(arrays, problem, part);
    },
    answer: async () => loss(arrays, problem, part),
    close: async () => undefined,
  };
}
