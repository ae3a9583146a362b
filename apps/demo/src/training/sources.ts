import type { ShapedArray } from "@losses/core";
import type { Forward } from "../model/layers.js";
import { addProduct, addTo, transpose } from "../model/matrix.js";
import type { Parameter } from "../model/parameter.js";

/** One input of a loss: its numbers, and where the gradient goes that the backend returns for it. */
export interface Source {
  readonly tensor: ShapedArray & { readonly data: Float32Array | Int32Array };
  /** Missing: no gradient is asked for. */
  readonly accept?: (gradient: Float32Array) => void;
}

/** Rows of numbers in the making: what has arrived of their gradient is summed up. */
export interface Slot {
  readonly rows: number;
  readonly columns: number;
  readonly value: Float32Array;
  readonly gradient: Float32Array;
}

export function createSlot(value: Float32Array, rows: number): Slot {
  return { rows, columns: value.length / rows, value, gradient: new Float32Array(value.length) };
}

/** All rows of a slot. */
export function whole(slot: Slot): Source {
  return {
    tensor: { data: slot.value, shape: [slot.rows, slot.columns] },
    accept: (gradient) => addTo(slot.gradient, gradient),
  };
}

/**
 * The slot's rows once for each shift, moved on by it with the batch taken as a ring: shift 0 is the matching row,
 * any other a mismatched one.
 */
export function rolled(slot: Slot, shifts: readonly number[]): Source {
  const { rows, columns, value } = slot;
  const data = new Float32Array(shifts.length * rows * columns);
  const origin = (row: number): number => ((row % rows) + (shifts[Math.floor(row / rows)] ?? 0)) % rows;
  const count = shifts.length * rows;
  for (let row = 0; row < count; row++) {
    const from = origin(row) * columns;
    data.set(value.subarray(from, from + columns), row * columns);
  }
  return {
    tensor: { data, shape: [count, columns] },
    accept: (gradient) => {
      const sums = slot.gradient;
      for (let row = 0; row < count; row++) {
        const to = origin(row) * columns;
        const from = row * columns;
        for (let j = 0; j < columns; j++) sums[to + j] = (sums[to + j] ?? 0) + (gradient[from + j] ?? 0);
      }
    },
  };
}

/** Sources of equal width below one another. */
export function stacked(sources: readonly Source[]): Source {
  const columns = sources[0]?.tensor.shape[1] ?? 0;
  const length = sources.reduce((sum, { tensor }) => sum + tensor.data.length, 0);
  const data = new Float32Array(length);
  let end = 0;
  const starts = sources.map(({ tensor }) => {
    const start = end;
    data.set(tensor.data, start);
    end += tensor.data.length;
    return start;
  });
  return {
    tensor: { data, shape: [length / columns, columns] },
    accept: (gradient) =>
      sources.forEach(({ tensor, accept }, i) => {
        const start = starts[i] ?? 0;
        accept?.(gradient.subarray(start, start + tensor.data.length));
      }),
  };
}

/** Scores of every image with every text, times `scale`, and below them those of every text with every image. */
export function scores(image: Slot, text: Slot, scale: number): Source {
  const { rows, columns } = image;
  const size = rows * rows;
  const sizes = { rows, inner: columns, columns: rows };
  const forth = new Float32Array(size);
  addProduct(forth, image.value, transpose(text.value, rows, columns), sizes);
  const data = new Float32Array(2 * size);
  addTo(data.subarray(0, size), forth, scale);
  addTo(data.subarray(size), transpose(forth, rows, rows), scale);
  return {
    tensor: { data, shape: [2 * rows, rows] },
    accept: (gradient) => {
      const both = gradient.slice(0, size);
      addTo(both, transpose(gradient.subarray(size), rows, rows));
      const scaled = both.map((g) => g * scale);
      const back = { rows, inner: rows, columns };
      addProduct(image.gradient, scaled, text.value, back);
      addProduct(text.gradient, scaled, image.value, back, true);
    },
  };
}

/** Something that layers made from a source: the gradient goes back through them. */
export function through(source: Source, rows: number, layers: (input: Float32Array) => Forward): Source {
  const forward = layers(Float32Array.from(source.tensor.data));
  return {
    tensor: { data: forward.output, shape: [rows, forward.output.length / rows] },
    accept: (gradient) => {
      const back = forward.backward(gradient);
      source.accept?.(back);
    },
  };
}

/** A trained matrix as an input of its own. */
export function trained(parameter: Parameter): Source {
  return {
    tensor: { data: parameter.value, shape: [parameter.rows, parameter.columns] },
    accept: (gradient) => addTo(parameter.gradient, gradient),
  };
}

/** A trained number as a scalar. */
export function scalar(parameter: Parameter): Source {
  return { ...trained(parameter), tensor: { data: parameter.value, shape: [] } };
}

/** The exponential of a trained number, as a scalar. */
export function exponential(parameter: Parameter): Source {
  const value = Math.exp(parameter.value[0] ?? 0);
  return {
    tensor: { data: Float32Array.of(value), shape: [] },
    accept: (gradient) => addTo(parameter.gradient, gradient, value),
  };
}

/** Numbers that are given: targets and labels. */
export function fixed(data: Float32Array | Int32Array, shape: readonly number[]): Source {
  return { tensor: { data, shape } };
}
