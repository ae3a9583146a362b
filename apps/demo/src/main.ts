import process from "node:process";
import { runDemo } from "./demo.js";
import { help, readOptions, UsageError } from "./options.js";

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = readOptions(args);
    if (options === "help") console.log(help);
    else await runDemo(options);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\nTry --help.`);
      return 2;
    }
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
