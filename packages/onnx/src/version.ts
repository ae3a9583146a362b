// Written by writeVersion.mjs from package.json.
export const version = "0.0.0";
