import { parquetMetadata, type FileMetaData, type SchemaElement, type SchemaTree } from "hyparquet";
import { getSchemaPath } from "hyparquet/src/schema.js";
import { readBytes, type ByteSource } from "../../bytes/byteSource.js";
import type { FileDType } from "../../elements.js";
import { malformed, tooLarge, unsupported } from "../../fileError.js";
import { maxParquetFooterBytes } from "../../limits.js";
import { chooseKey, type KeyChoice } from "../chooseKey.js";
import { checkThrift } from "./checkThrift.js";
import { guarded, integerOf } from "./guarded.js";

/** A column of numbers, or of lists of numbers. */
export interface Column {
  readonly name: string;
  /** From the root of the schema to the numbers. */
  readonly path: readonly SchemaTree[];
  readonly element: SchemaElement;
  readonly dtype: FileDType;
  readonly isList: boolean;
  readonly maxDefinition: number;
}

/** Reads what a Parquet file says about itself, at its end. */
export async function readMetadata(source: ByteSource): Promise<FileMetaData> {
  const { name, size } = source;
  if (size < 12) throw malformed(`${name}: a Parquet file must have at least 12 bytes, got ${size}.`);
  const tail = await readBytes(source, size - 8, 8);
  if (Buffer.from(tail).toString("latin1", 4) !== "PAR1") {
    throw malformed(`${name}: a Parquet file must end with PAR1, got other bytes. It may be cut off.`);
  }
  const length = new DataView(tail.buffer).getUint32(0, true);
  if (length > size - 12) throw malformed(`${name}: the footer must lie within the file, got a length of ${length}.`);
  if (length > maxParquetFooterBytes) {
    throw tooLarge(`${name}: the footer must have at most ${maxParquetFooterBytes} bytes, got ${length}.`);
  }
  const footer = await readBytes(source, size - 8 - length, length + 8);
  checkThrift(name, footer.subarray(0, length));
  const metadata = guarded(name, () => parquetMetadata(footer, { geoparquet: false }));
  checkSchema(name, metadata.schema);
  return metadata;
}

/** The schema is a tree written as a list; its depth is bounded, for it is walked by recursion. */
function checkSchema(name: string, schema: readonly SchemaElement[]): void {
  const open: number[] = [];
  for (const { num_children } of schema) {
    const children = num_children === undefined ? 0 : integerOf(num_children);
    if (!(children >= 0)) throw malformed(`${name}: the schema must count its columns, got no number.`);
    const last = open.length - 1;
    if (last >= 0) open[last] = (open[last] ?? 0) - 1;
    if (children > 0) open.push(children);
    while (open.length > 0 && (open.at(-1) ?? 0) <= 0) open.pop();
    if (open.length > 16) throw malformed(`${name}: the schema must be at most 16 levels deep, got more.`);
  }
  if (open.length > 0) throw malformed(`${name}: the schema must have all its columns, got fewer.`);
}

/** The column that is wanted, if it holds what losses take. */
export function chooseColumn(name: string, metadata: FileMetaData, choice: KeyChoice): Column {
  return guarded(name, () => columnOf(name, metadata, choice));
}

function columnOf(name: string, { schema, row_groups: groups }: FileMetaData, choice: KeyChoice): Column {
  const root = getSchemaPath(schema, [])[0];
  const names = root?.children.map(({ element }) => element.name) ?? [];
  const key = chooseKey(name, names, choice);
  const where = `${name}: ${key}`;
  const path: SchemaTree[] = root === undefined ? [] : [root];
  for (
    let node = root?.children.find(({ element }) => element.name === key);
    node !== undefined;
    [node] = node.children
  ) {
    path.push(node);
    if (node.children.length > 1)
      throw unsupported(`${where}: a column must hold numbers or lists of them, got records.`);
  }
  const element = path.at(-1)?.element;
  const repeated = path.filter((node) => node.element.repetition_type === "REPEATED").length;
  if (element === undefined || repeated > 1) {
    throw unsupported(`${where}: a column must hold numbers or lists of them, got lists of lists.`);
  }
  if (groups.some(({ columns }) => columns.every(({ meta_data: data }) => data?.path_in_schema[0] !== key))) {
    throw malformed(`${where}: each row group must have the column, got one without.`);
  }
  const maxDefinition = path.slice(1).filter((node) => node.element.repetition_type !== "REQUIRED").length;
  return { name: where, path, element, dtype: dtypeOf(where, element), isList: repeated === 1, maxDefinition };
}

function dtypeOf(name: string, element: SchemaElement): FileDType {
  const { type, logical_type: logical, converted_type: converted, type_length: length } = element;
  const isPlain = logical === undefined && (converted === undefined || /^U?INT_/.test(converted));
  if (isPlain || logical?.type === "INTEGER") {
    const isSigned = logical?.type === "INTEGER" ? logical.isSigned : !converted?.startsWith("UINT");
    switch (type) {
      case "FLOAT":
        return "float32";
      case "DOUBLE":
        return "float64";
      case "INT32":
        return isSigned ? "int32" : "uint32";
      case "INT64":
        return isSigned ? "int64" : "uint64";
      case "BOOLEAN":
        return "bool";
      default:
        break;
    }
  }
  if (logical?.type === "FLOAT16" && type === "FIXED_LEN_BYTE_ARRAY" && length === 2) return "float16";
  throw unsupported(`${name}: a column must hold numbers or lists of them, got ${logical?.type ?? converted ?? type}.`);
}
