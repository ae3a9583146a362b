import type { Command } from "commander";

type Finish = (work: Promise<number | void>) => Promise<void>;

/** The commands that take their numbers from files. */
export function addFileCommands(program: Command, finish: Finish): void {
  withInputs(program.command("run").description("The loss of arrays in files, however large: batch after batch."))
    .argument("<loss>", "its name")
    .option("--option <key=value>", "an option of the loss; repeat for more", collect, [])
    .option("--batch <rows>", "rows in a batch; default: some MB of them, or all where samples meet each other")
    .option("--per-sample <file>", "write the loss of each sample: .npy, .csv, .json, .jsonl or .bin")
    .option("--grad <input=file>", "write the gradient of an input; repeat for more", collect, [])
    .action((loss: string, options) => finish(import("./commands/run.js").then(({ run }) => run(loss, options))));

  withInputs(
    program
      .command("perplexity")
      .description("How well a language model predicts a text: --input logits=… --input labels=…"),
  )
    .option("--shift", "labels are the tokens of the text themselves: position t predicts label t + 1")
    .option("--ignore-index <label>", "the label of tokens that do not count", "-100")
    .option("--batch <rows>", "tokens in a batch")
    .action((options) =>
      finish(import("./commands/perplexity.js").then(({ measurePerplexity }) => measurePerplexity(options))),
    );

  withInputs(
    program
      .command("recall")
      .description("Recall at k of image and text embeddings, both ways: --input image=… --input text=…"),
  )
    .option("--captions <n>", "texts of each image, one after the other", "1")
    .option("--k <list>", "places, separated by commas", "1,5,10")
    .option("--similarity <name>", "cosine, or dot for embeddings as they are", "cosine")
    .action((options) => finish(import("./commands/recall.js").then(({ measureRecall }) => measureRecall(options))));
}

function withInputs(command: Command): Command {
  return command
    .option(
      "--input <name=file[:key]>",
      "an input: .npy, .npz:array, .safetensors:tensor, .json:name, .jsonl:name, .csv:columns, .parquet:column, or a number; repeat for more",
      collect,
      [],
    )
    .option(
      "--as <name=dtype[,N,10]>",
      "what a file without a header holds, float32 to uint64, with be for big-endian, and its sizes (N: as many as there are); of .npy: bfloat16",
      collect,
      [],
    )
    .option(
      "--header <yes|no>",
      "whether the first line of a .csv names its columns; default: if nothing in it is a number",
    )
    .option("--backend <id>", "the backend to run on", "js")
    .option("--dtype <dtype>", "float32, float64 or float16; default: the backend's own")
    .option("--json", "for machines");
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
