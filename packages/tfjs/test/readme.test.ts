import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { deviceSources } from "../src/devices.js";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const readme = read("../README.md");

/** The rows of the table whose header has this in a cell, without the header. */
function rows(header: string): readonly (readonly string[])[] {
  const lines = readme.split("\n");
  const start = lines.findIndex((line) => line.startsWith("|") && line.includes(header));
  const end = lines.findIndex((line, i) => i > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
}

describe("the README", () => {
  it("names every device and its package", () => {
    const listed = rows("| device ").map(([, device, source]) => [device, source]);
    expect(listed).toEqual(
      Object.entries(deviceSources).map(([name, source]) => [`\`${name}\``, `\`${source.package}\``]),
    );
  });

  it("has a line for every test of a difference from TensorFlow.js, and a test for every line", () => {
    const listed = rows("| in TensorFlow.js 4.22 ").map(([, , test]) => test?.replaceAll("\\|", "|"));
    const tests = [...read("differences.test.ts").matchAll(/^ {2}it\("([^"]+)"/gm)].map(([, title]) => title);
    expect(tests.length).toBeGreaterThan(0);
    expect(listed).toEqual(tests);
  });
});
