import { evaluateArrays, toFile } from "@losses/io";
import { UsageError } from "../failure.js";
import { readCount, withFiles, type FileOptions } from "../inputFiles.js";
import { columns, note, print, toJSON } from "../output.js";
import { progressBar } from "../progress.js";
import { readPair, readSpec } from "../read.js";

export interface RunOptions extends FileOptions {
  readonly option: readonly string[];
  readonly batch?: string;
  readonly perSample?: string;
  readonly grad: readonly string[];
}

/** `losses run`: the loss of arrays in files. */
export async function run(name: string, options: RunOptions): Promise<void> {
  const spec = readSpec(name, options.option);
  const { perSample, json } = options;
  const batchRows = readCount("--batch", options.batch);
  const targets = options.grad.map((text) => readPair("--grad", text));
  const written = [...(perSample === undefined ? [] : [perSample]), ...targets.map(([, file]) => file)];
  if (new Set(written).size < written.length) {
    throw new UsageError("--per-sample and --grad must name different files, got one twice.");
  }
  const gradients = Object.fromEntries(targets.map(([input, file]) => [input, toFile(file)]));
  if (spec.options["reduction"] === "none" && perSample === undefined && options.grad.length === 0) {
    throw new UsageError(
      "run with reduction none must have --per-sample <file>, for it has no single value, got none.",
    );
  }
  await withFiles(options, async ({ backend, sources, dtype, signal }) => {
    const bar = progressBar();
    const found = await evaluateArrays(backend, spec, sources, {
      signal,
      ...(dtype === undefined ? {} : { dtype }),
      ...(batchRows === undefined ? {} : { batchRows }),
      ...(perSample === undefined ? {} : { perSample: toFile(perSample) }),
      gradients,
      onProgress: ({ pass, done, total }) => bar.show(pass, done, total),
    }).finally(() => bar.stop());
    const { value, samples, batches, isExact } = found;
    if (!isExact) {
      note(
        `losses: ${spec.name} compares samples with each other, here within each of ${batches} batches only. Without --batch all are compared.`,
      );
    }
    const ran = { backend: options.backend, device: backend.device };
    const { name: loss, options: given } = spec.toJSON();
    await print(
      json === true
        ? toJSON({ loss, options: given, value: value ?? null, samples, batches, exact: isExact, ...ran })
        : `${columns([
            ...(value === undefined ? [] : [[loss, String(value)]]),
            ["samples", String(samples)],
            ["batches", String(batches)],
            ["backend", `${ran.backend} (${ran.device})`],
          ])}\n`,
    );
  });
  if (written.length > 0) note(`losses: wrote ${written.join(", ")}`);
}
