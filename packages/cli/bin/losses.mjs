#!/usr/bin/env node
// This file is committed so that package managers can link the command before the package is built.
import { existsSync } from "node:fs";
import process from "node:process";

const program = new URL("../dist/bin.js", import.meta.url);

if (existsSync(program)) {
  await import(program.href);
} else {
  console.error(
    "losses: the command line is not built yet. Run `npm run bootstrap` in the root of the repository first.",
  );
  process.exitCode = 1;
}
