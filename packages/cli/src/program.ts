import { readFileSync } from "node:fs";
import process from "node:process";
import { checkArgument, listRule, type Rule } from "@losses/core";
import { Command, CommanderError } from "commander";
import { describeFailure, exitStatus } from "./failure.js";
import { addFileCommands } from "./fileCommands.js";
import { note } from "./output.js";

/** What a command gives: an exit status other than 0 where something is wrong that is no error of the command. */
type Status = number | void;

const textsRule: Rule = listRule("a list of texts", {
  domain: "a text",
  accepts: (value) => typeof value === "string",
});

/**
 * Runs the command line.
 *
 * @param argv the arguments, without node and the script
 * @returns the exit status: 0, 1 if something went wrong, 2 if what was typed makes no sense
 */
export async function main(argv: readonly string[]): Promise<number> {
  let status: number = 0;
  const finish = async (work: Promise<Status>): Promise<void> => {
    status = (await work) ?? 0;
  };
  try {
    const given = textsRule.read?.(argv) ?? checkArgument("losses", "the arguments", argv, textsRule);
    await createProgram(finish).parseAsync(given as string[], { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    note(describeFailure(error));
    return exitStatus(error);
  }
}

function createProgram(finish: (work: Promise<Status>) => Promise<void>): Command {
  const program = new Command("losses")
    .description("Loss functions, written once and run everywhere: list, show, evaluate, export, check and time them.")
    .version(version())
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "losses: ")) })
    .showHelpAfterError("Run losses --help, or losses <command> --help.");

  command(program, "list", "List every loss, by family.")
    .option("--json", "for machines")
    .action((options) => finish(import("./commands/list.js").then(({ list }) => list(options))));

  command(program, "show", "Show the formula, inputs, options and references of a loss.")
    .argument("<loss>", "its name, or one that other libraries use")
    .option("--json", "for machines")
    .action((loss: string, options) => finish(import("./commands/show.js").then(({ show }) => show(loss, options))));

  command(program, "eval", "Evaluate cases: JSON in, one line of JSON out for each, in order.")
    .argument("[file]", "an array of cases or one per line; default: standard input")
    .requiredOption("--backend <id>", "the backend to run on")
    .option("--dtype <dtype>", "float32, float64 or float16; default: the backend's own")
    .option("--no-grad", "leave out the gradients")
    .action((file: string | undefined, options) =>
      finish(import("./commands/evaluate.js").then(({ evaluate }) => evaluate(file, options))),
    );

  command(program, "export", "Write a loss as an ONNX file, or as a JavaScript module compiled ahead of time.")
    .argument("<loss>", "its name")
    .option("--option <key=value>", "an option of the loss; repeat for more", collect, [])
    .option("--shape <input=N,10>", "the axes of an input, sizes or names; repeat for more", collect, [])
    .option("--input <input[:dtype]>", "take an optional input, or one in this dtype; repeat for more", collect, [])
    .option(
      "--grad [inputs]",
      "with the gradients of these inputs, separated by commas; default: every differentiable one",
    )
    .option("--no-value", "leave out the loss itself, for a model of gradients alone")
    .option("--dtype <dtype>", "float32, float64 or float16; default float32")
    .option(
      "--provider <name>",
      "any, cpu for a model that only the processor will run, wasm for onnxruntime-web's; default any",
    )
    .option("--format <format>", "onnx or js; default: what the name of the file says, and onnx")
    .requiredOption("-o, --output <file>", "where to write; - for standard output")
    .action((loss: string, options) =>
      finish(import("./commands/exportLoss.js").then(({ exportLoss }) => exportLoss(loss, options))),
    );

  addFileCommands(program, finish);

  command(program, "choose", "Measure which backend is fastest here, for a loss and sizes.")
    .argument("<loss>", "its name")
    .option(
      "--shape <input=4096,1000>",
      "the sizes of an input; what follows from them may be left out; repeat for more",
      collect,
      [],
    )
    .option("--option <key=value>", "an option of the loss; repeat for more", collect, [])
    .option("--grad", "with the gradients, as in training; default: the value alone")
    .option("--backend <ids>", "separated by commas; default: all")
    .option("--milliseconds <n>", "how long all the measuring may take", "1000")
    .option("--json", "for machines")
    .action((loss: string, options) =>
      finish(import("./commands/choose.js").then(({ choose }) => choose(loss, options))),
    );

  command(program, "conformance", "Hold backends to the golden fixtures; exit 1 on a failure without explanation.")
    .option("--backend <ids>", "separated by commas; default: all that work here")
    .option(
      "--require",
      "fail at once, with the reason, where a backend that is named does not open: for health checks",
    )
    .option("--dtype <dtype>", "float32, float64 or float16; default: all that the backend has")
    .option("--loss <names>", "separated by commas; default: all")
    .option("--at-most <n>", "so many cases of each loss, spread evenly over them; default: all")
    .option("--threads <n>", "how many threads compute what is large on js:wasm; default: 1")
    .option("--json", "print the report as JSON")
    .option("--report <file>", "write the report as JSON")
    .action((options) => finish(import("./commands/conformance.js").then(({ conformance }) => conformance(options))));

  command(program, "bench", "Time losses and their gradients against what one would write by hand.")
    .requiredOption("--backend <ids>", "separated by commas")
    .option("--workload <ids>", "separated by commas, such as W1a,W4; default: all that do not take minutes")
    .option("--loss <names>", "any losses in the place of workloads, separated by commas")
    .option("--option <key=value>", "an option of the losses; repeat for more", collect, [])
    .option(
      "--shape <input=4096,1000>",
      "the sizes of an input of the losses; what follows from them may be left out; repeat for more",
      collect,
      [],
    )
    .option("--grad <inputs>", "of which inputs of the losses the gradients are, separated by commas; default: all")
    .option("--rounds <n>", "how often contestants take turns; slow ones do so less often", "9")
    .option("--part <part>", "forward, gradient (with the value) or both", "both")
    .option(
      "--peers <ids>",
      "what to measure against: all, or among loops, tfjs, onnxruntime, jax, torch, torch.compile and the ids of backends; default: what one would write on the same engine, for --loss js:scalar",
    )
    .option("--python <program>", "a Python that has torch, for the peers torch and torch.compile")
    .option("--threads <n>", "how many threads compute what is large on js:wasm, separated by commas; default: 1")
    .option("--json", "print the report as JSON")
    .option("--markdown", "print the report as a table in Markdown")
    .option("--report <file>", "write the report as JSON")
    .action((options) => finish(import("./commands/bench.js").then(({ bench }) => bench(options))));

  command(program, "doctor", "Say which backends work here, and why the others do not.")
    .option("--json", "for machines")
    .action((options) => finish(import("./commands/doctor.js").then(({ doctor }) => doctor(options))));

  return program;
}

function command(program: Command, name: string, description: string): Command {
  return program.command(name).description(description);
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function version(): string {
  const file = new URL("../package.json", import.meta.url);
  return String((JSON.parse(readFileSync(file, "utf8")) as { readonly version?: unknown }).version);
}

/** A reader that closes the pipe early, such as head, is no failure. */
export function quietBrokenPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}
