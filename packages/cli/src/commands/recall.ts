import { retrieval, type Ranking } from "@losses/io";
import { UsageError } from "../failure.js";
import { namedSources, readCount, withFiles, type FileOptions } from "../inputFiles.js";
import { columns, print, toJSON } from "../output.js";
import { progressBar } from "../progress.js";

export interface RecallOptions extends FileOptions {
  readonly captions: string;
  readonly k: string;
  readonly similarity: string;
}

/** `losses recall`: how well images and texts find each other by their embeddings. */
export async function measureRecall(options: RecallOptions): Promise<void> {
  const { similarity } = options;
  const captions = readCount("--captions", options.captions) ?? 1;
  const k = options.k.split(",").map((text) => readCount("--k", text) ?? 1);
  if (similarity !== "cosine" && similarity !== "dot") {
    throw new UsageError(`--similarity must be cosine or dot, got ${similarity}.`);
  }
  await withFiles(options, async ({ backend, sources, dtype, signal }) => {
    const { image, text } = namedSources("recall", sources, ["image", "text"]);
    const bar = progressBar();
    const found = await retrieval(backend, image, text, {
      captions,
      k,
      similarity,
      signal,
      ...(dtype === undefined ? {} : { dtype }),
      onProgress: ({ done, total }) => bar.show("recall", done, total),
    }).finally(() => bar.stop());
    const ran = { backend: options.backend, device: backend.device };
    const row = (title: string, { recall, meanRank, medianRank }: Ranking): readonly string[] => [
      title,
      ...k.map((one) => `${((recall[one] ?? Number.NaN) * 100).toFixed(2)} %`),
      medianRank.toFixed(1),
      meanRank.toFixed(2),
    ];
    await print(
      options.json === true
        ? toJSON({ ...found, ...ran })
        : `${columns([
            ["", ...k.map((one) => `R@${one}`), "median rank", "mean rank"],
            row("image to text", found.imageToText),
            row("text to image", found.textToImage),
          ])}\n${found.images} images, ${found.texts} texts, ${ran.backend} (${ran.device})\n`,
    );
  });
}
