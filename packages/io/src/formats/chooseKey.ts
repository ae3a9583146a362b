import { unsupported } from "../fileError.js";

/** Which array of a file that holds several: the one that is named, else the one with the name of the input, else the only one. */
export interface KeyChoice {
  readonly key?: string | undefined;
  readonly input?: string | undefined;
}

export function chooseKey(name: string, keys: readonly string[], { key, input }: KeyChoice): string {
  const wanted = key ?? (input !== undefined && keys.includes(input) ? input : undefined);
  const [only] = keys;
  if (wanted !== undefined ? keys.includes(wanted) : keys.length === 1 && only !== undefined)
    return wanted ?? only ?? "";
  const some = keys.slice(0, 8).join(", ") + (keys.length > 8 ? ` and ${keys.length - 8} more` : "");
  const got = wanted === undefined ? "none named" : wanted;
  throw unsupported(
    `${name}: the array must be one of ${some || "none, for the file has no arrays"}, got ${got}. Name it: ${name}:<array>.`,
  );
}
