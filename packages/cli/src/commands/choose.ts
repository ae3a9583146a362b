import { chooseBackend, type MeasuredBackend } from "@losses/conformance";
import { backendIds, backendLoaders, engineVersions, namedBackends } from "../backends.js";
import { UsageError } from "../failure.js";
import { installedBytes } from "../installed.js";
import { describeMachine } from "../machine.js";
import { columns, print, toJSON } from "../output.js";
import { progressBar } from "../progress.js";
import { readShape, readSpec } from "../read.js";
import { printShapes, sizeLoss } from "../shapes.js";

export interface ChooseOptions {
  readonly option: readonly string[];
  readonly shape: readonly string[];
  readonly grad?: boolean;
  readonly backend?: string;
  readonly milliseconds: string;
  readonly json?: boolean;
}

/** `losses choose`: which backend is fastest here, for a loss and sizes. Returns the exit status. */
export async function choose(name: string, options: ChooseOptions): Promise<number> {
  const spec = readSpec(name, options.option);
  const { shapes } = await sizeLoss(spec, Object.fromEntries(options.shape.map(readShape)));
  // "js" is one of the other ids under another name.
  const ids = options.backend === undefined ? backendIds.filter((id) => id !== "js") : namedBackends(options.backend);
  const bar = progressBar();
  const { ranking, refused } = await chooseBackend({
    candidates: backendLoaders.filter(({ id }) => ids.includes(id)),
    spec,
    shapes,
    for: options.grad === true ? "training" : "evaluation",
    milliseconds: readMilliseconds(options.milliseconds),
    onProgress: ({ id, done, total }) => bar.show(id, done, total),
  });
  bar.stop();
  const rows = await Promise.all(ranking.map(async (one) => ({ ...one, installed: await installedBytes(one.id) })));
  if (options.json === true) {
    const system = { ...describeMachine(), ...engineVersions() };
    await print(
      toJSON({
        loss: spec,
        shapes,
        for: options.grad === true ? "training" : "evaluation",
        ranking: rows,
        refused,
        system,
      }),
    );
  } else {
    const table = columns([header, ...rows.map(asRow)]);
    const others = refused.map(({ id, reason }) => `${id} was not taken: ${reason}`);
    await print(
      `${spec.name}, ${printShapes(shapes)}\n\n${table}\n${others.length === 0 ? "" : `\n${others.join("\n")}\n`}`,
    );
  }
  return ranking.length === 0 ? 1 : 0;
}

const header: readonly string[] = ["backend", "per call", "first result", "memory", "installed"];

function asRow({
  id,
  perCall,
  firstResult,
  memory,
  installed,
}: MeasuredBackend & { readonly installed: number | undefined }): readonly string[] {
  return [id, `${perCall.toPrecision(3)} ms`, `${firstResult.toFixed(0)} ms`, megabytes(memory), megabytes(installed)];
}

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? "-" : `${(bytes / 1e6).toFixed(1)} MB`;
}

function readMilliseconds(text: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  throw new UsageError(`--milliseconds must be a number > 0, got ${text}.`);
}
