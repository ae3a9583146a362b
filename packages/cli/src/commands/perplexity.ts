import { perplexity } from "@losses/io";
import { UsageError } from "../failure.js";
import { namedSources, readCount, withFiles, type FileOptions } from "../inputFiles.js";
import { columns, print, toJSON } from "../output.js";
import { progressBar } from "../progress.js";

export interface PerplexityCommandOptions extends FileOptions {
  readonly shift?: true;
  readonly ignoreIndex: string;
  readonly batch?: string;
}

/** `losses perplexity`: how well a language model predicts a text. */
export async function measurePerplexity(options: PerplexityCommandOptions): Promise<void> {
  const batchRows = readCount("--batch", options.batch);
  const ignoreIndex = Number(options.ignoreIndex);
  if (!Number.isInteger(ignoreIndex) || options.ignoreIndex.trim() === "") {
    throw new UsageError(`--ignore-index must be an integer, got ${options.ignoreIndex}.`);
  }
  await withFiles(options, async ({ backend, sources, dtype, signal }) => {
    const { logits, labels } = namedSources("perplexity", sources, ["logits", "labels"]);
    const bar = progressBar();
    const found = await perplexity(backend, logits, labels, {
      ignoreIndex,
      shift: options.shift === true,
      signal,
      ...(dtype === undefined ? {} : { dtype }),
      ...(batchRows === undefined ? {} : { batchRows }),
      onProgress: ({ done, total }) => bar.show("perplexity", done, total),
    }).finally(() => bar.stop());
    const ran = { backend: options.backend, device: backend.device };
    await print(
      options.json === true
        ? toJSON({ ...found, ...ran })
        : `${columns([
            ["perplexity", String(found.perplexity)],
            ["loss", `${found.loss} nats a token`],
            ["bits", `${found.bitsPerToken} a token`],
            ["tokens", String(found.tokens)],
            ["backend", `${ran.backend} (${ran.device})`],
          ])}\n`,
    );
  });
}
