import type { CompressionCodec, DecodedArray, PageHeader } from "hyparquet";
import { DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import { readDataPage, readDataPageV2 } from "hyparquet/src/datapage.js";
import { readPlain } from "hyparquet/src/plain.js";
import { elementBytes } from "../../elements.js";
import { malformed, unsupported } from "../../fileError.js";
import { maxPageBytes, maxPageValues } from "../../limits.js";
import { checkRuns } from "./checkRuns.js";
import { decompress } from "./decompress.js";
import { guarded, integerOf } from "./guarded.js";
import type { Column } from "./metadata.js";

type ColumnDecoder = Parameters<typeof readDataPage>[2];

/** The values of a page, and where lists begin among them (0) or go on (1); without lists, no such marks. */
export interface Page {
  readonly values: DecodedArray;
  readonly repetition: readonly number[];
}

/** The levels and the values of a data page, still written as they are in the file. */
interface Content {
  readonly count: number;
  readonly encoding: string;
  /** Levels, then values; both unpacked. */
  readonly bytes: Uint8Array;
  /** Where the values begin. */
  readonly start: number;
}

/** Reads the values of a dictionary page. */
export function readDictionary(
  column: Column,
  codec: CompressionCodec,
  header: PageHeader,
  packed: Uint8Array,
): DecodedArray {
  const { name, element } = column;
  const count = countOf(name, header.dictionary_page_header?.num_values);
  const bytes = unpack(name, codec, packed, integerOf(header.uncompressed_page_size));
  checkPlain(column, bytes.length, count);
  return guarded(name, () => readPlain(readerOf(bytes), element.type ?? "FLOAT", count, element.type_length));
}

/** Reads the values of a data page, all of which must be there. */
export function readValues(
  column: Column,
  codec: CompressionCodec,
  header: PageHeader,
  packed: Uint8Array,
  dictionary: DecodedArray | undefined,
): Page {
  const { name } = column;
  const content =
    header.type === "DATA_PAGE" ? contentOf(column, codec, header, packed) : contentOfV2(column, codec, header, packed);
  checkValues(column, content);
  const page = guarded(name, () => decode(column, header, content));
  if (page.definitionLevels?.some((level) => level !== column.maxDefinition) === true) {
    throw unsupported(`${name}: every value must be there, got a missing one (null) or an empty list.`);
  }
  const values = content.encoding.endsWith("_DICTIONARY") ? look(name, page.dataPage, dictionary) : page.dataPage;
  const marks = column.isList ? page.repetitionLevels : [];
  if (values.length !== content.count || (column.isList && marks.length !== values.length)) {
    throw malformed(`${name}: a page must have the ${content.count} values that it says, got ${values.length}.`);
  }
  return { values, repetition: marks };
}

function contentOf(column: Column, codec: CompressionCodec, header: PageHeader, packed: Uint8Array): Content {
  const { name } = column;
  const page = header.data_page_header;
  const count = countOf(name, page?.num_values);
  const bytes = unpack(name, codec, packed, integerOf(header.uncompressed_page_size));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let start = 0;
  for (const width of [column.isList ? 1 : 0, bitWidth(column.maxDefinition)]) {
    if (width === 0) continue;
    if (start + 4 > bytes.length) throw malformed(`${name}: the levels of a page must be complete, got its end.`);
    const end = start + 4 + view.getUint32(start, true);
    if (end > bytes.length || checkRuns(name, bytes, start + 4, width, count) > end) {
      throw malformed(`${name}: the levels of a page must lie within it, got its end.`);
    }
    start = end;
  }
  return { count, encoding: String(page?.encoding), bytes, start };
}

function contentOfV2(column: Column, codec: CompressionCodec, header: PageHeader, packed: Uint8Array): Content {
  const { name } = column;
  const page = header.data_page_header_v2;
  const count = countOf(name, page?.num_values);
  const repetition = integerOf(page?.repetition_levels_byte_length);
  const definition = integerOf(page?.definition_levels_byte_length);
  const whole = integerOf(header.uncompressed_page_size);
  const start = repetition + definition;
  if (!(repetition >= 0 && definition >= 0 && start <= packed.length && start <= whole)) {
    throw malformed(`${name}: the levels of a page must lie within it, got its end.`);
  }
  if (page?.num_nulls !== 0) throw unsupported(`${name}: every value must be there, got a missing one (null).`);
  if (column.isList) checkRuns(name, packed.subarray(0, repetition), 0, 1, count);
  if (column.maxDefinition > 0)
    checkRuns(name, packed.subarray(0, start), repetition, bitWidth(column.maxDefinition), count);
  const size = whole - start;
  const isPacked = page.is_compressed !== false && size > 0;
  const values = unpack(name, isPacked ? codec : "UNCOMPRESSED", packed.subarray(start), size);
  return { count, encoding: String(page.encoding), bytes: Buffer.concat([packed.subarray(0, start), values]), start };
}

function decode(
  column: Column,
  header: PageHeader,
  { bytes, start }: Content,
): { definitionLevels: number[] | undefined; repetitionLevels: number[]; dataPage: DecodedArray } {
  const decoder: ColumnDecoder = {
    pathInSchema: column.path.slice(1).map(({ element }) => element.name),
    element: column.element,
    type: column.element.type ?? "FLOAT",
    schemaPath: [...column.path],
    codec: "UNCOMPRESSED",
    parsers: DEFAULT_PARSERS,
  };
  const own = new Uint8Array(bytes);
  if (header.data_page_header !== undefined && header.type === "DATA_PAGE") {
    return readDataPage(own, header.data_page_header, decoder);
  }
  const unpacked = { ...header, compressed_page_size: own.length, uncompressed_page_size: own.length };
  if (header.data_page_header_v2 === undefined || start > own.length) throw new Error("the page has no header");
  return readDataPageV2(
    own,
    { ...unpacked, data_page_header_v2: { ...header.data_page_header_v2, is_compressed: false } },
    decoder,
  );
}

/** Refuses values whose number their bytes do not bear out. */
function checkValues(column: Column, { count, encoding, bytes, start }: Content): void {
  const { name } = column;
  const size = bytes.length - start;
  switch (encoding) {
    case "PLAIN":
    case "BYTE_STREAM_SPLIT":
      return checkPlain(column, size, count);
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY": {
      const width = bytes[start] ?? 255;
      if (width > 32) throw malformed(`${name}: places in a dictionary must have at most 32 bits, got ${width}.`);
      if (width > 0) checkRuns(name, bytes, start + 1, width, count);
      return;
    }
    case "RLE":
      if (column.dtype === "bool") return void checkRuns(name, bytes, start + 4, 1, count);
      break;
    default:
      break;
  }
  throw unsupported(`${name}: values must be plain, split or from a dictionary, got the encoding ${encoding}.`);
}

function checkPlain({ name, dtype }: Column, size: number, count: number): void {
  const needed = dtype === "bool" ? Math.ceil(count / 8) : count * elementBytes[dtype];
  if (needed > size) throw malformed(`${name}: a page must have ${needed} bytes for ${count} values, got ${size}.`);
}

function countOf(name: string, said: unknown): number {
  const count = integerOf(said);
  if (!(count >= 0)) throw malformed(`${name}: a page must say how many values it has, got no number.`);
  if (count > maxPageValues)
    throw unsupported(`${name}: a page must have at most ${maxPageValues} values, got ${count}.`);
  return count;
}

function unpack(name: string, codec: CompressionCodec, packed: Uint8Array, size: number): Uint8Array {
  if (!(size >= 0 && size <= maxPageBytes)) {
    throw unsupported(`${name}: a page must have at most ${maxPageBytes} bytes when unpacked, got ${size}.`);
  }
  const bytes = guarded(name, () => decompress(name, codec, packed, size));
  if (bytes.length !== size) throw malformed(`${name}: a page must unpack to ${size} bytes, got ${bytes.length}.`);
  return bytes;
}

function look(name: string, places: DecodedArray, dictionary: DecodedArray | undefined): DecodedArray {
  const size = dictionary?.length ?? 0;
  return Array.from(places as ArrayLike<number>, (place) => {
    if (!(place >= 0 && place < size))
      throw malformed(`${name}: places must lie in the dictionary of ${size}, got ${place}.`);
    return dictionary?.[place] as unknown;
  });
}

function readerOf(bytes: Uint8Array): { view: DataView<ArrayBuffer>; offset: number } {
  return { view: new DataView(new Uint8Array(bytes).buffer), offset: 0 };
}

function bitWidth(level: number): number {
  return 32 - Math.clz32(level);
}
