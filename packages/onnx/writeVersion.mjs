// Runs before tsc: models name the version that wrote them, and a browser cannot read package.json.
import { readFileSync, writeFileSync } from "node:fs";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const target = new URL("src/version.ts", import.meta.url);
const text = `// Written by writeVersion.mjs from package.json.\nexport const version = "${version}";\n`;
if (readFileSync(target, "utf8") !== text) writeFileSync(target, text);
