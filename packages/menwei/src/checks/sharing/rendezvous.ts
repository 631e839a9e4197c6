/**
 * Which nodes check an endpoint (health § 5): each node finds the same, from the names of the nodes alone, and when one comes or
 * goes only the endpoints that it is one of the checkers of change theirs. Pure.
 */

export interface CheckerNode {
  readonly name: string;
  /** Empty: unknown. */
  readonly zone: string;
}

/** How many check an endpoint, and how many of them have to agree that it is down. */
const CHECKERS = 3;
export const QUORUM = 2;

/** The nodes among which checkers are chosen, made ready for many endpoints. */
export class CheckerChoice {
  readonly nodes: readonly CheckerNode[];
  readonly #hashes: Uint32Array;

  constructor(nodes: readonly CheckerNode[]) {
    this.nodes = nodes;
    this.#hashes = Uint32Array.from(nodes, ({ name }) => hash(name));
  }

  /** The nodes that have the highest numbers for the endpoint: the first of each zone, then the second of each. */
  checkersOf(endpoint: string): readonly string[] {
    const own = hash(endpoint);
    const byZone = new Map<string, Ranked[]>();
    this.nodes.forEach((node, index) => {
      const rank = mix(own ^ (this.#hashes[index] ?? 0));
      const best = byZone.get(node.zone);
      if (best === undefined) byZone.set(node.zone, [{ node, rank }]);
      else keepBest(best, { node, rank });
    });
    // Of nodes whose zone nobody knows each counts as one in a zone of its own.
    const placed = [...byZone].flatMap(([zone, best]) =>
      best.map((ranked, place) => ({ ...ranked, turn: zone === '' ? 0 : place })),
    );
    placed.sort((a, b) => a.turn - b.turn || compare(a, b));
    return placed.slice(0, CHECKERS).map(({ node }) => node.name);
  }
}

interface Ranked {
  readonly node: CheckerNode;
  readonly rank: number;
}

function compare(a: Ranked, b: Ranked): number {
  return b.rank - a.rank || (a.node.name < b.node.name ? -1 : 1);
}

/** Keeps as many as may be needed, the best first. */
function keepBest(best: Ranked[], ranked: Ranked): void {
  const last = best[CHECKERS - 1];
  if (last !== undefined && last.rank > ranked.rank) return;
  best.push(ranked);
  best.sort(compare);
  best.length = Math.min(best.length, CHECKERS);
}

/** FNV-1a, of 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}

/** Names that differ in their last letter alone have to get numbers that have nothing to do with each other. */
function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
