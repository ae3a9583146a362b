/** Types of mutate.mjs, for the tests. */
export function randomFrom(seed: number): () => number;
export function damage(bytes: Uint8Array, random: () => number, other: Uint8Array): Buffer;
export function zipOf(name: string, contents: Uint8Array): Buffer;
