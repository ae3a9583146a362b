import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";

/** What results were found on, in words: the platform, the processor, and graphics devices where that can be known. */
export function describeMachine(): Readonly<Record<string, string>> {
  const model = cpus()[0]?.model.trim();
  const graphics = nvidiaModels();
  const driver = process.env["VK_DRIVER_FILES"] ?? process.env["VK_ICD_FILENAMES"];
  return {
    platform: process.platform,
    arch: process.arch,
    processors: `${availableParallelism()}${model === undefined ? "" : ` (${model})`}`,
    ...(graphics.length === 0 ? {} : { graphics: graphics.join(", ") }),
    // Whoever chooses a driver by hand may have chosen one that runs on the processor.
    ...(driver === undefined
      ? {}
      : {
          vulkan: driver
            .split(":")
            .map((file) => basename(file))
            .join(", "),
        }),
  };
}

const nvidia = "/proc/driver/nvidia/gpus";

/** The names of NVIDIA's devices, as their driver on Linux tells them. `folder`: where it does. */
export function nvidiaModels(folder: string = nvidia): readonly string[] {
  try {
    return readdirSync(folder).flatMap((device) => {
      const [, model] = /^Model:\s*(.+)$/m.exec(readFileSync(join(folder, device, "information"), "utf8")) ?? [];
      return model === undefined ? [] : [model.trim()];
    });
  } catch {
    // No such driver.
    return [];
  }
}
