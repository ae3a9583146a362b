import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(`${packageFolder}/README.md`, "utf8");
const examples = readdirSync(`${packageFolder}/examples`);

/** Runs an example as a user does, against what was built. */
async function run(file: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [`examples/${file}`], { cwd: packageFolder });
  return stdout;
}

function accuracy(output: string, when: "before" | "after"): number {
  return Number(new RegExp(`^accuracy ${when} training: ([\\d.]+)$`, "m").exec(output)?.[1]);
}

describe("the training examples", () => {
  it("are these", () => {
    expect(examples).toEqual(["classify.mjs", "embed.mjs", "imageText.mjs"]);
  });

  // What chance gives: a third, a quarter, a hundredth.
  it.each([
    ["classify.mjs", 0.7, 0.95],
    ["embed.mjs", 0.6, 0.95],
    ["imageText.mjs", 0.1, 0.95],
  ])("%s learns what it could not do", { timeout: 60_000 }, async (file, most, least) => {
    const output = await run(file);
    expect(accuracy(output, "before")).toBeLessThan(most);
    expect(accuracy(output, "after")).toBeGreaterThan(least);
  });

  it("imageText.mjs learns its scale too", { timeout: 60_000 }, async () => {
    const [, scale] = /^learned scale: ([\d.]+)$/m.exec(await run("imageText.mjs")) ?? [];
    expect(Math.abs(Number(scale) - 1 / 0.07)).toBeGreaterThan(0.5);
  });

  it.each(examples)("%s can be copied: it imports packages only, and the README names it", (file) => {
    const code = readFileSync(`${packageFolder}/examples/${file}`, "utf8");
    const imported = [...code.matchAll(/^import .*?"([^"]+)";/gm)].map(([, name]) => name ?? "");
    expect(imported.length).toBeGreaterThan(3);
    for (const name of imported) expect(name).toMatch(/^@losses\/(core|tfjs)$|^@tensorflow\/tfjs-[a-z-]+$/);
    expect(code.split("\n").length).toBeLessThan(70);
    expect(readme).toContain(`node examples/${file}`);
  });

  it("are what the README shows", () => {
    const [, shown = ""] = /<!-- examples\/classify\.mjs -->\s+```js\n(.*?)```/s.exec(readme) ?? [];
    const lines = shown.split("\n").filter((line) => line.trim() !== "");
    expect(lines.length).toBeGreaterThan(5);
    const code = readFileSync(`${packageFolder}/examples/classify.mjs`, "utf8").split("\n");
    for (const line of lines) expect(code).toContain(line);
  });
});
