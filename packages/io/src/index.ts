export { nothing, readArray, rowSize, type ArraySource, type FileShape, type Rows } from "./arraySource.js";
export type { Elements, FileDType } from "./elements.js";
export { fileDTypes } from "./elements.js";
export { FileError, type FileErrorCode } from "./fileError.js";
export type { RawLayout } from "./formats/raw.js";
export { formatOf, openArray, openBytes, type FileFormat, type OpenOptions } from "./open.js";
