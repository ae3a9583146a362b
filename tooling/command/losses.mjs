#!/usr/bin/env node
// Not a dependency on @losses/cli: turbo would then rebuild every package after a change in any of them.
import "../../packages/cli/bin/losses.mjs";
