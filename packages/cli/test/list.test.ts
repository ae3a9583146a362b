import {
  allLosses,
  byOption,
  defineLoss,
  flag,
  float,
  integer,
  labels,
  list,
  parameter,
  reduction,
  sampleInputs,
  type AnyDefinition,
} from "@losses/core";
import { describe, expect, it } from "vitest";
import { asText } from "../src/commands/show.js";
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
      inputs: [
        { name: "input" },
        { name: "target" },
        { name: "weight", required: false },
        { name: "sampleWeight" },
        { name: "mask" },
      ],
      options: [
        { name: "ignoreIndex", default: -100, kind: "integer" },
        { name: "classAxis", default: 1, domain: "1 or -1" },
        { name: "labelSmoothing" },
        { choices: ["none", "mean", "sum"] },
        { name: "empty", default: "nan", choices: ["nan", "zero", "error"] },
      ],
    });
  });

  it("suggests names for one that does not exist, exit 2", async () => {
    const { status, out, err } = await losses(["show", "triplet"]);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toMatch(/^losses: .*got "triplet"\. Did you mean .*tripletMarginLoss.*\n$/);
  });
});

describe("a description", () => {
  const described = defineLoss({
    name: "described",
    inputs: {
      scores: list(float(["N"], "Scores of several scales.")),
      proxies: parameter(["K", "D"], "One for each class."),
      lengths: labels(["N"], "Lengths.", { from: 1, atMost: { input: "longest" } }),
      target: labels(["N"], "Classes.", { below: "K", except: "ignored" }),
      bins: labels(["N"], "Bins.", { below: { option: "count" } }),
      longest: labels(["N"]),
      logits: byOption("last", [
        [true, float(["N", "K"])],
        [false, float(["K", "N"])],
      ]),
    },
    optionalInputs: { ...sampleInputs(["N"]) },
    options: {
      ignored: integer(-1, "A class that does not count."),
      count: integer(4, "How many."),
      last: flag(true, "Whether classes come last."),
      reduction: reduction(),
    },
    value: ({ scores: [first] }) => first ?? raise(),
  });
  const text = asText(described.definition as unknown as AnyDefinition);

  it("tells lists, parameters, masks, bounds and forms by option apart", () => {
    for (const line of [
      /^ {2}scores +list of \[N\] float /m,
      /^ {2}proxies +\[K, D\] float +learnt with the model /m,
      /^ {2}lengths +\[N\] int in \[1, longest\] +no gradient/m,
      /^ {2}target +\[N\] int in \[0, K\) or ignored /m,
      /^ {2}bins +\[N\] int in \[0, count\) /m,
      /^ {2}logits +\[N, K\] float with last true or \[K, N\] float with last false/m,
      /^ {2}sampleWeight +\[N\] float +optional /m,
      /^ {2}mask +\[N\] bool +optional, no gradient /m,
      /^ {2}empty +default "nan" +"nan" \| "zero" \| "error" /m,
    ]) {
      expect(text).toMatch(line);
    }
    expect(text).not.toContain("Formula");
  });
});

function raise(): never {
  throw new Error("there must be a scale");
}

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
