import { addProduct, transpose } from "./matrix.js";
import type { Parameter } from "./parameter.js";

/** What a layer computed, and how a gradient at its result goes back through it. */
export interface Forward {
  readonly output: Float32Array;
  /** Adds the gradients of the layer's parameters, and returns that of its input. */
  readonly backward: (gradient: Float32Array) => Float32Array;
}

/** x · weight + bias for each of `rows` rows. `first` layers need no gradient of their input: it comes back empty. */
export function dense(
  input: Float32Array,
  rows: number,
  weight: Parameter,
  bias: Parameter,
  first: boolean = false,
): Forward {
  const { rows: inner, columns } = weight;
  const output = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) output.set(bias.value, i * columns);
  addProduct(output, input, weight.value, { rows, inner, columns });
  return {
    output,
    backward: (gradient) => {
      addProduct(weight.gradient, input, gradient, { rows: inner, inner: rows, columns }, true);
      for (let i = 0; i < gradient.length; i++) {
        const j = i % columns;
        bias.gradient[j] = (bias.gradient[j] ?? 0) + (gradient[i] ?? 0);
      }
      if (first) return new Float32Array(0);
      const back = new Float32Array(rows * inner);
      const across = transpose(weight.value, inner, columns);
      addProduct(back, gradient, across, { rows, inner: columns, columns: inner });
      return back;
    },
  };
}

export function relu(input: Float32Array): Forward {
  return {
    output: input.map((x) => Math.max(0, x)),
    backward: (gradient) => gradient.map((g, i) => ((input[i] ?? 0) > 0 ? g : 0)),
  };
}

/** Sums of the table's rows that each bag names, divided by the square root of their number. */
export function embeddingBag(table: Parameter, bags: readonly Int32Array[]): Forward {
  const { columns, value, gradient: sums, touched } = table;
  const output = new Float32Array(bags.length * columns);
  bags.forEach((bag, i) => {
    const scale = 1 / Math.sqrt(Math.max(1, bag.length));
    for (const row of bag) addRow(output, i * columns, value, row * columns, columns, scale);
  });
  return {
    output,
    backward: (gradient) => {
      bags.forEach((bag, i) => {
        const scale = 1 / Math.sqrt(Math.max(1, bag.length));
        for (const row of bag) {
          touched?.add(row);
          addRow(sums, row * columns, gradient, i * columns, columns, scale);
        }
      });
      return new Float32Array(0);
    },
  };
}

function addRow(
  target: Float32Array,
  to: number,
  source: Float32Array,
  from: number,
  count: number,
  scale: number,
): void {
  for (let j = 0; j < count; j++) target[to + j] = (target[to + j] ?? 0) + scale * (source[from + j] ?? 0);
}

/** Each row divided by its length. With y = x/|x|: dx = (g - (g·y) y) / |x|. */
export function normalizeRows(input: Float32Array, columns: number): Forward {
  const rows = input.length / columns;
  const output = new Float32Array(input.length);
  const lengths = new Float32Array(rows);
  for (let i = 0; i < rows; i++) {
    const row = input.subarray(i * columns, (i + 1) * columns);
    const length = Math.max(1e-8, Math.sqrt(row.reduce((sum, x) => sum + x * x, 0)));
    lengths[i] = length;
    output.set(
      row.map((x) => x / length),
      i * columns,
    );
  }
  return {
    output,
    backward: (gradient) => {
      const back = new Float32Array(input.length);
      for (let i = 0; i < rows; i++) {
        let along = 0;
        for (let j = i * columns; j < (i + 1) * columns; j++) along += (gradient[j] ?? 0) * (output[j] ?? 0);
        for (let j = i * columns; j < (i + 1) * columns; j++) {
          back[j] = ((gradient[j] ?? 0) - along * (output[j] ?? 0)) / (lengths[i] ?? 1);
        }
      }
      return back;
    },
  };
}

/** x - log Σ exp x in each row. Its derivative: dx = g - softmax(x) Σ g. */
export function logSoftmaxRows(input: Float32Array, columns: number): Forward {
  const output = new Float32Array(input.length);
  for (let start = 0; start < input.length; start += columns) {
    const row = input.subarray(start, start + columns);
    const largest = row.reduce((most, x) => Math.max(most, x), -Infinity);
    const total = Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0)) + largest;
    output.set(
      row.map((x) => x - total),
      start,
    );
  }
  return {
    output,
    backward: (gradient) => {
      const back = new Float32Array(input.length);
      for (let start = 0; start < input.length; start += columns) {
        const total = gradient.subarray(start, start + columns).reduce((sum, g) => sum + g, 0);
        for (let j = start; j < start + columns; j++) {
          back[j] = (gradient[j] ?? 0) - Math.exp(output[j] ?? 0) * total;
        }
      }
      return back;
    },
  };
}

/** Layers one after the other: the gradient goes back through them in reverse. */
export function sequence(input: Float32Array, layers: readonly ((input: Float32Array) => Forward)[]): Forward {
  const passed: Forward[] = [];
  let output = input;
  for (const layer of layers) {
    const forward = layer(output);
    passed.unshift(forward);
    output = forward.output;
  }
  return { output, backward: (gradient) => passed.reduce((back, forward) => forward.backward(back), gradient) };
}
