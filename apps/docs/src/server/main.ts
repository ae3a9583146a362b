// Serves the built site and prints where. Usage: node dist/server/main.js [port]
import process from "node:process";
import { serve } from "./serve.js";

const given = process.argv[2] ?? process.env["PORT"] ?? "4173";
const port = Number(given);

try {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`the port must be an integer from 0 to 65535, got ${given}`);
  }
  const { address } = await serve(port);
  console.log(`The documentation is at ${address}`);
} catch (error) {
  console.error(`docs: ${(error as Error).message}. Usage: npm run docs -- [port]`);
  process.exitCode = 1;
}
