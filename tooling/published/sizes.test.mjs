import { describe, expect, it } from "vitest";
import { budgets, measure } from "./sizes.mjs";

describe("size of a bundle, minified and compressed", () => {
  it.each(budgets)("$name", async ({ code, limit, goal = limit, from }) => {
    const { kilobytes } = await measure(code, from);
    expect(kilobytes).toBeLessThanOrEqual(limit);
    // A debt that is paid is taken off the books.
    if (limit > goal)
      expect(kilobytes, `the goal of ${goal} kB is reached: lower the limit to it`).toBeGreaterThan(goal);
  });
});

describe("what a bundle of one loss carries", () => {
  it("no other loss, and of the other package's engines none", async () => {
    const code = `import { tripletMarginLoss } from "@losses/core";
import { createBackend } from "@losses/js/scalar";
createBackend().then((backend) => console.log(backend.compileSync(tripletMarginLoss())));`;
    const { inputs } = await measure(code);
    const losses = inputs.filter((file) => /core\/dist\/losses\//.test(file));
    expect(losses).toEqual([expect.stringMatching(/ranking\/tripletMarginLoss\.js$/)]);
    expect(inputs.filter((file) => /packages\/wasm\/|js\/dist\/wasm\//.test(file))).toEqual([]);
  });

  it("of threads what starts them, and the rest when they are asked for", async () => {
    const { inputs } = await measure('export * from "@losses/js";');
    expect(inputs).toContainEqual(expect.stringMatching(/wasm\/dist\/machine\/team\.js$/));
    expect(inputs.filter((file) => file.includes("wasm/dist/threads/"))).toEqual([]);
  });

  it.each(["core", "js", "tfjs", "onnx", "onnxruntime", "conformance"])(
    "@losses/%s imports no module of Node.js",
    async (name) => {
      // What esbuild cannot resolve for a browser is an error, in a try block an import that it leaves.
      const { imports } = await measure(`export * from "@losses/${name}";`);
      expect(imports.filter((path) => path.startsWith("node:"))).toEqual([]);
    },
  );
});
