import { loadFixtures, type Fixture } from "@losses/conformance";

export const few: readonly Fixture[] = loadFixtures().filter(({ loss }) => loss === "hingeGanGeneratorLoss");
