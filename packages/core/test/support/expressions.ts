import { customGradient, type OpName, type Tensor } from "../../src/index.js";
import type { Value } from "./interpreter.js";

export const x: Value = { shape: [2, 3], data: [0.7, -1.2, 0.4, 2.1, -0.3, 1.6] };
export const y: Value = { shape: [1, 3], data: [0.9, 1.7, 0.6] };

/** One expression or more for each differentiable op; away from kinks, where differences mean nothing. */
export const expressions: { readonly [K in OpName]?: readonly ((x: Tensor, y: Tensor) => Tensor)[] } = {
  add: [(a, b) => a.add(b).square(), (a) => a.add(2)],
  sub: [(a, b) => a.sub(b).square(), (a, b) => b.sub(a).square()],
  mul: [(a, b) => a.mul(b), (a) => a.mul(a)],
  div: [(a, b) => a.div(b), (a, b) => b.div(a)],
  pow: [(a, b) => a.abs().pow(b), (a) => a.pow(3), (a, b) => b.pow(a), (a) => a.pow(2)],
  maximum: [(a, b) => a.maximum(b).square()],
  minimum: [(a, b) => a.minimum(b).square()],
  neg: [(a, b) => a.neg().mul(b)],
  abs: [(a, b) => a.abs().mul(b)],
  exp: [(a, b) => a.exp().mul(b)],
  log: [(a, b) => b.log().mul(a)],
  sqrt: [(a, b) => b.sqrt().mul(a)],
  relu: [(a, b) => a.relu().mul(b)],
  sigmoid: [(a, b) => a.sigmoid().mul(b)],
  softplus: [(a, b) => a.softplus().mul(b), (a) => a.logSigmoid()],
  clampMin: [(a, b) => a.clampMin(0.1).mul(b)],
  clampMax: [(a, b) => a.clampMax(0.1).mul(b)],
  where: [(a, b) => a.greater(0).where(a.mul(b), b.square())],
  cast: [(a, b) => a.cast("float32").cast("float64").mul(b)],
  identity: [(a, b) => customGradient(a.mul(b), [a, b], (g) => [g.mul(b), g.mul(a)])],
  reduceSum: [
    (a, b) => a.sum(0).mul(b.squeeze(0)),
    (a, b) => a.sum(1, true).mul(b),
    (a) => a.sum().square(),
    (a) => a.mean(1),
  ],
  reduceMax: [(a, b) => a.amax(1, true).mul(b), (a) => a.amax().square(), (a, b) => a.max(0).mul(b.squeeze(0))],
  reduceMin: [(a, b) => a.amin(1, true).mul(b), (a, b) => a.min(-1, true).mul(b)],
  reduceLogSumExp: [(a, b) => a.logSumExp(1, true).mul(b), (a) => a.logSumExp(0).square()],
  softmax: [(a, b) => a.softmax(1).mul(b), (a, b) => a.softmax(0).mul(b)],
  logSoftmax: [(a, b) => a.logSoftmax(1).mul(b), (a) => a.logSoftmax(0).square()],
  matmul: [(a, b) => a.matmul(b.transpose()), (a) => a.matmul(a.transpose()).square()],
  transpose: [(a, b) => a.transpose().mul(b.transpose()), (a) => a.transpose([0, 1]).square()],
  unsqueeze: [(a, b) => a.unsqueeze([0, 2]).mul(b.unsqueeze(0).unsqueeze(1)).sum()],
  squeeze: [(a, b) => b.squeeze(0).mul(a.sum(0))],
  expand: [(a, b) => b.expand(a.shape).mul(a), (a, b) => b.squeeze(0).expand(a.shape).square()],
};
