import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { backendIds, namedBackends, openBackend, UsageError } from "../src/index.js";
import { knownBackends } from "../src/knownBackends.js";
import { judgePlacement } from "../src/placement.js";
import { losses, withoutEngines } from "./command.js";

interface Finding {
  readonly backend: string;
  readonly works: boolean;
  readonly reasons: readonly string[];
  readonly placement?: string;
  readonly uses?: readonly { readonly dtype: string; readonly engine: string; readonly reason?: string }[];
  readonly nodes?: readonly { readonly op: string; readonly provider: string }[];
  readonly threads?: { readonly work: boolean; readonly reasons: readonly string[] };
}

async function doctor(node: readonly string[] = []): Promise<ReadonlyMap<string, Finding>> {
  const { status, out } = await losses(["doctor", "--json"], { node });
  expect(status).toBe(0);
  const { backends } = JSON.parse(out) as { readonly backends: readonly Finding[] };
  return new Map(backends.map((finding) => [finding.backend, finding]));
}

describe("losses doctor", { timeout: 120_000 }, () => {
  it("says of every backend whether it works, and why not", async () => {
    const findings = await doctor();
    expect([...findings.keys()]).toEqual(backendIds);
    for (const id of ["js", "js:wasm", "js:scalar", "tfjs:cpu", "tfjs:wasm", "onnxruntime:cpu"]) {
      expect(findings.get(id)).toMatchObject({ works: true, reasons: [] });
    }
    for (const { works, reasons } of findings.values()) expect(works).toBe(reasons.length === 0);
  });

  it("says which engine of a backend ran a loss, in each dtype, and why it was not the fastest", async () => {
    const findings = await doctor();
    const reason = "hingeGanGeneratorLoss: input fake must be one of float32, int32, bool to be compiled, got float64.";
    expect(findings.get("js")?.uses).toEqual([
      { dtype: "float32", engine: "js:wasm" },
      { dtype: "float64", engine: "js:scalar", reason },
    ]);
    expect(findings.get("tfjs:wasm")?.uses).toEqual([{ dtype: "float32", engine: "tfjs:wasm" }]);
    const { out } = await losses(["doctor"]);
    expect(out).toContain(`on js:scalar: ${reason}`);
    expect(out).not.toContain("on tfjs:wasm");
  });

  it("says which provider of ONNX Runtime ran each node of a loss", async () => {
    const findings = await doctor();
    const { nodes = [], placement } = findings.get("onnxruntime:cpu") ?? {};
    expect(nodes.length).toBeGreaterThan(5);
    expect(new Set(nodes.map(({ provider }) => provider))).toEqual(new Set(["CPUExecutionProvider"]));
    expect(placement).toBe(`cpu: CPUExecutionProvider ran ${nodes.length} nodes.`);
    expect(findings.get("js")?.nodes).toBeUndefined();
    const { out } = await losses(["doctor"]);
    expect(out).toMatch(/onnxruntime:cpu +cpu: CPUExecutionProvider ran \d+ nodes\./);
  });

  it("says whether js:wasm can have threads, and why not", async () => {
    const findings = await doctor();
    expect(findings.get("js:wasm")?.threads).toEqual({ work: true, reasons: [] });
    expect(findings.get("js:scalar")?.threads).toBeUndefined();
    const node = ["--import", "data:text/javascript,delete globalThis.SharedArrayBuffer"];
    expect((await doctor(node)).get("js:wasm")).toMatchObject({
      works: true,
      threads: { work: false, reasons: [expect.stringMatching(/^wasm: memory cannot be shared by threads\./)] },
    });
    const { out } = await losses(["doctor"], { node });
    expect(out).toMatch(/\njs:wasm +no: wasm: memory cannot be shared by threads\./);
  });

  it("takes a device for broken if nodes fall back to the processor", async () => {
    const node = { name: "n1", op: "Exp", provider: "WebGpuExecutionProvider", shapeArithmetic: false };
    const fell = { name: "n2", op: "TopK", provider: "CPUExecutionProvider", shapeArithmetic: false };
    expect((await judgePlacement({ device: "webgpu", nodes: [node], fallbacks: [] })).reasons).toEqual([]);
    const { nodes, reasons } = await judgePlacement({ device: "webgpu", nodes: [node, fell], fallbacks: [fell] });
    expect(nodes).toHaveLength(2);
    expect(reasons).toEqual(["Nodes of clipLoss fall back to the processor: TopK (n2)."]);
  });

  it("still answers where no engine is installed", async () => {
    const findings = await doctor(withoutEngines);
    expect(findings.get("js")?.works).toBe(true);
    expect(findings.get("tfjs:wasm")).toMatchObject({ works: false });
    expect(findings.get("onnxruntime:cpu")).toMatchObject({ works: false });
  });
});

describe("losses conformance", { timeout: 120_000 }, () => {
  it("prints a table, writes a report and exits 0 when all is well", async () => {
    const folder = await mkdtemp(join(tmpdir(), "losses-"));
    const file = join(folder, "report.json");
    const names = "crossEntropy, clipLoss, klDiv";
    const args = ["conformance", "--backend", "js:scalar", "--dtype", "float64", "--loss", names, "--report", file];
    const { status, out } = await losses(args);
    const report = JSON.parse(await readFile(file, "utf8")) as {
      readonly machine: Readonly<Record<string, string>>;
      readonly rows: readonly { readonly loss: string }[];
      readonly problems: unknown;
    };
    await rm(folder, { recursive: true });
    expect(out).toMatch(/js:scalar\s+float64\s+\d+\s+\d+/);
    expect(report.problems).toEqual([]);
    expect(report.machine).toMatchObject({ platform: process.platform, arch: process.arch });
    expect([...new Set(report.rows.map(({ loss }) => loss))].sort()).toEqual(["clipLoss", "crossEntropy", "klDiv"]);
    expect(status).toBe(0);
  });

  it("gives js:wasm threads", async () => {
    const args = ["conformance", "--loss", "clipLoss", "--threads"];
    const { status, out } = await losses([...args, "2", "--backend", "js:wasm"]);
    expect(out).toContain("No unexplained failures.");
    expect(status).toBe(0);
    const other = await losses([...args, "2", "--backend", "js:wasm,js:scalar"]);
    expect(other.err).toContain("--threads must come with js:wasm alone, got js:scalar.");
    const many = await losses([...args, "1,2", "--backend", "js:wasm"]);
    expect(many.err).toContain("--threads must be one number here, got 1, 2.");
  });

  it("exits 1 when a backend that was asked for does not work here", async () => {
    const { status, out } = await losses(["conformance", "--backend", "tfjs:wasm", "--json"], { node: withoutEngines });
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      problems: [expect.stringContaining("No backend"), expect.stringContaining("tfjs:wasm is required")],
    });
  });

  it("refuses unknown names, also in the environment, exit 2", async () => {
    expect((await losses(["conformance", "--backend", "jax"])).status).toBe(2);
    const { status, err } = await losses(["conformance"], { env: { LOSSES_REQUIRE: "jax" } });
    expect(status).toBe(2);
    expect(err).toContain("LOSSES_REQUIRE");
  });
});

describe("backend ids", () => {
  it("are made of engine, runtime and device, and stand in both READMEs", async () => {
    for (const known of knownBackends) {
      const web = known.engine === "onnxruntime" && known.runtime === "web" ? "-web" : "";
      expect(known.id).toBe(`${known.engine}${web}${known.device === undefined ? "" : `:${known.device}`}`);
    }
    for (const file of ["../README.md", "../../../README.md"]) {
      const text = await readFile(new URL(file, import.meta.url), "utf8");
      expect(backendIds.filter((id) => id !== "js" && !text.includes(`\`${id}\``))).toEqual([]);
    }
  });

  it("may be named by family", () => {
    expect(namedBackends("js, tfjs:wasm")).toEqual(["js", "tfjs:wasm"]);
    expect(namedBackends("onnxruntime-web")).toEqual(["onnxruntime-web:wasm", "onnxruntime-web:webgpu"]);
    expect(() => namedBackends("jax")).toThrow(UsageError);
    expect(() => namedBackends(" ")).toThrow(UsageError);
  });

  it("are refused where they do not exist", async () => {
    await expect(openBackend("toString")).rejects.toThrow(UsageError);
  });
});
