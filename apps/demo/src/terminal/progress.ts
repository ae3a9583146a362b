import process from "node:process";
import { SingleBar } from "cli-progress";

export interface Progress {
  readonly update: (step: number, loss: number) => void;
  readonly finish: (summary: string) => void;
}

/** A bar that fills while a loss is trained; where the output is not a terminal, one line when it is done. */
export function startProgress(name: string, steps: number): Progress {
  if (process.stdout.isTTY !== true) {
    return {
      update: () => undefined,
      finish: (summary) => console.log(`${name.padEnd(18)} ${steps} steps  ${summary}`),
    };
  }
  const bar = new SingleBar({
    format: `${name.padEnd(18)} {bar} {value}/{total}  {note}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    hideCursor: true,
    stream: process.stdout,
  });
  bar.start(steps, 0, { note: "" });
  return {
    update: (step, loss) => bar.update(step, { note: `loss ${loss.toPrecision(4)}` }),
    finish: (summary) => {
      bar.update(steps, { note: summary });
      bar.stop();
    },
  };
}
