// What a registry and its users read of each package: its manifest, its README, the licences it brings along.
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { findPnpm } from "../install.mjs";
import { publishedFolders } from "../packs.mjs";
import { readJson, root } from "../repository.mjs";
import { run } from "../runProgram.mjs";

const packages = publishedFolders().map((folder) => ({
  folder,
  manifest: readJson(join(root, folder, "package.json")),
}));
const backends = ["js", "tfjs", "onnx", "onnxruntime", "wasm", "conformance"].map((name) => `@losses/${name}`);

describe.each(packages.map((one) => ({ name: one.manifest.name, ...one })))("$name", ({ name, folder, manifest }) => {
  it("says what a registry shows", () => {
    expect(manifest).toMatchObject({
      license: "Apache-2.0",
      type: "module",
      sideEffects: false,
      repository: { type: "git", directory: folder },
      homepage: expect.stringContaining(`/${folder}#readme`),
      bugs: expect.stringMatching(/\/issues$/),
      engines: { node: readJson(join(root, "package.json")).engines.node },
      publishConfig: { access: "public", provenance: true },
    });
    expect(manifest.description.length).toBeGreaterThan(20);
    expect(manifest.keywords.length).toBeGreaterThan(1);
  });

  it("has keywords that its own words bear out", () => {
    const words = `${manifest.description} ${readme(folder)} ${name}`.toLowerCase().replace(/\W+/g, " ");
    const strange = manifest.keywords.filter(
      (/** @type {string} */ keyword) => !words.includes(keyword.replace(/\W+/g, " ").trim()),
    );
    expect(strange).toEqual([]);
  });

  it("runs nothing when it is installed", () => {
    const scripts = Object.keys(manifest.scripts ?? {});
    expect(scripts.filter((script) => /^(pre|post)?(install|prepare|publish)$/.test(script))).toEqual([]);
  });

  it("exports files that exist, types first, and its manifest", () => {
    expect(manifest.exports["./package.json"]).toBe("./package.json");
    for (const target of Object.values(manifest.exports)) {
      if (typeof target === "string") continue;
      expect(Object.keys(target)).toEqual(["types", "default"]);
      for (const file of Object.values(target)) expect(existsSync(join(root, folder, file)), file).toBe(true);
    }
    // For tools that know no exports.
    expect([manifest.main, manifest.types]).toEqual([manifest.exports["."].default, manifest.exports["."].types]);
  });

  it("has a README that stands alone", () => {
    const text = readme(folder);
    expect(text).toMatch(new RegExp(`^# ${name}`));
    expect(text).toMatch(new RegExp(`(npm install|npx) [^\\n]*${name}`));
    const away = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)\s]+)/g)].map(([, link = ""]) => link);
    expect(away.filter((link) => posix.normalize(link).startsWith(".."))).toEqual([]);
  });

  it("takes the core that its user has, where it is a part of a backend", () => {
    expect(manifest.dependencies?.["@losses/core"]).toBe(
      backends.includes(name) || name === "@losses/core" ? undefined : "workspace:^",
    );
    expect(manifest.peerDependencies?.["@losses/core"]).toBe(backends.includes(name) ? "workspace:^" : undefined);
  });
});

it("@losses/core depends on nothing", () => {
  const { dependencies, peerDependencies, optionalDependencies } = readJson(join(root, "packages/core/package.json"));
  expect([dependencies, peerDependencies, optionalDependencies]).toEqual([undefined, undefined, undefined]);
});

it("outside the repository nobody is told to run the bare name, which is another's", () => {
  const bare = packages.filter(({ folder }) =>
    /\b(npx|npm (install|i|exec)|pnpm dlx|bunx)( -\S+)* losses\b(?!\/)/.test(readme(folder)),
  );
  expect(bare.map(({ folder }) => folder)).toEqual([]);
});

it("what comes along has a licence that allows it", () => {
  const { command, args } = findPnpm();
  const listed = JSON.parse(
    run(command, [...args, "licenses", "list", "--prod", "--json", "--filter", "./packages/*"], { cwd: root }),
  );
  const free = ["MIT", "ISC", "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "(Apache-2.0 AND BSD-3-Clause)"];
  expect(Object.keys(listed).length).toBeGreaterThan(0);
  expect(Object.keys(listed).filter((licence) => !free.includes(licence))).toEqual([]);
});

/** @param {string} folder */
function readme(folder) {
  return readFileSync(join(root, folder, "README.md"), "utf8");
}
