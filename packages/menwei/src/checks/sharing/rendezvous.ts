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

/** The nodes in which the endpoint finds the highest numbers; of different zones as far as there are some. */
export function checkersOf(endpoint: string, nodes: readonly CheckerNode[]): readonly string[] {
  const start = hash(endpoint, 0x811c9dc5);
  const ranked: { readonly node: CheckerNode; readonly rank: number }[] = [];
  const byZone = new Map<string, number>();
  for (const node of nodes) ranked.push({ node, rank: mix(hash(node.name, start)) });
  ranked.sort((a, b) => b.rank - a.rank || (a.node.name < b.node.name ? -1 : 1));
  // The first of each zone, then the second of each.
  const placed = ranked.map(({ node }, index) => {
    const before = node.zone === '' ? 0 : (byZone.get(node.zone) ?? 0);
    byZone.set(node.zone, before + 1);
    return { name: node.name, turn: before, index };
  });
  placed.sort((a, b) => a.turn - b.turn || a.index - b.index);
  return placed.slice(0, CHECKERS).map(({ name }) => name);
}

/** FNV-1a, of 32 bits. */
function hash(text: string, start: number): number {
  let value = start;
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
