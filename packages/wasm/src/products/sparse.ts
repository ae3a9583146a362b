import { concat, type Bytes, type FunctionSource } from "../assembler/bytes.js";
import {
  call,
  clear,
  f32,
  f32x4,
  i32,
  leave,
  local,
  Locals,
  repeatWhile,
  v128,
  when,
} from "../assembler/instructions.js";

// Gradients of hardest negatives have a few elements per row that are not 0. A product with such a matrix adds up a few
// rows of the other one. It is as good as the full product if that other matrix is finite: 0·∞ and 0·NaN are NaN.

const get = local.get;

/** A matrix is sparse with less than one element in so many that is not 0. */
const sparseness = 32;

const parametersOf = (n: number): readonly "i32"[] => Array.from({ length: n }, () => "i32");

/** 1 if at most so many elements are not 0. Parameters: address, elements, limit. */
function isSparse(): FunctionSource {
  const parameters = parametersOf(3);
  const locals = new Locals(parameters);
  const [from, elements, limit] = [get(0), get(1), get(2)];
  const [end, found] = [locals.add("i32"), locals.add("i32")];
  const advance = (bytes: number): Bytes => local.set(0, i32.add(from, i32.const(bytes)));
  const isOther = f32x4.ne(v128.load(from), f32x4.const(0));
  // One bit for each lane that is not 0
  const bits = concat([isOther, [0xfd, 0xa4, 0x01]]);
  const countBits = concat([bits, [0x69]]);
  const tooMany = when(concat([get(found), limit, [0x4b]]), concat([i32.const(0), leave]));
  const body = concat([
    local.set(end, i32.add(from, i32.shl(i32.and(elements, i32.const(-4)), i32.const(2)))),
    repeatWhile(
      i32.lt(from, get(end)),
      concat([local.set(found, i32.add(get(found), countBits)), tooMany, advance(16)]),
    ),
    local.set(end, i32.add(get(end), i32.shl(i32.and(elements, i32.const(3)), i32.const(2)))),
    repeatWhile(
      i32.lt(from, get(end)),
      concat([local.set(found, i32.add(get(found), i32.eqz(f32.eq(f32.load(from), f32.const(0))))), advance(4)]),
    ),
    i32.le(get(found), limit),
  ]);
  return { parameters, results: ["i32"], locals: locals.types, body };
}

/** 1 if every element is finite. Parameters: address, elements. */
function isFinite(): FunctionSource {
  const parameters = parametersOf(2);
  const locals = new Locals(parameters);
  const [from, elements] = [get(0), get(1)];
  const [end, odd] = [locals.add("i32"), locals.add("v128")];
  const advance = (bytes: number): Bytes => local.set(0, i32.add(from, i32.const(bytes)));
  const look = (x: Bytes): Bytes => local.set(odd, v128.or(get(odd), f32x4.ne(f32x4.sub(x, x), f32x4.const(0))));
  const body = concat([
    local.set(end, i32.add(from, i32.shl(i32.and(elements, i32.const(-4)), i32.const(2)))),
    repeatWhile(i32.lt(from, get(end)), concat([look(v128.load(from)), advance(16)])),
    local.set(end, i32.add(get(end), i32.shl(i32.and(elements, i32.const(3)), i32.const(2)))),
    repeatWhile(i32.lt(from, get(end)), concat([look(v128.loadSplat(from)), advance(4)])),
    i32.eqz(v128.anyTrue(get(odd))),
  ]);
  return { parameters, results: ["i32"], locals: locals.types, body };
}

/** y += g·x. Parameters: y, x, where g is, bytes. */
function addRow(): FunctionSource {
  const parameters = parametersOf(4);
  const locals = new Locals(parameters);
  const [y, x, g, bytes] = [get(0), get(1), get(2), get(3)];
  const [factor, at] = [locals.add("v128"), locals.add("i32")];
  const [to, from] = [i32.add(y, get(at)), i32.add(x, get(at))];
  const advance = (step: number): Bytes => local.set(at, i32.add(get(at), i32.const(step)));
  const plus = (a: Bytes, b: Bytes): Bytes => f32x4.add(a, f32x4.mul(get(factor), b));
  const body = concat([
    local.set(factor, v128.loadSplat(g)),
    repeatWhile(
      i32.lt(get(at), i32.and(bytes, i32.const(-16))),
      concat([v128.store(to, plus(v128.load(to), v128.load(from))), advance(16)]),
    ),
    repeatWhile(
      i32.lt(get(at), bytes),
      concat([v128.storeLane(0, to, plus(v128.loadSplat(to), v128.loadSplat(from))), advance(4)]),
    ),
  ]);
  return { parameters, results: [], locals: locals.types, body };
}

/** C = A·B row by row of B. Parameters: A as it is in memory, its rows and columns there, B, C, columns of both, whether A is transposed. */
function sparseProduct(first: number): FunctionSource {
  const parameters = parametersOf(7);
  const locals = new Locals(parameters);
  const [a, rows, columns, b, c, width, isTransposed] = parameters.map((_, i) => get(i)) as [
    Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes,
  ]; // prettier-ignore
  const [row, column, bytes, outRows, end] = [0, 1, 2, 3, 4].map(() => locals.add("i32")) as [
    number, number, number, number, number,
  ]; // prettier-ignore
  const choose = (whenTransposed: Bytes, otherwise: Bytes): Bytes =>
    concat([whenTransposed, otherwise, isTransposed, [0x1b]]);
  const lineOf = (matrix: Bytes, index: Bytes): Bytes => i32.add(matrix, i32.mul(index, get(bytes)));
  const add = call(
    first + 2,
    lineOf(c, choose(get(column), get(row))),
    lineOf(b, choose(get(row), get(column))),
    a,
    get(bytes),
  );
  const step = (elements: number): Bytes =>
    concat([
      local.set(0, i32.add(a, i32.const(4 * elements))),
      local.set(column, i32.add(get(column), i32.const(elements))),
    ]);
  const one = concat([when(i32.eqz(f32.eq(f32.load(a), f32.const(0))), add), step(1)]);
  const anyOfFour = v128.anyTrue(f32x4.ne(v128.load(a), f32x4.const(0)));
  const isRoom = i32.le(i32.add(get(column), i32.const(4)), columns);
  const line = concat([
    local.set(column, i32.const(0)),
    repeatWhile(
      i32.lt(get(column), columns),
      // Four zeros are passed over at once.
      when(isRoom, when(anyOfFour, concat([one, one, one, one]), step(4)), one),
    ),
    local.set(row, i32.add(get(row), i32.const(1))),
  ]);
  const body = concat([
    local.set(bytes, i32.shl(width, i32.const(2))),
    local.set(outRows, choose(columns, rows)),
    clear(c, i32.mul(get(outRows), get(bytes))),
    local.set(row, i32.const(0)),
    local.set(end, rows),
    repeatWhile(i32.lt(get(row), get(end)), line),
  ]);
  return { parameters, results: [], locals: locals.types, body };
}

/**
 * The functions of a product that looks whether its left operand is sparse, the last of which is it. Parameters: those of
 * the full product, whose number is `full`, and from which row of C to which. `first`: the number of the first of these.
 */
export function productFunctions(first: number, full: number): readonly FunctionSource[] {
  const parameters = parametersOf(13);
  const locals = new Locals(parameters);
  const [a, aRows, aColumns, b, bRows, bColumns, c, m, n, k, buffer, from, to] = parameters.map((_, i) => get(i)) as [
    Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes,
  ]; // prettier-ignore
  const elements = locals.add("i32");
  const isTransposed = i32.and(i32.ne(aColumns, i32.const(4)), i32.eq(aRows, i32.const(4)));
  const limit = i32.div(get(elements), i32.const(sparseness));
  const rowByRow = i32.eq(bColumns, i32.const(4));
  const isWorthwhile = i32.and(i32.and(rowByRow, i32.eq(bRows, i32.shl(n, i32.const(2)))), i32.ge(n, i32.const(16)));
  const [ownA, ownC] = [i32.add(a, i32.mul(from, aRows)), i32.add(c, i32.shl(i32.mul(from, n), i32.const(2)))];
  const rows = i32.sub(to, from);
  // What is scattered over all rows of C is done with the first of them.
  const sparse = concat([
    when(
      isTransposed,
      when(i32.eqz(from), call(first + 3, a, k, m, b, c, n, i32.const(1))),
      call(first + 3, ownA, rows, k, b, ownC, n, i32.const(0)),
    ),
    leave,
  ]);
  const tryIt = when(call(first, a, get(elements), limit), when(call(first + 1, b, i32.mul(k, n)), sparse));
  const body = concat([
    local.set(elements, i32.mul(m, k)),
    when(isWorthwhile, tryIt),
    call(full, ownA, aRows, aColumns, b, bRows, bColumns, ownC, rows, n, k, buffer),
  ]);
  return [
    isSparse(),
    isFinite(),
    addRow(),
    sparseProduct(first),
    { parameters, results: [], locals: locals.types, body },
  ];
}
