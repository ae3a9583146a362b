/** Bytes of WebAssembly: instructions, or any other part of a module, in parts as deep as they were put together. */
export type Bytes = readonly (number | Bytes)[];

/** One after the other. They are copied once, when all is there: code is as deep as its loops and expressions. */
export function concat(parts: readonly Bytes[]): Bytes {
  return parts.filter(({ length }) => length > 0);
}

export function flatten(bytes: Bytes): readonly number[] {
  const flat: number[] = [];
  const add = (part: Bytes): void => {
    for (const item of part) {
      if (typeof item === "number") flat.push(item);
      else add(item);
    }
  };
  add(bytes);
  return flat;
}

/** An unsigned integer in LEB128. */
export function unsigned(value: number): readonly number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** A signed 32-bit integer in LEB128. */
export function signed(value: number): readonly number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

/** The four bytes of a float32. */
export function float32(value: number): readonly number[] {
  return [...new Uint8Array(Float32Array.of(value).buffer)];
}

/** The eight bytes of a float64. */
export function float64(value: number): readonly number[] {
  return [...new Uint8Array(Float64Array.of(value).buffer)];
}

/** The four bytes of an int32. */
export function int32(value: number): readonly number[] {
  return [...new Uint8Array(Int32Array.of(value).buffer)];
}

function vector(items: readonly Bytes[]): Bytes {
  return concat([unsigned(items.length), ...items]);
}

function section(id: number, content: Bytes): Bytes {
  const flat = flatten(content);
  return [id, unsigned(flat.length), flat];
}

function text(value: string): Bytes {
  return vector(Array.from(value, (letter) => [letter.charCodeAt(0)]));
}

/** The types of values: what locals, parameters and results are. */
export const types = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;

export type ValueType = keyof typeof types;

export interface FunctionSource {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** Locals after the parameters. */
  readonly locals: readonly ValueType[];
  readonly body: Bytes;
}

/** A function of a module. */
export interface FunctionCode {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** Its locals and its body. */
  readonly code: Uint8Array;
}

export function functionCode({ parameters, results, locals, body }: FunctionSource): FunctionCode {
  const code = Uint8Array.from(flatten([vector(locals.map((type) => [1, types[type]])), body, 0x0b]));
  return { parameters, results, code };
}

/** A function that JavaScript provides; calls number these first. */
export interface FunctionImport {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A module that works in a memory that is given to it, and exports its last function as `run`. */
export function moduleBytes(
  imports: readonly FunctionImport[],
  functions: readonly FunctionCode[],
  isMemoryShared: boolean,
): Uint8Array<ArrayBuffer> {
  const signature = ({ parameters, results }: FunctionImport | FunctionCode): Bytes =>
    concat([[0x60], vector(parameters.map((type) => [types[type]])), vector(results.map((type) => [types[type]]))]);
  const all = [...imports, ...functions];
  // A shared memory has a maximum; any up to 4 GiB fits this one.
  const limits = isMemoryShared ? [0x03, 0, ...unsigned(65536)] : [0x00, 0];
  const codes = functions.flatMap(({ code }) => [Uint8Array.from(unsigned(code.length)), code]);
  const count = unsigned(functions.length);
  const size = codes.reduce((sum, { length }) => sum + length, count.length);
  const head = flatten([
    [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, vector(all.map(signature))),
    section(
      2,
      vector([
        concat([text("host"), text("memory"), [0x02], limits]),
        ...imports.map(({ name }, i) => concat([text("host"), text(name), [0x00], unsigned(i)])),
      ]),
    ),
    section(3, vector(functions.map((_, i) => unsigned(imports.length + i)))),
    section(7, vector([concat([text("run"), [0x00], unsigned(all.length - 1)])])),
    10,
    unsigned(size),
    count,
  ]);
  const bytes = new Uint8Array(head.length + size - count.length);
  bytes.set(head);
  let at = head.length;
  for (const code of codes) {
    bytes.set(code, at);
    at += code.length;
  }
  return bytes;
}
