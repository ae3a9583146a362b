import process from "node:process";
import {
  BackendUnavailableError,
  fromHalfBits,
  hingeGanGeneratorLoss,
  type Backend,
  type EngineUse,
  type FloatDType,
} from "@losses/core";
import type { PlacedNode } from "@losses/onnxruntime";
import { backendIds, engineVersions, openBackend } from "../backends.js";
import { describeMachine } from "../machine.js";
import { examinePlacement, type PlacementFinding } from "../placement.js";
import { columns, print, toJSON } from "../output.js";
import { progressBar } from "../progress.js";

interface Finding {
  readonly backend: string;
  readonly works: boolean;
  /** The backend and device behind the id. */
  readonly id?: string;
  readonly device?: string;
  readonly dtypes?: readonly string[];
  /** What ran a loss in each dtype, and why it was not the backend's fastest engine. */
  readonly uses?: readonly DTypeUse[];
  /** Which provider of ONNX Runtime ran each node of a loss with its gradient, where that can be known. */
  readonly nodes?: readonly PlacedNode[];
  /** The same in a line. */
  readonly placement?: string;
  /** Whether several threads can compute together, and why not; of js:wasm alone. */
  readonly threads?: ThreadsFinding;
  readonly reasons: readonly string[];
}

interface DTypeUse extends EngineUse {
  readonly dtype: FloatDType;
}

interface ThreadsFinding {
  readonly work: boolean;
  readonly reasons: readonly string[];
}

/** `losses doctor`: which backends work here, and why the others do not. */
export async function doctor({ json = false }: { readonly json?: boolean }): Promise<void> {
  const bar = progressBar();
  const findings: Finding[] = [];
  for (const id of backendIds) {
    bar.show("doctor", findings.length, backendIds.length);
    findings.push(await examine(id));
  }
  bar.stop();
  const system = { node: process.versions.node, ...describeMachine(), ...engineVersions() };
  if (json) return print(toJSON({ system, backends: findings }));
  const rows = findings.map(({ backend, works, id, dtypes = [], reasons }) => [
    backend,
    works ? "works" : "no",
    works ? `${dtypes.join(", ")}${id === backend ? "" : ` (${id})`}` : reasons.join(" "),
  ]);
  const placements = findings.flatMap(({ backend, placement }) =>
    placement === undefined ? [] : [[backend, placement]],
  );
  const where = placements.length === 0 ? "" : `\nWhere the nodes of clipLoss ran:\n${columns(placements)}\n`;
  const teams = findings.flatMap(({ backend, threads }) =>
    threads === undefined ? [] : [[backend, threads.work ? "work" : `no: ${threads.reasons.join(" ")}`]],
  );
  const together = teams.length === 0 ? "" : `\nThreads (--threads, createBackend({ threads })):\n${columns(teams)}\n`;
  // What a backend runs on an engine of its own name says nothing.
  const uses = findings.flatMap(({ backend, id, uses: all = [] }) =>
    all.flatMap(({ dtype, engine, reason }) =>
      engine === id ? [] : [[backend, dtype, `on ${engine}${reason === undefined ? "" : `: ${reason}`}`]],
    ),
  );
  const engines = uses.length === 0 ? "" : `\nWhat ran a loss:\n${columns(uses)}\n`;
  const facts = Object.entries(system).map(([name, value]) => `${name} ${value}`);
  await print(`${columns(rows)}\n${engines}${where}${together}\n${facts.join(", ")}\n`);
}

async function examine(name: string): Promise<Finding> {
  try {
    const backend = await openBackend(name);
    try {
      const { id, device, dtypes } = backend;
      const { uses, wrong } = await compute(backend);
      const placed: PlacementFinding = wrong === undefined ? await examinePlacement(name, backend) : { reasons: [] };
      const reasons = [...(wrong === undefined ? [] : [wrong]), ...placed.reasons];
      const threads = name === "js:wasm" ? { threads: await examineThreads(name) } : {};
      return { backend: name, works: reasons.length === 0, id, device, dtypes, uses, ...placed, ...threads, reasons };
    } finally {
      await backend.dispose();
    }
  } catch (error) {
    return { backend: name, works: false, reasons: reasonsOf(error) };
  }
}

/** That threads start proves little: they share out a mean. */
async function examineThreads(name: string): Promise<ThreadsFinding> {
  try {
    const backend = await openBackend(name, 2);
    try {
      const loss = await backend.compile(hingeGanGeneratorLoss());
      const { data } = await backend.read(await loss.value({ fake: new Float32Array(2 ** 20).fill(3) }));
      if (data[0] === -3) return { work: true, reasons: [] };
      return { work: false, reasons: [`Two of them compute wrongly: the mean of -3 must be -3, got ${data[0]}.`] };
    } finally {
      await backend.dispose();
    }
  } catch (error) {
    return { work: false, reasons: reasonsOf(error) };
  }
}

/** Opening a device proves little: it has to compute something, in each of its dtypes. */
async function compute(
  backend: Backend<unknown>,
): Promise<{ readonly uses: readonly DTypeUse[]; readonly wrong: string | undefined }> {
  const uses: DTypeUse[] = [];
  for (const dtype of backend.dtypes) {
    const loss = await backend.compile(hingeGanGeneratorLoss(), { dtype });
    const tensor = await loss.value({ fake: [1, 2, 6] });
    const { data } = await backend.read(tensor);
    backend.release(tensor);
    const mean = dtype === "float16" ? fromHalfBits(data[0] ?? 0) : data[0];
    uses.push(...loss.uses().map((use) => ({ dtype, ...use })));
    const wrong = `It computes wrongly in ${dtype}: the mean of -1, -2, -6 must be -3, got ${mean}.`;
    if (mean !== -3) return { uses, wrong };
  }
  return { uses, wrong: undefined };
}

function reasonsOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [String(error)];
  if (!(error instanceof BackendUnavailableError)) return [error.message];
  return error.reasons.length > 0 ? error.reasons : [error.message];
}
