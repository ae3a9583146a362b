import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { snappyUncompress, type CompressionCodec } from "hyparquet";
import { decompressLz4, decompressLz4Raw, decompressZstd } from "hyparquet-compressors";
import { unsupported } from "../../fileError.js";

/** Unpacks a page into `size` bytes, and never more. */
export function decompress(name: string, codec: CompressionCodec, bytes: Uint8Array, size: number): Uint8Array {
  switch (codec) {
    case "UNCOMPRESSED":
      return bytes;
    case "GZIP":
      return gunzipSync(bytes, { maxOutputLength: Math.max(1, size) });
    case "BROTLI":
      return brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, size) });
    case "SNAPPY": {
      const output = new Uint8Array(size);
      snappyUncompress(bytes, output);
      return output;
    }
    case "ZSTD":
      return decompressZstd(bytes, new Uint8Array(size));
    case "LZ4":
      return decompressLz4(bytes, size);
    case "LZ4_RAW":
      return decompressLz4Raw(bytes, size);
    default:
      throw unsupported(`${name}: pages must be packed by a method that is known, got ${codec}.`);
  }
}
