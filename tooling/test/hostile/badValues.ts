/** A value that hardly any argument may be. Made anew for each call, for some are used up. */
export interface BadValue {
  readonly name: string;
  readonly make: () => unknown;
  /** True if looking at it throws. */
  readonly throws: boolean;
}

function refuse(): never {
  throw new Error("it refuses to be looked at");
}

const refusing: ProxyHandler<object> = {
  get: refuse,
  has: refuse,
  getPrototypeOf: refuse,
  ownKeys: refuse,
  getOwnPropertyDescriptor: refuse,
};

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function cyclicArray(): unknown {
  const array: unknown[] = [];
  array.push(array);
  return array;
}

function cyclicObject(): unknown {
  const object: Record<string, unknown> = {};
  object["self"] = object;
  return object;
}

function deep(depth: number): unknown {
  let array: unknown[] = [];
  for (let i = 0; i < depth; i++) array = [array];
  return array;
}

/** Rows that share rows: short to write, 2^30 numbers to read. */
function shared(): unknown {
  let array: unknown[] = [1, 1];
  for (let i = 1; i < 30; i++) array = [array, array];
  return array;
}

/** A list that has a length and nothing else. */
function holes(length: number): unknown[] {
  const list: unknown[] = [];
  list.length = length;
  return list;
}

function detached(): unknown {
  const view = new Float32Array(2);
  structuredClone(view, { transfer: [view.buffer] });
  return view;
}

class Lying extends Float32Array {
  override get length(): number {
    return 1_000_000;
  }
}

class Empty {}

const quiet: readonly (readonly [string, () => unknown])[] = [
  ["undefined", () => undefined],
  ["null", () => null],
  ["true", () => true],
  ["false", () => false],
  ["0", () => 0],
  ["1", () => 1],
  ["-1", () => -1],
  ["1.5", () => 1.5],
  ["NaN", () => Number.NaN],
  ["Infinity", () => Infinity],
  ["-Infinity", () => -Infinity],
  ["1e20", () => 1e20],
  ["2^53", () => 2 ** 53],
  ["2^31", () => 2 ** 31],
  ["1n", () => 1n],
  ["an empty text", () => ""],
  ["a text", () => "text"],
  ["a text with commas", () => "N,C"],
  ["a long text", () => "x".repeat(100_000)],
  ["the text __proto__", () => "__proto__"],
  ["the text constructor", () => "constructor"],
  ["the text toString", () => "toString"],
  ["a symbol", () => Symbol("s")],
  ["a function", () => () => undefined],
  ["an async function", () => async () => undefined],
  ["a class", () => Empty],
  ["an empty list", () => []],
  ["a list of null", () => [null]],
  ["a list of undefined", () => [undefined]],
  ["a list of a text", () => ["text"]],
  ["a list of an object", () => [{}]],
  ["a list of a symbol", () => [Symbol("s")]],
  ["a list of numbers", () => [1, 2]],
  ["a list of a huge number", () => [1e20]],
  ["a ragged list", () => [[1], [1, 2]]],
  ["a list of uneven depth", () => [1, [2]]],
  ["a list that holds itself", cyclicArray],
  ["a list 20,000 deep", () => deep(20_000)],
  ["lists that share rows", shared],
  ["a list of holes", () => holes(3)],
  ["a huge list of holes", () => holes(2 ** 32 - 1)],
  // Read place by place, it is refused; its iterator would have no end.
  [
    "a list of null that is not to be iterated",
    () => Object.defineProperty([null], Symbol.iterator, { value: refuse }),
  ],
  ["a frozen list", () => Object.freeze([1])],
  ["an empty object", () => ({})],
  ["a frozen object", () => Object.freeze({ b: 1 })],
  ["an object that holds itself", cyclicObject],
  ["an object without prototype", () => Object.assign(Object.create(null) as object, { b: 1 })],
  ["an object with an own __proto__", () => JSON.parse('{"__proto__":{"b":1}}') as unknown],
  ["an object that inherits", () => Object.create({ b: 1 }) as unknown],
  ["an object that does not tell its constructor", () => Object.defineProperty({}, "constructor", { get: refuse })],
  ["an instance of a class", () => new Empty()],
  ["a Date", () => new Date(0)],
  ["a RegExp", () => /x/],
  ["an Error", () => new Error("x")],
  ["a Map", () => new Map([["a", 1]])],
  ["a Set", () => new Set(["a"])],
  ["a WeakMap", () => new WeakMap()],
  ["a Promise", () => Promise.resolve(1)],
  // oxlint-disable-next-line unicorn/no-thenable -- what is waited for by mistake is what this is for
  ["a promise that never ends", () => ({ then: () => undefined })],
  ["an ArrayBuffer", () => new ArrayBuffer(8)],
  ["a SharedArrayBuffer", () => new SharedArrayBuffer(8)],
  ["a DataView", () => new DataView(new ArrayBuffer(8))],
  ["no bytes", () => new Uint8Array(0)],
  ["some bytes", () => Uint8Array.of(1, 2, 3)],
  ["a Float32Array", () => Float32Array.of(1, 2)],
  ["a BigUint64Array", () => BigUint64Array.of(1n)],
  ["a detached Float32Array", detached],
  ["a Float32Array that lies about its length", () => new Lying(2)],
  [
    "a Float32Array with a length of its own",
    () => Object.defineProperty(new Float32Array(2), "length", { value: 1e6 }),
  ],
  ["a generator", () => (function* () { yield 1; })()], // prettier-ignore
  ["a tensor that is none", () => ({ data: "abc", shape: 5 })],
  ["a tensor of texts", () => ({ data: ["a"], shape: [1] })],
  ["a tensor of holes", () => ({ data: holes(1), shape: [1] })],
  ["a tensor of null", () => ({ data: [null], shape: [1] })],
  ["a tensor of a negative size", () => ({ data: [], shape: [-1] })],
  ["a tensor of a huge size", () => ({ data: [], shape: [1e20, 0] })],
  ["a tensor of too many axes", () => ({ data: [1], shape: Array.from({ length: 1000 }, () => 1) })],
  ["a tensor of an unknown dtype", () => ({ data: [1], shape: [1], dtype: "toString" })],
  ["a signal that is none", () => ({ aborted: "no" })],
];

const throwing: readonly (readonly [string, () => unknown])[] = [
  ["a proxy that refuses everything", () => new Proxy({}, refusing)],
  ["a proxied list that refuses everything", () => new Proxy([], refusing)],
  ["a proxied function that refuses everything", () => new Proxy(() => undefined, refusing)],
  ["a revoked proxy", revoked],
  ["an object of which a getter throws", () => Object.defineProperty({}, "a", { get: refuse, enumerable: true })],
  ["a list of which a getter throws", () => Object.defineProperty([1], 0, { get: refuse })],
  [
    "a tensor of which a getter throws",
    () => Object.defineProperty({ shape: [1] }, "data", { get: refuse, enumerable: true }),
  ],
  [
    "an object that is no text",
    () => ({ toString: refuse, valueOf: refuse, [Symbol.toPrimitive]: refuse, toJSON: refuse }),
  ],
];

export const badValues: readonly BadValue[] = [
  ...quiet.map(([name, make]) => ({ name, make, throws: false })),
  ...throwing.map(([name, make]) => ({ name, make, throws: true })),
];
