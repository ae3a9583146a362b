// Runs after tsc in a package: removes from dist what no longer has a source, so that a deleted file is not published.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const emitted = /(\.d\.ts|\.js)(\.map)?$/;

for (const file of readdirSync("dist", { recursive: true, encoding: "utf8" })) {
  if (!emitted.test(file)) continue;
  const source = join("src", file.replace(emitted, ""));
  if (!["ts", "js"].some((extension) => existsSync(`${source}.${extension}`))) rmSync(join("dist", file));
}
