import process from "node:process";
import { main, quietBrokenPipe } from "./program.js";

quietBrokenPipe();
process.exitCode = await main(process.argv.slice(2));
