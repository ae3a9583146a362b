import { describe, expect, it } from "vitest";
import {
  BackendUnavailableError,
  defineSyncBackend,
  openBackend,
  OptionError,
  type BackendLoader,
} from "../src/index.js";
import { interpreterEngine } from "./support/interpreter.js";

const opened: string[] = [];
const loader = (id: string): BackendLoader => ({
  id,
  open: () => {
    opened.push(id);
    return defineSyncBackend({ ...interpreterEngine(), id });
  },
});
const absent = (id: string): BackendLoader => ({
  id,
  open: () => {
    throw new BackendUnavailableError(`${id}: there is no such device here.`);
  },
});
const loaders = [absent("cuda"), loader("fast"), loader("slow")];

describe("openBackend", () => {
  it("takes the first that works, and says why the others were not taken", async () => {
    const { id, backend, refused } = await openBackend(["cuda", "fast", "slow"], loaders);
    expect([id, backend.id]).toEqual(["fast", "fast"]);
    expect(refused).toEqual([{ id: "cuda", reason: "cuda: there is no such device here." }]);
  });

  it("takes a list from an environment variable, and loaders themselves", async () => {
    expect((await openBackend(" cuda, slow", loaders)).id).toBe("slow");
    expect((await openBackend([absent("x"), loader("y")])).id).toBe("y");
  });

  it.each<[string, unknown]>([
    ["no preferences", []],
    ["an empty variable", " , "],
    ["an unset variable", undefined],
    ["an unknown id", ["fast", "webgpu"]],
    ["no loader", [{ id: "fast" }]],
  ])("refuses %s before anything is opened", async (_, preferences) => {
    opened.length = 0;
    await expect(openBackend(preferences as string, loaders)).rejects.toThrow(OptionError);
    expect(opened).toEqual([]);
  });

  it("takes nothing that was not named", async () => {
    opened.length = 0;
    const failing = openBackend("cuda", loaders);
    await expect(failing).rejects.toThrow(
      new BackendUnavailableError(
        "openBackend: one of cuda must work here, got none. cuda: there is no such device here.",
        ["cuda: there is no such device here."],
      ),
    );
    expect(opened).toEqual([]);
  });

  it("refuses what opens as something else", async () => {
    const odd = { id: "odd", open: () => ({}) as never };
    const { refused } = await openBackend([odd, loader("fast")]);
    expect(refused[0]?.reason).toContain("the backend must have an id and a device");
  });
});
