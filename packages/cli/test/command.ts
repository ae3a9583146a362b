import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../bin/losses.mjs", import.meta.url));

export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the built command as a user does. */
export function losses(
  args: readonly string[],
  { input = "", node = [], env = {} }: { input?: string; node?: readonly string[]; env?: Record<string, string> } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...node, bin, ...args], { env: { ...process.env, ...env } });
    let [out, err] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, out, err }));
    // A command that refuses its arguments does not wait for input.
    child.stdin.on("error", () => undefined).end(input);
  });
}

const hooks = `export async function resolve(specifier, context, next) {
  if (/tensorflow|onnxruntime/.test(specifier)) throw new Error("refused " + specifier);
  return next(specifier, context);
}`;

/** Arguments of node under which no engine can be imported, as where none is installed. */
export const withoutEngines: readonly string[] = [
  "--import",
  dataURL(`import { register } from "node:module"; register(${JSON.stringify(dataURL(hooks))});`),
];

function dataURL(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}
