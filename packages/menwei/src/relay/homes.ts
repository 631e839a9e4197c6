/** Which threads a relay lives in. */
import { createHash } from 'node:crypto';
import type { Relay } from './contract.ts';

/**
 * Every thread takes its share of connections, but the memory of clients (affinity) is in one thread only: always the same
 * one for a key.
 */
export function homesOf({ key, affinityMs }: Relay, threadCount: number): readonly number[] {
  if (affinityMs === 0) return Array.from({ length: threadCount }, (_, number) => number);
  return [createHash('sha256').update(key).digest().readUInt32BE() % threadCount];
}
