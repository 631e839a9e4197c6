/** A short run of `npm run stress:dns`. */
import { expect, it } from 'vitest';
import { attackDns } from '../stress/dns/dns-under-attack.ts';

it('menwei dns goes on among hostile clients', async () => {
  const lines: string[] = [];
  const faults = await attackDns({ seed: 15, messages: 20_000, report: (line) => lines.push(line) });

  expect(faults, lines.join('\n')).toEqual([]);
});
