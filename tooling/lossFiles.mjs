import { readdirSync } from "node:fs";

export const lossFolder = new URL("../packages/core/src/losses/", import.meta.url);

/** @returns {{ family: string, name: string }[]} every loss by its file, families and names in alphabetical order */
export function lossFiles() {
  return readdirSync(lossFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .flatMap((family) =>
      readdirSync(new URL(`${family}/`, lossFolder))
        .filter((file) => file.endsWith(".ts"))
        .sort()
        .map((file) => ({ family, name: file.slice(0, -3) })),
    );
}
