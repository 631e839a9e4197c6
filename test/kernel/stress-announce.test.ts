/** A few rounds of `npm run stress:announce`: an owner that is stopped for so long that others take over, and goes on. */
import { expect, it } from 'vitest';
import { soakAnnouncing } from '../stress/announce/soak.ts';

it('a node that was stopped says nothing more of what others have', { timeout: 240_000 }, async () => {
  const lines: string[] = [];
  const report = (line: string) => void lines.push(line);
  const options = { seed: 1, forMs: 4_000, nodes: 3, hasHeartbeat: false, faults: ['pause'], report };
  expect(await soakAnnouncing(options), lines.join('\n')).toEqual([]);
});
