import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { appFolder } from "../generate/paths.js";

/** The one script that stands in the pages themselves: as a file, it would have to come before anything is drawn. */
export const firstScript: string = readFileSync(join(appFolder, "site/firstScript.js"), "utf8").trim();

/** What the policy calls it by. */
export const firstScriptHash: string = `sha256-${createHash("sha256").update(firstScript).digest("base64")}`;
