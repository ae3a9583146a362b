import type { ColumnChunk, CompressionCodec, DecodedArray, FileMetaData, PageHeader } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { readBytes, type ByteSource } from "../../bytes/byteSource.js";
import { malformed } from "../../fileError.js";
import { checkThrift } from "./checkThrift.js";
import { guarded, integerOf } from "./guarded.js";
import type { Column } from "./metadata.js";
import { readDictionary, readValues, type Page } from "./readPage.js";

/** Bytes in which the header of a page must end. */
const headerBytes = 2 ** 16;

/** The data pages of a column, one row group after the other. At the end of each, `undefined`. */
export async function* readPages(
  source: ByteSource,
  { row_groups: groups }: FileMetaData,
  column: Column,
): AsyncGenerator<Page | undefined> {
  for (const { columns } of groups) {
    yield* pagesOf(
      source,
      column,
      guarded(column.name, () => chunkOf(column, columns, source.size)),
    );
    yield undefined;
  }
}

/** Where the pages of a column are in a row group. */
interface Chunk {
  readonly codec: CompressionCodec;
  readonly start: number;
  readonly end: number;
  readonly values: number;
}

function chunkOf({ name, path, element }: Column, columns: readonly ColumnChunk[], size: number): Chunk {
  const key = path[1]?.element.name;
  const data = columns.find(({ meta_data: one }) => one?.path_in_schema[0] === key)?.meta_data;
  if (data === undefined) throw malformed(`${name}: each row group must have the column, got one without.`);
  if (data.type !== element.type)
    throw malformed(`${name}: a row group must have the type of the schema, got another.`);
  const dictionary = integerOf(data.dictionary_page_offset ?? 0);
  const start = dictionary > 0 ? dictionary : integerOf(data.data_page_offset);
  const end = start + integerOf(data.total_compressed_size);
  if (!(start >= 4 && start <= end && end <= size)) {
    throw malformed(`${name}: pages must lie within the file of ${size} bytes, got ${start} to ${end}.`);
  }
  return { codec: data.codec, start, end, values: integerOf(data.num_values) };
}

async function* pagesOf(source: ByteSource, column: Column, chunk: Chunk): AsyncGenerator<Page> {
  const { name } = column;
  const { end } = chunk;
  let at = chunk.start;
  let left = chunk.values;
  let dictionary: DecodedArray | undefined;
  while (at < end && left > 0) {
    const { header, length } = await readHeader(source, name, at, end);
    const size = integerOf(header.compressed_page_size);
    if (!(size >= 0 && at + length + size <= end)) {
      throw malformed(`${name}: a page must end within its row group, got ${size} bytes at ${at}.`);
    }
    const packed = await readBytes(source, at + length, size);
    at += length + size;
    switch (header.type) {
      case "DICTIONARY_PAGE":
        dictionary = readDictionary(column, chunk.codec, header, packed);
        break;
      case "DATA_PAGE":
      case "DATA_PAGE_V2": {
        const page = readValues(column, chunk.codec, header, packed, dictionary);
        left -= page.values.length;
        yield page;
        break;
      }
      case "INDEX_PAGE":
        break;
      default:
        throw malformed(`${name}: a page must be of a known kind, got another.`);
    }
  }
  if (left !== 0) throw malformed(`${name}: a row group must have the values that it counts, got others.`);
}

async function readHeader(
  source: ByteSource,
  name: string,
  at: number,
  end: number,
): Promise<{ readonly header: PageHeader; readonly length: number }> {
  const bytes = await readBytes(source, at, Math.min(headerBytes, end - at));
  const length = checkThrift(name, bytes);
  const view = new DataView(bytes.buffer, 0, length);
  return { header: guarded(name, () => parquetHeader({ view, offset: 0 })), length };
}
