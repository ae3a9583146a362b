import { bindInputs, gradientOutput, interpret, traceLoss, type Graph } from "@losses/core";
import { analyze, type Feed } from "../analysis/analyze.js";
import { spanAt } from "../analysis/bounded.js";
import type { Contestant } from "./contestants.js";
import { programSpec, type Program } from "./program.js";
import { Random } from "./random.js";
import { ruleOf } from "./rules.js";
import type { Run } from "./runs.js";
import { prepareRun, refusalOf, type Failure, type Item } from "./truth.js";

/** The graph as it is traced, held to the simplified one: nowhere may what one can give exclude the other. */
export const simplified: Contestant = {
  name: "simplified",
  check: async (program, runs, figures) =>
    runs.flatMap((run) => {
      const item = prepareRun(program, run, "float64");
      if (item === undefined) return [];
      figures.runs += 1;
      const traced = trace(program, item, false);
      // What is refused only for the sake of something that nothing needs.
      if (refusalOf(traced, item.sizes) !== undefined) return [];
      const before = analyze(traced, feedsOf(item), item.sizes, "float64");
      return traced.outputs.flatMap(({ name }, o): readonly Failure[] => {
        const [left, right] = [before[o], item.truth.get(name)];
        if (left === undefined || right === undefined) return [{ kind: "output", message: `${name} is missing` }];
        if (left.shape.join() !== right.shape.join()) {
          return [{ kind: "shape", message: `${name}: [${left.shape.join(", ")}] became [${right.shape.join(", ")}]` }];
        }
        figures.elements += left.value.length;
        for (let i = 0; i < left.value.length; i++) {
          const [a, b] = [spanAt(left, i), spanAt(right, i)];
          if ((a.nan && b.nan) || Math.max(a.low, b.low) <= Math.min(a.high, b.high)) continue;
          const message = `${name}[${i}]: ${left.value[i]} (in [${a.low}, ${a.high}]) became ${right.value[i]} (${run.style})`;
          return [{ kind: name === "value" ? "value" : "gradient", message }];
        }
        return [];
      });
    }),
};

/** The gradient, held to the slope of the value along a random direction, where the value has one. */
export const gradient: Contestant = {
  name: "gradient",
  check: async (program, runs, figures) => {
    if (program.steps.some(({ rule }) => ruleOf(rule).hasOtherGradient)) return [];
    const ordinary = runs.filter(({ style }) => style === "normal" || style === "positive");
    return ordinary.flatMap((run) => {
      const item = prepareRun(program, run, "float64");
      if (item === undefined || item.wrt.length === 0) return [];
      figures.runs += 1;
      figures.elements += 1;
      return slopeFailures(item, run, trace(program, item, true));
    });
  },
};

/** The graph of a program on one run: the value alone, or all as it is written. */
function trace(program: Program, { dtype, wrt, run }: Item, isValue: boolean): Graph {
  const spec = programSpec(program);
  const given = Object.fromEntries(
    program.inputs.flatMap(({ name, kind }) => {
      const feed = run.feeds[name];
      return feed === undefined
        ? []
        : [[name, { shape: feed.shape, dtype: kind === "index" ? ("int32" as const) : dtype }]];
    }),
  );
  const binding = bindInputs(spec.loss.definition, given, spec.options);
  return traceLoss(spec, binding, { dtype, gradients: isValue ? [] : wrt, simplified: isValue });
}

function feedsOf({ run }: Item): Readonly<Record<string, Feed>> {
  return run.feeds;
}

/** What float64 loses in a difference of totals, relative to what is summed. */
const noise = 2 ** -48;

function slopeFailures(item: Item, run: Run, value: Graph): readonly Failure[] {
  const { wrt, truth, sizes } = item;
  const random = new Random(7);
  const way = new Map(wrt.map((name) => [name, (run.feeds[name]?.data ?? []).map(() => random.normal())]));
  const at = (h: number): readonly number[] => {
    const moved = Object.entries(run.feeds).map(([name, { shape, data }]) => {
      const direction = way.get(name);
      return [name, { shape, data: Float64Array.from(data, (x, i) => x + h * (direction?.[i] ?? 0)) }] as const;
    });
    const [result] = interpret(value, Object.fromEntries(moved), sizes);
    return [...(result?.data ?? [])];
  };
  const total = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0);
  const slope = total(
    wrt.flatMap((name) =>
      [...(truth.get(gradientOutput(name))?.value ?? [])].map((g, i) => g * (way.get(name)?.[i] ?? 0)),
    ),
  );
  const here = at(0);
  const steps = [1e-4, 1e-5];
  const seen = steps.flatMap((h) => [(total(at(h)) - total(here)) / h, (total(here) - total(at(-h))) / h]);
  const size = Math.max(...seen.map(Math.abs), 1e-2);
  const [nearest = 0] = seen.slice(-1);
  const lost = (noise * total(here.map(Math.abs))) / Math.min(...steps);
  // Where the slopes to both sides differ there is a kink or a jump, and no gradient to compare with.
  const isSmooth = seen.every((one) => Math.abs(one - nearest) < 1e-2 * size) && lost < 1e-3 * size;
  if (!isSmooth || Number.isNaN(slope) || Math.abs(slope - nearest) < 3e-2 * size) return [];
  const message = `the gradient along a direction is ${slope}, the slope ${seen.slice(-2).join(" and ")} (${run.style})`;
  return [{ kind: "slope", message }];
}
