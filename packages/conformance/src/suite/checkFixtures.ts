import { allInputs, inputOf, LossesError, type AnyLoss } from "@losses/core";
import { givenFixtures, givenLosses } from "../arguments.js";
import type { Fixture } from "../cases/caseFormat.js";
import { demandNames, meets, type Answered, type Demand } from "./demands.js";
import { exemptions } from "./exemptions.js";

/** Refuses a list of fixtures that cannot be a test: empty, or with an id twice. */
export function requireFixtures(given: readonly Fixture[]): void {
  const fixtures = givenFixtures("requireFixtures", given);
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

/** Axes longer than these cross the borders of vectors, tiles and blocks that machines compute in. */
const borders: readonly number[] = [128, 1024];

/**
 * What fixtures leave out, one sentence each: a loss without any, a reduction that no case uses, an input that takes
 * a gradient but never gets one, an optional input that no case gives, an option that no case sets or a choice of it that none takes, a {@link Demand} that no case meets, axes that cross the borders
 * of blocks, a loss that never has to refuse anything.
 */
export function missingFixtures(given: readonly Fixture[], ofLosses?: readonly AnyLoss[]): readonly string[] {
  const fixtures = givenFixtures("missingFixtures", given);
  const losses = givenLosses("missingFixtures", ofLosses);
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

function missingFor(loss: AnyLoss, fixtures: readonly Fixture[]): readonly string[] {
  const { lossName, definition } = loss;
  const answered = fixtures.filter((fixture): fixture is Answered => "value" in fixture.expected);
  const missing: string[] = [];
  const { reduction } = definition.options;
  for (const choice of reduction?.choices ?? []) {
    const covered = answered.some(({ options }) => (options.reduction ?? reduction?.default) === choice);
    if (!covered) missing.push(`${lossName} has no fixture with reduction ${choice}.`);
  }
  for (const [input, { differentiable }] of Object.entries(allInputs(definition))) {
    const graded = answered.some(
      ({ expected }) => "value" in expected && Object.keys(expected.grads).some((name) => inputOf(name) === input),
    );
    const exempt = withoutReference.includes(`${lossName} ${input}`);
    if (exempt && graded) missing.push(`${lossName} has a gradient towards ${input} after all: drop its exemption.`);
    if (differentiable && !graded && !exempt)
      missing.push(`${lossName} has no fixture with a gradient towards ${input}.`);
  }
  const given = new Set(answered.flatMap(({ inputs }) => inputs.map(({ name }) => inputOf(name))));
  for (const input of Object.keys(definition.optionalInputs ?? {})) {
    if (!given.has(input)) missing.push(`${lossName} has no fixture that gives ${input}.`);
  }
  for (const option of Object.keys(definition.options)) {
    if (!answered.some(({ options }) => options[option] !== undefined)) {
      missing.push(`${lossName} has no fixture that sets option ${option}.`);
    }
  }
  for (const [option, { choices = [], default: initial }] of Object.entries(definition.options)) {
    if (option === "reduction") continue;
    for (const choice of choices) {
      const isTaken = answered.some(({ options }) => {
        const value = options[option] ?? initial;
        return value === choice || (Array.isArray(value) && value.includes(choice));
      });
      if (!isTaken) missing.push(`${lossName} has no fixture with option ${option} ${choice}.`);
    }
  }
  for (const demand of Object.keys(demandNames) as readonly Demand[]) {
    const isMet = meets(demand, answered, [loss]);
    const exempt = exemptions.some((one) => one.of.includes(demand) && one.losses.includes(lossName));
    if (exempt && isMet !== false)
      missing.push(`${lossName} has a fixture ${demandNames[demand]} after all: drop its exemption.`);
    if (!exempt && isMet === false) missing.push(`${lossName} has no fixture ${demandNames[demand]}.`);
  }
  for (const border of borders) {
    // An odd size leaves a rest in every block.
    const crosses = (size: number): boolean => size > border && size % 2 === 1;
    const isCrossed = answered.some(({ inputs }) => inputs.some(({ shape }) => shape.some(crosses)));
    if (!isCrossed) missing.push(`${lossName} has no fixture with an odd axis beyond ${border}.`);
  }
  if (answered.length === fixtures.length) missing.push(`${lossName} has no fixture that must be refused.`);
  return missing;
}
