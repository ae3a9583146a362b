import { concat, type Bytes, type FunctionSource } from "../assembler/bytes.js";
import {
  call,
  clear,
  f32,
  f32x4,
  i32,
  i32x4,
  local,
  Locals,
  repeatWhile,
  smaller,
  v128,
  when,
} from "../assembler/instructions.js";
import type { Features } from "../platform.js";
import { multiplyAdd } from "../loops/writer.js";

// C = A·B in panels: A cut into 4 rows and B into 8 columns, each packed so that the inner loop reads both in order.

/** Elements along the shared axis that are worked on together. */
const depth = 256;
/** Rows of A that are packed together. */
const tall = 64;

/** Bytes that a product needs besides its operands: packed B, packed A, and one block of C. */
export const bufferBytes: { readonly each: number; readonly fixed: number } = {
  each: 4 * depth,
  fixed: 4 * depth * (tall + 8) + 128,
};

const get = local.get;

/** `for (counter = 0; counter < end; counter += step) body` */
function count(counter: number, end: Bytes, step: number, body: Bytes): Bytes {
  const turn = concat([body, local.set(counter, i32.add(get(counter), i32.const(step)))]);
  return concat([local.set(counter, i32.const(0)), repeatWhile(i32.lt(get(counter), end), turn)]);
}

const pointers = (n: number): readonly "i32"[] => Array.from({ length: n }, () => "i32");

/**
 * Packs four lines of k elements, element by element of all four; missing lines are 0.
 * Parameters: from, bytes between lines, bytes between elements, lines there are, k, to, bytes between results.
 */
function packFour(): FunctionSource {
  const parameters = pointers(7);
  const locals = new Locals(parameters);
  const [from, between, step, lines, k, to, apart] = [0, 1, 2, 3, 4, 5, 6].map(get) as [
    Bytes,
    Bytes,
    Bytes,
    Bytes,
    Bytes,
    Bytes,
    Bytes,
  ];
  const [i, line] = [locals.add("i32"), locals.add("i32")];
  const rows = [0, 1, 2, 3].map(() => locals.add("v128"));
  const advance = (elements: number): Bytes =>
    concat([
      local.set(0, i32.add(from, i32.mul(step, i32.const(elements)))),
      local.set(5, i32.add(to, i32.mul(apart, i32.const(elements)))),
    ]);
  const neighbours = count(i, k, 1, concat([v128.store(to, v128.load(from)), advance(1)]));
  const [a, b, c, d] = rows.map(get) as [Bytes, Bytes, Bytes, Bytes];
  const lineAt = (n: number): Bytes => i32.add(from, i32.mul(between, i32.const(n)));
  const resultAt = (n: number): Bytes => i32.add(to, i32.mul(apart, i32.const(n)));
  const mixed = [0, 1, 2, 3].map(() => locals.add("v128"));
  const [p, q, r, s] = mixed.map(get) as [Bytes, Bytes, Bytes, Bytes];
  const square = concat([
    ...rows.map((row, n) => local.set(row, v128.load(lineAt(n)))),
    local.set(mixed[0] ?? 0, v128.shuffle([0, 4, 1, 5], a, b)),
    local.set(mixed[1] ?? 0, v128.shuffle([2, 6, 3, 7], a, b)),
    local.set(mixed[2] ?? 0, v128.shuffle([0, 4, 1, 5], c, d)),
    local.set(mixed[3] ?? 0, v128.shuffle([2, 6, 3, 7], c, d)),
    v128.store(resultAt(0), v128.shuffle([0, 1, 4, 5], p, r)),
    v128.store(resultAt(1), v128.shuffle([2, 3, 6, 7], p, r)),
    v128.store(resultAt(2), v128.shuffle([0, 1, 4, 5], q, s)),
    v128.store(resultAt(3), v128.shuffle([2, 3, 6, 7], q, s)),
    advance(4),
  ]);
  const element = concat([
    v128.store(to, i32x4.const(0)),
    count(
      line,
      lines,
      1,
      f32.store(i32.add(to, i32.shl(get(line), i32.const(2))), f32.load(i32.add(from, i32.mul(get(line), between)))),
    ),
    advance(1),
  ]);
  const isFull = i32.eq(lines, i32.const(4));
  const inSquares = concat([
    count(i, i32.and(k, i32.const(-4)), 4, square),
    repeatWhile(i32.lt(get(i), k), concat([element, local.set(i, i32.add(get(i), i32.const(1)))])),
  ]);
  const oneByOne = count(i, k, 1, element);
  const body = when(
    i32.and(isFull, i32.eq(between, i32.const(4))),
    neighbours,
    when(i32.and(isFull, i32.eq(step, i32.const(4))), inSquares, oneByOne),
  );
  return { parameters, results: [], locals: locals.types, body };
}

/**
 * A block of 4×8 of C. Parameters: packed A, packed B, k, C, bytes between rows of C, whether to add to it.
 */
function block(features: Features): FunctionSource {
  const parameters = pointers(6);
  const locals = new Locals(parameters);
  const [a, b, k, c, between, isAdded] = [0, 1, 2, 3, 4, 5].map(get) as [Bytes, Bytes, Bytes, Bytes, Bytes, Bytes];
  const sums = [0, 1, 2, 3].map(() => [locals.add("v128"), locals.add("v128")] as const);
  const [left, right, splat, end] = [locals.add("v128"), locals.add("v128"), locals.add("v128"), locals.add("i32")];
  const addTo = (sum: number, x: Bytes, y: Bytes): Bytes => local.set(sum, multiplyAdd(features)(x, y, get(sum)));
  const turn = concat([
    local.set(left, v128.load(b)),
    local.set(right, v128.load(b, 16)),
    ...sums.flatMap(([low, high], row) => [
      local.set(splat, v128.loadSplat(a, 4 * row)),
      addTo(low, get(splat), get(left)),
      addTo(high, get(splat), get(right)),
    ]),
    local.set(0, i32.add(a, i32.const(16))),
    local.set(1, i32.add(b, i32.const(32))),
  ]);
  const row = ([low, high]: readonly [number, number]): Bytes =>
    concat([
      when(
        isAdded,
        concat([
          local.set(low, f32x4.add(v128.load(c), get(low))),
          local.set(high, f32x4.add(v128.load(c, 16), get(high))),
        ]),
      ),
      v128.store(c, get(low)),
      v128.store(c, get(high), 16),
      local.set(3, i32.add(c, between)),
    ]);
  const body = concat([
    local.set(end, i32.add(a, i32.shl(k, i32.const(4)))),
    repeatWhile(i32.lt(a, get(end)), turn),
    ...sums.map(row),
  ]);
  return { parameters, results: [], locals: locals.types, body };
}

/** Copies the part of a block that is inside C. Parameters: block, C, bytes between rows of C, rows, columns, whether to add. */
function edge(): FunctionSource {
  const parameters = pointers(6);
  const locals = new Locals(parameters);
  const [from, c, between, rows, columns, isAdded] = [0, 1, 2, 3, 4, 5].map(get) as [
    Bytes,
    Bytes,
    Bytes,
    Bytes,
    Bytes,
    Bytes,
  ];
  const [row, column, to] = [locals.add("i32"), locals.add("i32"), locals.add("i32")];
  const value = f32.load(i32.add(from, i32.shl(get(column), i32.const(2))));
  const body = count(
    row,
    rows,
    1,
    concat([
      count(
        column,
        columns,
        1,
        concat([
          local.set(to, i32.add(c, i32.shl(get(column), i32.const(2)))),
          when(isAdded, f32.store(get(to), f32.add(f32.load(get(to)), value)), f32.store(get(to), value)),
        ]),
      ),
      local.set(0, i32.add(from, i32.const(32))),
      local.set(1, i32.add(c, between)),
    ]),
  );
  return { parameters, results: [], locals: locals.types, body };
}

/**
 * The functions of a product, the last of which is it: A, bytes between its rows and columns, the same of B, C (row by
 * row), m, n, k, and a buffer. `first`: the number of the first of them.
 */
export function gemmFunctions(first: number, features: Features): readonly FunctionSource[] {
  const parameters = pointers(11);
  const locals = new Locals(parameters);
  const [a, aRows, aColumns, b, bRows, bColumns, c, m, n, k, buffer] = parameters.map((_, i) => get(i)) as [
    Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes,
  ]; // prettier-ignore
  const names = [
    "deep",
    "k0",
    "column",
    "row0",
    "row",
    "rows",
    "packed",
    "tile",
    "isAdded",
    "at",
    "to",
    "line",
  ] as const;
  const own = Object.fromEntries(names.map((name) => [name, locals.add("i32")])) as Record<
    (typeof names)[number],
    number
  >;
  const v = (name: (typeof names)[number]): Bytes => get(own[name]);
  const line = i32.shl(n, i32.const(2));
  const left = (all: Bytes, from: Bytes, most: number): Bytes => smaller(i32.sub(all, from), i32.const(most));
  const notNegative = (x: Bytes): Bytes => concat([x, i32.const(0), concat([x, i32.const(0), [0x4a]]), [0x1b]]);
  const lines = (all: Bytes, from: Bytes): Bytes => {
    // At most 4, at least 0
    const rest = i32.sub(all, from);
    return concat([notNegative(rest), i32.const(4), concat([rest, i32.const(4), [0x48]]), [0x1b]]);
  };
  const bAt = (extra: number): Bytes =>
    i32.add(i32.add(b, i32.mul(v("k0"), bRows)), i32.mul(i32.add(v("column"), i32.const(extra)), bColumns));
  const packedColumns = i32.add(buffer, i32.mul(i32.shl(v("column"), i32.const(2)), v("deep")));
  const packB = count(
    own.column,
    n,
    8,
    concat(
      [0, 4].map((extra) =>
        call(
          first,
          bAt(extra),
          bColumns,
          bRows,
          lines(n, i32.add(v("column"), i32.const(extra))),
          v("deep"),
          i32.add(packedColumns, i32.const(4 * extra)),
          i32.const(32),
        ),
      ),
    ),
  );
  const packedRow = i32.add(v("packed"), i32.mul(i32.shl(v("row"), i32.const(2)), v("deep")));
  const aAt = i32.add(i32.add(a, i32.mul(i32.add(v("row0"), v("row")), aRows)), i32.mul(v("k0"), aColumns));
  const packA = count(
    own.row,
    v("rows"),
    4,
    call(first, aAt, aRows, aColumns, lines(v("rows"), v("row")), v("deep"), packedRow, i32.const(16)),
  );
  const isInside = i32.and(
    i32.le(i32.add(v("row"), i32.const(4)), v("rows")),
    i32.le(i32.add(v("column"), i32.const(8)), n),
  );
  const multiply = (to: Bytes, between: Bytes, isAdded: Bytes): Bytes =>
    call(first + 1, packedRow, packedColumns, v("deep"), to, between, isAdded);
  const one = concat([
    local.set(
      own.to,
      i32.add(i32.add(c, i32.mul(i32.add(v("row0"), v("row")), v("line"))), i32.shl(v("column"), i32.const(2))),
    ),
    when(
      isInside,
      multiply(v("to"), v("line"), v("isAdded")),
      concat([
        multiply(v("tile"), i32.const(32), i32.const(0)),
        call(
          first + 2,
          v("tile"),
          v("to"),
          v("line"),
          lines(v("rows"), v("row")),
          left(n, v("column"), 8),
          v("isAdded"),
        ),
      ]),
    ),
  ]);
  const rowsOfC = concat([
    local.set(own.rows, left(m, v("row0"), tall)),
    packA,
    count(own.column, n, 8, count(own.row, v("rows"), 4, one)),
  ]);
  const columns = i32.and(i32.add(n, i32.const(7)), i32.const(-8));
  const body = concat([
    local.set(own.line, line),
    local.set(own.packed, i32.add(buffer, i32.mul(columns, i32.const(4 * depth)))),
    local.set(own.tile, i32.add(v("packed"), i32.const(4 * depth * tall))),
    // Without elements along the shared axis C is 0.
    when(i32.eqz(k), clear(c, i32.mul(i32.mul(m, n), i32.const(4)))),
    count(
      own.k0,
      k,
      depth,
      concat([
        local.set(own.deep, left(k, v("k0"), depth)),
        local.set(own.isAdded, i32.ne(v("k0"), i32.const(0))),
        packB,
        count(own.row0, m, tall, rowsOfC),
      ]),
    ),
  ]);
  return [packFour(), block(features), edge(), { parameters, results: [], locals: locals.types, body }];
}
