import { allInputs, LossesError, type AnyLoss } from "@losses/core";
import { checkFixtureList, givenLosses } from "../arguments.js";
import type { Fixture } from "../cases/caseFormat.js";

/** Refuses a list of fixtures that cannot be a test: empty, or with an id twice. */
export function requireFixtures(fixtures: readonly Fixture[]): void {
  checkFixtureList("requireFixtures", fixtures);
  if (fixtures.length === 0) {
    throw new LossesError("INVALID_INPUT", "conformance: there must be cases to run, got none.");
  }
  const seen = new Set<string>();
  for (const { id } of fixtures) {
    if (seen.has(id)) throw new LossesError("INVALID_INPUT", `conformance: case ids must be unique, got ${id} twice.`);
    seen.add(id);
  }
}

/** Gradients that we give and PyTorch does not: there is nothing to hold them to. */
const withoutReference: readonly string[] = ["nllLoss weight"];

/**
 * What fixtures leave out, one sentence each: a loss without any, a reduction that no case uses, an input that takes
 * a gradient but never gets one, an option that no case sets, a loss that never has to refuse anything.
 */
export function missingFixtures(fixtures: readonly Fixture[], given?: readonly AnyLoss[]): readonly string[] {
  checkFixtureList("missingFixtures", fixtures);
  const losses = givenLosses("missingFixtures", given);
  const names = losses.map((loss) => loss.lossName);
  const strangers = new Set(fixtures.map((fixture) => fixture.loss).filter((loss) => !names.includes(loss)));
  return [
    ...[...strangers].map((loss) => `${loss} has fixtures but is no registered loss.`),
    ...losses.flatMap((loss) => {
      const own = fixtures.filter((fixture) => fixture.loss === loss.lossName);
      return own.length === 0 ? [`${loss.lossName} has no fixtures.`] : missingFor(loss, own);
    }),
  ];
}

function missingFor({ lossName, definition }: AnyLoss, fixtures: readonly Fixture[]): readonly string[] {
  const answered = fixtures.filter(({ expected }) => "value" in expected);
  const missing: string[] = [];
  const { reduction } = definition.options;
  for (const choice of reduction?.choices ?? []) {
    const covered = answered.some(({ options }) => (options.reduction ?? reduction?.default) === choice);
    if (!covered) missing.push(`${lossName} has no fixture with reduction ${choice}.`);
  }
  for (const [input, { differentiable }] of Object.entries(allInputs(definition))) {
    const graded = answered.some(({ expected }) => "value" in expected && expected.grads[input] !== undefined);
    const exempt = withoutReference.includes(`${lossName} ${input}`);
    if (exempt && graded) missing.push(`${lossName} has a gradient towards ${input} after all: drop its exemption.`);
    if (differentiable && !graded && !exempt)
      missing.push(`${lossName} has no fixture with a gradient towards ${input}.`);
  }
  for (const option of Object.keys(definition.options)) {
    if (!answered.some(({ options }) => options[option] !== undefined)) {
      missing.push(`${lossName} has no fixture that sets option ${option}.`);
    }
  }
  if (answered.length === fixtures.length) missing.push(`${lossName} has no fixture that must be refused.`);
  return missing;
}
