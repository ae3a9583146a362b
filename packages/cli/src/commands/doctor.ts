import process from "node:process";
import { BackendUnavailableError, hingeGanGeneratorLoss, type Backend } from "@losses/core";
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
  /** Which provider of ONNX Runtime ran each node of a loss with its gradient, where that can be known. */
  readonly nodes?: readonly PlacedNode[];
  /** The same in a line. */
  readonly placement?: string;
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
  const facts = Object.entries(system).map(([name, value]) => `${name} ${value}`);
  await print(`${columns(rows)}\n${where}\n${facts.join(", ")}\n`);
}

async function examine(name: string): Promise<Finding> {
  try {
    const backend = await openBackend(name);
    try {
      const { id, device, dtypes } = backend;
      const wrong = await computesWrongly(backend);
      const placed: PlacementFinding = wrong === undefined ? await examinePlacement(name, backend) : { reasons: [] };
      const reasons = [...(wrong === undefined ? [] : [wrong]), ...placed.reasons];
      return { backend: name, works: reasons.length === 0, id, device, dtypes, ...placed, reasons };
    } finally {
      await backend.dispose();
    }
  } catch (error) {
    return { backend: name, works: false, reasons: reasonsOf(error) };
  }
}

/** Opening a device proves little: it has to compute something. */
async function computesWrongly(backend: Backend<unknown>): Promise<string | undefined> {
  const loss = await backend.compile(hingeGanGeneratorLoss());
  const tensor = await loss.value({ fake: [1, 2, 6] });
  const { data } = await backend.read(tensor);
  backend.release(tensor);
  return data[0] === -3 ? undefined : `It computes wrongly: the mean of -1, -2, -6 must be -3, got ${data[0]}.`;
}

function reasonsOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [String(error)];
  if (!(error instanceof BackendUnavailableError)) return [error.message];
  return error.reasons.length > 0 ? error.reasons : [error.message];
}
