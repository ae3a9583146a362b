// The API report of every entry of every published package: what a user can import, in one file that changes are seen in.
// Usage: node tooling/api.mjs (writes the reports) | --check (fails where a report is out of date)
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import { publishedFolders } from "./packs.mjs";
import { readJson, root } from "./repository.mjs";

const check = process.argv.includes("--check");
const scratch = mkdtempSync(join(tmpdir(), "losses-api-"));

/**
 * @param {string} folder of a package
 * @returns {{ name: string, types: string }[]} its entries: how they are called and where their types are
 */
function entriesOf(folder) {
  const { exports } = readJson(join(root, folder, "package.json"));
  return Object.entries(exports).flatMap(([path, target]) =>
    typeof target === "string" ? [] : [{ name: path === "." ? "index" : path.slice(2), types: target.types }],
  );
}

/**
 * @param {string} folder
 * @param {{ name: string, types: string }} entry
 * @returns {string} the report
 */
function reportOf(folder, { name, types }) {
  const projectFolder = join(root, folder);
  const reportFolder = join(scratch, folder);
  mkdirSync(reportFolder, { recursive: true });
  const reportFileName = `${name}.api.md`;
  const extractorConfig = ExtractorConfig.prepare({
    packageJsonFullPath: join(projectFolder, "package.json"),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder,
      mainEntryPointFilePath: join(projectFolder, types),
      newlineKind: "lf",
      apiReport: {
        enabled: true,
        reportFolder,
        reportTempFolder: join(reportFolder, "temp"),
        reportFileName,
        includeForgottenExports: false,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      compiler: { tsconfigFilePath: join(projectFolder, "tsconfig.build.json"), skipLibCheck: true },
      messages: {
        // The report is for what the entry says, not for how its comments are written.
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  });
  Extractor.invoke(extractorConfig, {
    localBuild: true,
    showVerboseMessages: false,
    messageCallback: (message) => (message.handled = true),
  });
  return readFileSync(join(reportFolder, reportFileName), "utf8");
}

/** @type {string[]} */
const stale = [];
try {
  for (const folder of publishedFolders()) {
    for (const entry of entriesOf(folder)) {
      const file = join(root, folder, "api", `${entry.name}.api.md`);
      const report = reportOf(folder, entry);
      if (existsSync(file) && readFileSync(file, "utf8") === report) continue;
      stale.push(`${folder}/api/${basename(file)}`);
      if (check) continue;
      mkdirSync(join(root, folder, "api"), { recursive: true });
      writeFileSync(file, report);
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
for (const file of stale) console.log(`${check ? "stale" : "wrote"} ${file}`);
if (check && stale.length > 0) {
  console.error(
    "api: a public interface changed. Run `npm run api`, look at the difference, and commit it with a changeset.",
  );
  process.exitCode = 1;
}
