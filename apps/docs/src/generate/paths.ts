import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** This app. */
export const appFolder: string = fileURLToPath(new URL("../../", import.meta.url));

/** Where VitePress reads its pages. */
export const pagesFolder: string = join(appFolder, ".generated");

/** What goes into the site as it is. */
export const publicFolder: string = join(pagesFolder, "public");

/** Writes a file and the folders above it. */
export function write(folder: string, file: string, text: string | Uint8Array): void {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
