import type { Tensor } from "@losses/core";
import { it } from "vitest";
import { check, type Dense } from "../check.js";
import { testDevice } from "../device.js";
import { trace } from "../traced.js";

/** A unit in the last place of float32, as the largest share of a number. */
const ulp = 2 ** -23;

const largest = 12;

/** WGSL lets exp be off by 3 + 2|x| units. */
const allowed = testDevice === "cpu" ? 4 : 4 + 3 + 2 * largest;

/** Numbers of every size down to where products underflow, of both signs, close together where functions bend. */
const points: Dense = {
  shape: [1200],
  data: Array.from({ length: 1200 }, (_, i) => {
    const size = i < 600 ? 10 ** (-30 + (i * 31) / 600) : ((i - 600) / 600) * largest;
    return Math.fround(i % 2 === 0 ? size : -size);
  }),
};

const functions: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  floor: (x) => x.floor(),
  expm1: (x) => x.expm1(),
  log1p: (x) => x.log1p(),
  tanh: (x) => x.tanh(),
  atan: (x) => x.atan(),
  erf: (x) => x.erf(),
};

for (const [name, of] of Object.entries(functions)) {
  it(`${name}: a few units in the last place, and its derivative`, async () => {
    const graph = trace({ x: { shape: ["N"] } }, ({ x }) => of(x as Tensor));
    await check(graph, { x: points }, { N: points.data.length }, { relative: allowed * ulp });
    const derivative = trace({ x: { shape: ["N"] } }, ({ x }) => of(x as Tensor), ["x"]);
    const near = points.data.filter((x) => Math.abs(x) < 5 && x > -0.99);
    await check(derivative, { x: { shape: [near.length], data: near } }, { N: near.length }, { slack: 5e-7 });
  });
}
