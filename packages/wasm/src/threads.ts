export type { Run, ShareLimits, SharePlan, ShareStep, Team } from "./machine/shares.js";
export { createTeam, type ThreadTeam } from "./threads/team.js";
