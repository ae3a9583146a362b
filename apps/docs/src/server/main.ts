// Serves the built site and prints where. Usage: node dist/server/main.js [port]
import process from "node:process";
import { serve } from "./serve.js";

const { address } = await serve(Number(process.argv[2] ?? process.env["PORT"] ?? 4173));
console.log(`The documentation is at ${address}`);
