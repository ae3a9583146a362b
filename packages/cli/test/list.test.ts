import { allLosses } from "@losses/core";
import { describe, expect, it } from "vitest";
import { losses, withoutEngines } from "./command.js";

describe("losses list", { timeout: 120_000 }, () => {
  it("names every loss under its family, without any engine", async () => {
    const { status, out } = await losses(["list"], { node: withoutEngines });
    expect(status).toBe(0);
    for (const { lossName, definition } of allLosses) {
      expect(out).toContain(`  ${lossName} `);
      expect(out).toContain(`${definition.family}\n`);
    }
  });

  it("gives JSON to machines", async () => {
    const { out } = await losses(["list", "--json"]);
    const listed = JSON.parse(out) as readonly { readonly name: string }[];
    expect(listed.map(({ name }) => name)).toEqual(allLosses.map(({ lossName }) => lossName));
    expect(listed).toContainEqual(
      expect.objectContaining({ name: "klDiv", family: "distribution", pytorch: "torch.nn.functional.kl_div" }),
    );
  });
});

describe("losses show", { timeout: 120_000 }, () => {
  it("prints formula, inputs, options and references", async () => {
    const { status, out } = await losses(["show", "tripletMarginLoss"]);
    expect(status).toBe(0);
    for (const part of ["||x - y + eps||_p", "anchor", "a finite number > 0", "Balntas", "triplet_margin_loss"]) {
      expect(out).toContain(part);
    }
  });

  it("finds a loss under the name of another library, and gives JSON", async () => {
    const { out } = await losses(["show", "cross_entropy", "--json"]);
    expect(JSON.parse(out)).toMatchObject({
      name: "crossEntropy",
      inputs: [{ name: "input" }, { name: "target" }, { name: "weight", required: false }],
      options: [
        { name: "ignoreIndex", default: -100, kind: "integer" },
        {},
        { choices: ["none", "mean", "sum"] },
        { name: "empty", choices: ["nan", "zero", "error"] },
      ],
    });
  });

  it("suggests names for one that does not exist, exit 2", async () => {
    const { status, out, err } = await losses(["show", "triplet"]);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toMatch(/^losses: .*got "triplet"\. Did you mean .*tripletMarginLoss.*\n$/);
  });
});

describe("losses", { timeout: 120_000 }, () => {
  it("prints its version", async () => {
    expect((await losses(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("refuses an unknown command, exit 2", async () => {
    const { status, err } = await losses(["lst"]);
    expect(status).toBe(2);
    expect(err).toContain("unknown command 'lst'");
  });
});
