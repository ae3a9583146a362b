import { readdir, realpath, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { findBackend, type KnownBackend } from "./knownBackends.js";

/** What a backend needs besides the package of its own: the packages that are large. */
function packagesOf(known: KnownBackend): readonly string[] {
  switch (known.engine) {
    case "js":
      return ["@losses/core", "@losses/js", "@losses/wasm"];
    case "tfjs": {
      const engine =
        known.device === "tensorflow" ? "@tensorflow/tfjs-node" : `@tensorflow/tfjs-backend-${known.device}`;
      return ["@losses/core", "@losses/tfjs", "@losses/wasm", "@tensorflow/tfjs-core", engine];
    }
    case "onnxruntime":
      return ["@losses/core", "@losses/onnxruntime", "@losses/onnx", `onnxruntime-${known.runtime}`];
  }
}

/** How many bytes a backend's packages take here; `undefined` where one cannot be found. */
export async function installedBytes(id: string): Promise<number | undefined> {
  const known = findBackend(id);
  if (known === undefined) return undefined;
  try {
    const folders = await Promise.all(packagesOf(known).map(folderOf));
    return (await Promise.all(folders.map(bytesIn))).reduce((sum, size) => sum + size, 0);
  } catch {
    return undefined;
  }
}

/** Where a package lies: beside this one, or beside one of the backends, which bring it along. */
async function folderOf(name: string): Promise<string> {
  const here = createRequire(import.meta.url);
  const users = ["@losses/js", "@losses/tfjs", "@losses/onnxruntime"];
  const places = [here, ...users.flatMap((user) => requireOf(here, `${user}/package.json`))];
  for (const place of places) {
    try {
      return dirname(await realpath(place.resolve(`${name}/package.json`)));
    } catch {
      continue;
    }
  }
  throw new Error(`${name} is not installed.`);
}

function requireOf(here: NodeJS.Require, manifest: string): readonly NodeJS.Require[] {
  try {
    return [createRequire(here.resolve(manifest))];
  } catch {
    return [];
  }
}

/** The files of a package, without those of the packages that it has installed beside them. */
async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  const sizes = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? 0 : bytesIn(path);
    return entry.isFile() ? (await stat(path)).size : 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
