// Runs the Python and PyTorch tabs of every loss page, outside `npm test`, which never needs Python.
// Usage, after a build: node check/pythonTabs.mjs path/to/python (with torch, numpy and onnxruntime)
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { readExamples } from "../dist/examples/example.js";
import { codeTabs, exportOptions } from "../dist/examples/tabs.js";
import { readLossDocs } from "../dist/losses/lossDocs.js";
import { allLosses, findLoss } from "@losses/core";
import { exportLoss } from "@losses/onnx";

const [python = "python3"] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "losses-tabs-"));
const programs = [];
for (const [name, example] of readExamples(readLossDocs())) {
  writeFileSync(join(folder, `${name}.onnx`), exportLoss(findLoss(allLosses, name)(), exportOptions(example)));
  for (const { title, blocks } of codeTabs(example)) {
    const code = blocks.find(({ language }) => language === "python")?.code;
    if (code !== undefined) programs.push({ name, title, code, value: Number(example.value) });
  }
}
writeFileSync(join(folder, "tabs.json"), JSON.stringify(programs));
writeFileSync(
  join(folder, "run.py"),
  `import contextlib, io, json
failed = 0
for tab in json.load(open("tabs.json")):
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            exec(tab["code"], {})
        got = float(out.getvalue().split("\\n")[0])
        ok = abs(got - tab["value"]) <= 1e-4 * max(1, abs(tab["value"]))
    except Exception as error:
        got, ok = repr(error), False
    failed += not ok
    print("ok    " if ok else "FAILED", tab["name"], tab["title"], got, tab["value"])
raise SystemExit(1 if failed else 0)
`,
);
try {
  execFileSync(python, ["run.py"], { cwd: folder, stdio: "inherit" });
} catch {
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
