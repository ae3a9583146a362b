import { transform } from "sucrase";
import type { Failure } from "./protocol.js";

/** A program as JavaScript that a worker runs, or what is wrong with it. */
export type Prepared = { readonly script: string } | { readonly failure: Failure };

/**
 * Makes a module of the user's program: types are taken off, imports and exports become calls, and lines stay where they are,
 * so that an error names the line that the user sees. `runtime` is the address of what runs it.
 */
export function prepareProgram(source: string, runtime: string): Prepared {
  try {
    const { code } = transform(source, { transforms: ["typescript", "imports"], preserveDynamicImport: true });
    return {
      script: `import { start } from ${JSON.stringify(runtime)}; start(async (exports, require) => { ${code}\n});\n`,
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [, line] = /\((\d+):\d+\)$/.exec(message) ?? [];
    return {
      failure: {
        name: "SyntaxError",
        message: message.replace(/^Error transforming.*?: /, ""),
        line: line === undefined ? undefined : Number(line),
      },
    };
  }
}
