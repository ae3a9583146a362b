import { normal, type Random } from "../random.js";

/** A trained matrix with its gradient and Adam's two moments. */
export interface Parameter {
  readonly rows: number;
  readonly columns: number;
  readonly value: Float32Array;
  readonly gradient: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** For tables of which a batch touches few rows: those rows; nothing else is updated. */
  readonly touched?: Set<number>;
}

export interface ParameterOptions {
  /** Standard deviation of the initial values. */
  readonly spread: number;
  readonly sparse?: boolean;
}

export function createParameter(
  rows: number,
  columns: number,
  random: Random,
  { spread, sparse = false }: ParameterOptions,
): Parameter {
  const size = rows * columns;
  const value = new Float32Array(size);
  if (spread > 0) for (let i = 0; i < size; i++) value[i] = spread * normal(random);
  const moments = { first: new Float32Array(size), second: new Float32Array(size) };
  const dense: Parameter = { rows, columns, value, gradient: new Float32Array(size), ...moments };
  return sparse ? { ...dense, touched: new Set() } : dense;
}

const decay = 0.9;
const secondDecay = 0.99;

/** One step of Adam at step number `step` (from 1), after which the gradients are 0 again. */
export function updateParameters(parameters: readonly Parameter[], step: number, learningRate: number): void {
  const correction = Math.sqrt(1 - secondDecay ** step) / (1 - decay ** step);
  for (const parameter of parameters) {
    const { touched, columns, value } = parameter;
    if (touched === undefined) updateRange(parameter, 0, value.length, learningRate * correction);
    else
      for (const row of touched) updateRange(parameter, row * columns, (row + 1) * columns, learningRate * correction);
    touched?.clear();
  }
}

function updateRange(
  { value, gradient, first, second }: Parameter,
  from: number,
  to: number,
  learningRate: number,
): void {
  for (let i = from; i < to; i++) {
    const slope = gradient[i] ?? 0;
    const mean = decay * (first[i] ?? 0) + (1 - decay) * slope;
    const square = secondDecay * (second[i] ?? 0) + (1 - secondDecay) * slope * slope;
    first[i] = mean;
    second[i] = square;
    value[i] = (value[i] ?? 0) - (learningRate * mean) / (Math.sqrt(square) + 1e-8);
    gradient[i] = 0;
  }
}
