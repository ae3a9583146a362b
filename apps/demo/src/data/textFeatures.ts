/** Rows of the table that hashed pieces of text share. */
export const textBuckets = 8192;

/**
 * The pieces of a caption as rows of the embedding table: words and character trigrams where words are written apart,
 * single characters and pairs in Chinese.
 */
export function readText(text: string): Int32Array {
  const pieces: string[] = [];
  for (const word of text.toLowerCase().match(/[\p{Script=Han}]+|[\p{L}\p{N}]+/gu) ?? []) {
    if (/\p{Script=Han}/u.test(word)) addHan(word, pieces);
    else addWord(word, pieces);
  }
  return Int32Array.from(pieces, (piece) => hash(piece) % textBuckets);
}

function addHan(word: string, pieces: string[]): void {
  const characters = Array.from(word);
  for (const [i, character] of characters.entries()) {
    pieces.push(character);
    const next = characters[i + 1];
    if (next !== undefined) pieces.push(character + next);
  }
}

function addWord(word: string, pieces: string[]): void {
  pieces.push(`<${word}>`);
  const edged = `<${word}>`;
  for (let i = 0; i + 3 <= edged.length; i++) if (edged.length > 3) pieces.push(edged.slice(i, i + 3));
}

/** FNV-1a over UTF-16 units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
