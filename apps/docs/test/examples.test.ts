import { allLosses, findLoss } from "@losses/core";
// The code that the site shows is run: tabs of every loss, and the programs of the guides.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readExamples } from "../src/examples/example.js";
import { codeTabs } from "../src/examples/tabs.js";
import { readLossDocs } from "../src/losses/lossDocs.js";

const app = fileURLToPath(new URL("..", import.meta.url));
const folder = join(app, ".reports/examples");

/** Runs each program in one process, after another, and gives what it printed. */
function runAll(programs: Readonly<Record<string, string>>): Readonly<Record<string, readonly string[]>> {
  mkdirSync(folder, { recursive: true });
  const names = Object.keys(programs);
  for (const name of names) writeFileSync(join(folder, `${name}.mjs`), programs[name] ?? "");
  const runner = `const printed = {};
let current;
console.log = (...values) => current.push(values.map(String).join(" "));
for (const name of ${JSON.stringify(names)}) {
  current = printed[name] = [];
  try { await import(${JSON.stringify(pathToFileURL(folder).href)} + "/" + name + ".mjs"); } catch (error) { current.push("FAILED " + error.stack); }
}
process.stdout.write("\\n@@" + JSON.stringify(printed));
process.exit(0);
`;
  writeFileSync(join(folder, "run.mjs"), runner);
  const text = execFileSync(process.execPath, [join(folder, "run.mjs")], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return JSON.parse(text.slice(text.lastIndexOf("@@") + 2)) as Record<string, string[]>;
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the tabs of every loss", () => {
  const examples = readExamples(readLossDocs());
  const programs = Object.fromEntries(
    [...examples].flatMap(([name, example]) =>
      codeTabs(example).flatMap(({ title, blocks }) =>
        blocks.filter(({ language }) => language === "js").map(({ code }) => [`${name} ${title}`, code] as const),
      ),
    ),
  );
  let printed: Readonly<Record<string, readonly string[]>> = {};
  beforeAll(() => void (printed = runAll(programs)), 300_000);

  it("are there for every loss", () => {
    expect([...examples.keys()]).toEqual(readLossDocs().map(({ name }) => name));
  });

  it.each([...examples])(
    "%s: core + js, TensorFlow.js and ONNX Runtime print the golden number, and a model is written",
    (name, { value }) => {
      const golden = Number(value);
      for (const title of ["core + js", "TensorFlow.js", "ONNX Runtime"]) {
        const [first = "nothing"] = printed[`${name} ${title}`] ?? [];
        expect(Math.abs(Number(first) - golden), `${title}: ${first}`).toBeLessThanOrEqual(
          1e-4 * Math.max(1, Math.abs(golden)),
        );
      }
      const [, after = "nothing"] = printed[`${name} TensorFlow.js`] ?? [];
      // A mean over the pairs that cost anything may grow as one of them stops.
      const isOverNonZero = findLoss(allLosses, name).definition.options["reduction"]?.default === "avgNonZero";
      if (isOverNonZero) expect(Number(after)).not.toBeNaN();
      else expect(Number(after), "after one step").toBeLessThan(golden + 1e-6);
      expect(printed[`${name} ONNX in Python`], "export").toEqual([]);
      expect(readFileSync(join(folder, `${name}.onnx`)).length).toBeGreaterThan(200);
    },
  );

  it("show in PyTorch and Python the number that the JavaScript tabs print", () => {
    for (const [name, example] of examples) {
      const tabs = codeTabs(example).flatMap(({ blocks }) => blocks.filter(({ language }) => language === "python"));
      expect(tabs.length, name).toBe(example.loss.pytorch === undefined ? 1 : 2);
      for (const { code } of tabs) expect(code, name).toContain(`# ${example.value}\n`);
    }
  });
});

describe("the programs of the guides", () => {
  const guides = join(app, "content/guide");
  const programs = Object.fromEntries(
    readdirSync(guides).flatMap((file) =>
      [...readFileSync(join(guides, file), "utf8").matchAll(/^```js\n([\s\S]*?)^```/gm)].map(([, code = ""], i) => [
        `${file} ${i}`,
        code,
      ]),
    ),
  );
  let printed: Readonly<Record<string, readonly string[]>> = {};
  beforeAll(() => void (printed = runAll(programs)), 300_000);

  it.each(Object.keys(programs))("%s runs and prints", (name) => {
    expect(printed[name]?.length).toBeGreaterThan(0);
    expect(printed[name]?.join("\n")).not.toMatch(/FAILED|NaN|undefined/);
  });
});
