import type { Dim } from "@losses/core";
import type { Features } from "../platform.js";
import { isAtHand, type Contents, type Product, type Root, type Whole } from "./inMemory.js";

/** Loops over one space, for all the roots that are computed in them. */
export interface LoopNest {
  readonly space: readonly Dim[];
  readonly roots: readonly Root[];
}

/** One thing after the other. */
export type Stage = { readonly nest: LoopNest } | { readonly product: Product } | { readonly whole: Whole };

interface Group {
  readonly nodes: ReadonlySet<number>;
  /** The tensors that it needs to be in memory or at hand. */
  readonly needs: ReadonlySet<number>;
  readonly stage: Stage;
}

/** The group that makes each tensor; none makes inputs. */
type Made = ReadonlyMap<number, Group>;

/** Brings roots together that can have loops in common, and puts everything in order. */
export function fuse({ roots, products, wholes }: Contents, features: Features): readonly Stage[] {
  const groups = new Set<Group>();
  for (const root of roots) groups.add(nestGroup(root.space, [root]));
  for (const product of products) {
    const needs = new Set([product.left.memory, product.right.memory]);
    groups.add({ nodes: new Set([product.node]), needs, stage: { product } });
  }
  for (const whole of wholes) {
    groups.add({ nodes: new Set(whole.nodes), needs: new Set(whole.operands), stage: { whole } });
  }
  const made = new Map<number, Group>();
  const note = (group: Group): void => group.nodes.forEach((node) => made.set(node, group));
  groups.forEach(note);
  const tryMerge = (a: Group, b: Group): boolean => {
    const merged = a === b ? undefined : merge(made, a, b, features);
    if (merged === undefined) return false;
    groups.delete(a);
    groups.delete(b);
    groups.add(merged);
    note(merged);
    return true;
  };
  // What reads a result goes where the result is made, over large spaces before small ones.
  for (const { source, user } of readings(roots)) {
    const [from, to] = [made.get(source.node), made.get(user.node)];
    if (from !== undefined && to !== undefined) tryMerge(from, to);
  }
  // Then loops over the same space are brought together.
  let isChanged = true;
  while (isChanged) {
    const list = [...groups];
    isChanged = list.some((a, i) => list.slice(i + 1).some((b) => haveSameSpace(a, b) && tryMerge(a, b)));
  }
  return inOrder(groups);
}

interface Reading {
  readonly source: Root;
  readonly user: Root;
}

/** Which roots read which, those first that have most loops in common. */
function readings(roots: readonly Root[]): readonly Reading[] {
  const byNode = new Map(roots.map((root) => [root.node, root]));
  const all = roots.flatMap((user) =>
    [...user.reads].reverse().flatMap(({ node }): readonly Reading[] => {
      const source = byNode.get(node);
      return source === undefined ? [] : [{ source, user }];
    }),
  );
  const common = ({ source, user }: Reading): number => Math.min(source.space.length, user.space.length);
  return all.sort((a, b) => common(b) - common(a));
}

function nestGroup(space: readonly Dim[], roots: readonly Root[]): Group {
  const needs = new Set(roots.flatMap((root) => root.reads.map((read) => read.node)));
  return { nodes: new Set(roots.map((root) => root.node)), needs, stage: { nest: { space, roots } } };
}

function haveSameSpace(a: Group, b: Group): boolean {
  if (!("nest" in a.stage) || !("nest" in b.stage)) return false;
  return sameDims(a.stage.nest.space, b.stage.nest.space);
}

function sameDims(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/** One group instead of two, if what each needs of the other is at hand and nothing else lies between them. */
function merge(made: Made, a: Group, b: Group, { shares }: Features): Group | undefined {
  if (!("nest" in a.stage) || !("nest" in b.stage)) return undefined;
  const [x, y] = [a.stage.nest, b.stage.nest];
  const space = x.space.length > y.space.length ? x.space : y.space;
  const roots = [...x.roots, ...y.roots].sort((p, q) => p.node - q.node);
  const outer = space.slice(0, -1);
  if (!roots.every((root) => sameDims(root.space, space) || sameDims(root.space, outer))) return undefined;
  const byNode = new Map(roots.map((root) => [root.node, root]));
  // A share has but a part of the only row.
  const isRowShared = shares === true && space.length === 1;
  const fits = roots.every((root) =>
    root.reads.every((read) => {
      const source = byNode.get(read.node);
      if (source === undefined) return true;
      return isAtHand(space, source, read) && !(isRowShared && source.reduced.length > 0);
    }),
  );
  if (!fits || isBetween(made, a, b) || isBetween(made, b, a)) return undefined;
  return nestGroup(space, roots);
}

/** True if `to` needs something of a third group that needs something of `from`. */
function isBetween(made: Made, from: Group, to: Group): boolean {
  const seen = new Set([to]);
  const leadsTo = (group: Group): boolean => {
    for (const node of group.needs) {
      const next = made.get(node);
      if (next === undefined || seen.has(next)) continue;
      if (next !== from) seen.add(next);
      if (next === from ? group !== to : leadsTo(next)) return true;
    }
    return false;
  };
  return leadsTo(to);
}

function inOrder(groups: ReadonlySet<Group>): readonly Stage[] {
  const left = new Set(groups);
  const stages: Stage[] = [];
  while (left.size > 0) {
    const ready = [...left].find((group) =>
      [...left].every((other) => other === group || ![...other.nodes].some((node) => group.needs.has(node))),
    );
    if (ready === undefined) throw new RangeError("stages need each other");
    left.delete(ready);
    stages.push(ready.stage);
  }
  return stages;
}
