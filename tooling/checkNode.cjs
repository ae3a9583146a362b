"use strict";
// Runs before everything else, on any Node ever released: so no modern syntax here.
var wanted = require("../package.json").engines.node.replace(">=", "").split(".");
var found = process.versions.node.split(".");
var tooOld = Number(found[0]) < Number(wanted[0]) || (found[0] === wanted[0] && Number(found[1]) < Number(wanted[1]));

if (tooOld) {
  console.error("@losses needs Node " + wanted.join(".") + " or newer; this is Node " + process.versions.node + ".");
  console.error("Install a current version from https://nodejs.org and run the command again.");
  process.exit(1);
}
