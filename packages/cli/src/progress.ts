import process from "node:process";
import { SingleBar } from "cli-progress";

/** A bar on standard error where that is a terminal; nothing elsewhere. */
export interface ProgressBar {
  /** Shows how far the work named `title` has come. */
  readonly show: (title: string, done: number, total: number) => void;
  readonly stop: () => void;
}

export function progressBar(): ProgressBar {
  if (!process.stderr.isTTY) return { show: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    stream: process.stderr,
    format: "{title} {bar} {value}/{total}",
    barsize: 30,
    clearOnComplete: true,
    hideCursor: true,
  });
  let current = "";
  const stop = (): void => {
    if (current !== "") bar.stop();
    current = "";
  };
  const show = (title: string, done: number, total: number): void => {
    if (title !== current) {
      stop();
      bar.start(total, done, { title });
      current = title;
    }
    bar.setTotal(total);
    bar.update(done, { title });
  };
  return { show, stop };
}
