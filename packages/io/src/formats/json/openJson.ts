import { Tokenizer } from "@streamparser/json";
import type { ArraySource } from "../../arraySource.js";
import { pieces, type ByteSource } from "../../bytes/byteSource.js";
import { FileError, malformed, tooLarge } from "../../fileError.js";
import { maxTokenBytes } from "../../limits.js";
import type { KeyChoice } from "../chooseKey.js";
import { textArray, type TextRow } from "../textArray.js";
import { RowParser } from "./rowParser.js";

/**
 * Opens numbers in JSON: an array of rows, an object with such arrays by name, or with `isLines` one row (or an object with a
 * row by name) after the other. NaN and the infinities are the strings `"NaN"`, `"Infinity"`, `"-Infinity"`.
 */
export function openJson(
  source: ByteSource,
  { key, input }: KeyChoice,
  isLines: boolean,
  close: () => Promise<void>,
): Promise<ArraySource> {
  const wanted = [key ?? input].filter((one) => one !== undefined);
  return textArray(source.name, () => jsonRows(source, wanted, isLines), close);
}

async function* jsonRows(source: ByteSource, wanted: readonly string[], isLines: boolean): AsyncGenerator<TextRow> {
  const { name } = source;
  const parser = new RowParser(name, wanted, isLines);
  const tokenizer = new Tokenizer();
  let quiet = 0;
  tokenizer.onToken = (token) => {
    quiet = 0;
    parser.push(token);
  };
  for await (const piece of pieces(source)) {
    quiet += piece.length;
    guarded(name, () => tokenizer.write(piece));
    if (quiet > maxTokenBytes) throw tooLarge(`${name}: a value must have at most ${maxTokenBytes} bytes, got more.`);
    yield* parser.rows.splice(0);
  }
  guarded(name, () => tokenizer.end());
  parser.finish();
  yield* parser.rows;
}

function guarded(name: string, run: () => void): void {
  try {
    run();
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    throw malformed(
      `${name}: the file must be JSON, got: ${cause instanceof Error ? cause.message : String(cause)}.`,
      cause,
    );
  }
}
