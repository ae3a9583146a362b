import { concat, float32, float64, int32, signed, unsigned, type Bytes, type ValueType } from "./bytes.js";

/** An instruction without immediates. */
export type Op = (...operands: readonly Bytes[]) => Bytes;
/** Reads memory at `address + offset`. */
export type Load = (address: Bytes, offset?: number) => Bytes;
/** Writes memory at `address + offset`. */
export type Store = (address: Bytes, value: Bytes, offset?: number) => Bytes;
/** Reads one lane. */
export type Lane = (index: number, ...operands: readonly Bytes[]) => Bytes;
/** The same number in every lane. */
export type Constant = (value: number) => Bytes;

type Ops<K extends string> = Readonly<Record<K, Op>>;

/** Instructions, and the operands that they take from the stack before them. */
function plain(...opcode: number[]): Op {
  return (...operands) => concat([...operands, opcode]);
}

function simd(opcode: number): Op {
  return plain(0xfd, ...unsigned(opcode));
}

/** An access to memory at `address + offset`. */
function memory(opcode: Bytes): Load {
  return (address, offset = 0) => concat([address, opcode, [0], unsigned(offset)]);
}

function store(opcode: Bytes): Store {
  return (address, value, offset = 0) => concat([address, value, opcode, [0], unsigned(offset)]);
}

/** The same number in every lane. */
function constant(lanes: number, bytesOf: (value: number) => Bytes): Constant {
  return (value) => {
    const one = bytesOf(value);
    return [0xfd, 0x0c, ...Array.from({ length: lanes }, () => one)];
  };
}

function lane(opcode: number): Lane {
  return (index, ...operands) => concat([...operands, [0xfd, ...unsigned(opcode), index]]);
}

export const i32: Ops<
  "eqz" | "eq" | "ne" | "lt" | "le" | "ge" | "add" | "sub" | "mul" | "div" | "and" | "shl" | "shr"
> & { readonly const: Constant; readonly load: Load; readonly store: Store } = {
  const: (value: number): Bytes => [0x41, ...signed(value)],
  load: memory([0x28]),
  store: store([0x36]),
  eqz: plain(0x45),
  eq: plain(0x46),
  ne: plain(0x47),
  lt: plain(0x49),
  le: plain(0x4d),
  ge: plain(0x4f),
  add: plain(0x6a),
  sub: plain(0x6b),
  mul: plain(0x6c),
  div: plain(0x6e),
  and: plain(0x71),
  shl: plain(0x74),
  shr: plain(0x76),
};

export const f32: Ops<"add" | "eq" | "demote"> & {
  readonly const: Constant;
  readonly load: Load;
  readonly store: Store;
} = {
  load: memory([0x2a]),
  store: store([0x38]),
  const: (value: number): Bytes => [0x43, ...float32(value)],
  add: plain(0x92),
  eq: plain(0x5b),
  demote: plain(0xb6),
};

export const f64: Ops<"add" | "promote"> & { readonly load: Load; readonly store: Store } = {
  load: memory([0x2b]),
  store: store([0x39]),
  add: plain(0xa0),
  promote: plain(0xbb),
};

export const v128: Ops<"not" | "and" | "or" | "select" | "anyTrue"> & {
  readonly load: Load;
  readonly loadSplat: Load;
  readonly store: Store;
  readonly loadLane: (index: number, address: Bytes, value: Bytes) => Bytes;
  readonly storeLane: (index: number, address: Bytes, value: Bytes, offset?: number) => Bytes;
  readonly ints: (...lanes: readonly [number, number, number, number]) => Bytes;
  /** Lanes 0-3 of the first operand, 4-7 of the second. */
  readonly shuffle: (lanes: readonly number[], a: Bytes, b: Bytes) => Bytes;
} = {
  load: memory([0xfd, 0x00]),
  loadSplat: memory([0xfd, 0x09]),
  store: store([0xfd, 0x0b]),
  loadLane: (index: number, address: Bytes, value: Bytes): Bytes => concat([address, value, [0xfd, 0x56, 0, 0, index]]),
  storeLane: (index: number, address: Bytes, value: Bytes, offset = 0): Bytes =>
    concat([address, value, [0xfd, 0x5a, 0], unsigned(offset), [index]]),
  ints: (...lanes: readonly [number, number, number, number]): Bytes => [0xfd, 0x0c, ...lanes.flatMap(int32)],
  /** Lanes 0-3 of the first operand, 4-7 of the second. */
  shuffle: (lanes: readonly number[], a: Bytes, b: Bytes): Bytes =>
    concat([a, b, [0xfd, 0x0d, ...lanes.flatMap((at) => [0, 1, 2, 3].map((byte) => 4 * at + byte))]]),
  not: simd(0x4d),
  and: simd(0x4e),
  or: simd(0x50),
  /** Bits of the first where the third is 1, else of the second. */
  select: simd(0x52),
  anyTrue: simd(0x53),
};

export const i32x4: Ops<
  | "splat"
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "abs"
  | "neg"
  | "shl"
  | "shr"
  | "add"
  | "sub"
  | "mul"
  | "min"
  | "max"
  | "truncate"
> & { readonly const: Constant } = {
  const: constant(4, int32),
  splat: simd(0x11),
  eq: simd(0x37),
  ne: simd(0x38),
  lt: simd(0x39),
  le: simd(0x3d),
  abs: simd(0xa0),
  neg: simd(0xa1),
  shl: simd(0xab),
  shr: simd(0xac),
  add: simd(0xae),
  sub: simd(0xb1),
  mul: simd(0xb5),
  min: simd(0xb6),
  max: simd(0xb8),
  truncate: simd(0xf8),
};

export const f32x4: Ops<
  | "splat"
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "floor"
  | "abs"
  | "neg"
  | "sqrt"
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "min"
  | "max"
  | "pmin"
  | "pmax"
  | "fromInt"
  | "demote"
> & {
  readonly const: Constant;
  readonly extract: Lane;
  readonly replace: (index: number, x: Bytes, value: Bytes) => Bytes;
  /** x·y + z, rounded once or twice: relaxed SIMD leaves it to the engine. */
  readonly madd: Op;
} = {
  const: constant(4, float32),
  splat: simd(0x13),
  extract: lane(0x1f),
  replace: (index: number, x: Bytes, value: Bytes): Bytes => concat([x, value, [0xfd, 0x20, index]]),
  eq: simd(0x41),
  ne: simd(0x42),
  lt: simd(0x43),
  le: simd(0x45),
  floor: simd(0x68),
  abs: simd(0xe0),
  neg: simd(0xe1),
  sqrt: simd(0xe3),
  add: simd(0xe4),
  sub: simd(0xe5),
  mul: simd(0xe6),
  div: simd(0xe7),
  min: simd(0xe8),
  max: simd(0xe9),
  /** The second operand where it is smaller, else the first: also where one is NaN. */
  pmin: simd(0xea),
  /** The second operand where it is larger, else the first: also where one is NaN. */
  pmax: simd(0xeb),
  fromInt: simd(0xfa),
  /** Two float64 as the lower half, zeros above. */
  demote: simd(0x5e),
  madd: simd(0x105),
};

export const f64x2: Ops<"add" | "sub" | "mul" | "div" | "pmin" | "pmax" | "nearest" | "promoteLow"> & {
  readonly const: Constant;
  readonly extract: Lane;
  readonly zero: Bytes;
} = {
  const: constant(2, float64),
  extract: lane(0x21),
  nearest: simd(0x94),
  add: simd(0xf0),
  sub: simd(0xf1),
  mul: simd(0xf2),
  div: simd(0xf3),
  pmin: simd(0xf6),
  pmax: simd(0xf7),
  promoteLow: simd(0x5f),
  zero: f32x4.const(0),
};

export const local: {
  readonly get: (index: number) => Bytes;
  readonly set: (index: number, value: Bytes) => Bytes;
} = {
  get: (index: number): Bytes => [0x20, ...unsigned(index)],
  set: (index: number, value: Bytes): Bytes => concat([value, [0x21], unsigned(index)]),
};

export function call(index: number, ...operands: readonly Bytes[]): Bytes {
  return concat([...operands, [0x10], unsigned(index)]);
}

/** The smaller of two unsigned integers, each of which is computed twice. */
export function smaller(a: Bytes, b: Bytes): Bytes {
  return concat([a, b, i32.lt(a, b), [0x1b]]);
}

/** Runs the body if the condition holds. */
export function when(condition: Bytes, body: Bytes, otherwise: Bytes = []): Bytes {
  const rest = otherwise.length === 0 ? [] : [[0x05], otherwise];
  return concat([condition, [0x04, 0x40], body, ...rest, [0x0b]]);
}

/** Repeats the body while the condition holds; it is looked at before each turn. */
export function repeatWhile(condition: Bytes, body: Bytes): Bytes {
  return when(condition, concat([[0x03, 0x40], body, condition, [0x0d, 0, 0x0b]]));
}

/** Returns from the function. */
export const leave: Bytes = [0x0f];

/** Fills memory with zeros: address, number of bytes. */
export function clear(address: Bytes, bytes: Bytes): Bytes {
  return concat([address, i32.const(0), bytes, [0xfc, 0x0b, 0]]);
}

/** Copies memory: to, from, number of bytes. */
export function copy(to: Bytes, from: Bytes, bytes: Bytes): Bytes {
  return concat([to, from, bytes, [0xfc, 0x0a, 0, 0]]);
}

/** The locals of a function that is being written. */
export class Locals {
  readonly parameters: readonly ValueType[];
  readonly types: ValueType[] = [];

  constructor(parameters: readonly ValueType[] = []) {
    this.parameters = parameters;
  }

  add(type: ValueType): number {
    this.types.push(type);
    return this.parameters.length + this.types.length - 1;
  }
}
