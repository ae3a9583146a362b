const MiB = 2 ** 20;

/** Bytes of the header of an .npy file. */
export const maxNpyHeaderBytes: number = 2 ** 16;

/** Bytes of what a Parquet file says about itself. */
export const maxParquetFooterBytes: number = 8 * MiB;

/** Bytes of the header of a .safetensors file. */
export const maxSafetensorsHeaderBytes: number = 8 * MiB;

/** Names in an archive. */
export const maxEntries = 10_000;

/** Axes of an array. */
export const maxRank = 32;

/** Numbers of one array that are in memory at once. */
export const maxBatchNumbers: number = 2 ** 25;

/** Bytes of an array that has to be unpacked before its first row is known. */
export const maxUnpackedBytes: number = 64 * MiB;

/** Bytes that are read at once where a file keeps its rows apart (Fortran order). */
export const panelBytes: number = 32 * MiB;

/** Bytes of one number, string or line in a text file. */
export const maxTokenBytes: number = 1 * MiB;
export const maxLineBytes: number = 32 * MiB;

/** Numbers in one row of a text file. */
export const maxRowNumbers: number = 2 ** 22;

/** Uncompressed bytes and values of one page of a Parquet file. */
export const maxPageBytes: number = 64 * MiB;
export const maxPageValues: number = 2 ** 21;
