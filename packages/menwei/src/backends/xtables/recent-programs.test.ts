import { expect, it } from 'vitest';
import { RecentPrograms } from './recent-programs.ts';

it('knows the newest programs, however many there were', () => {
  const programs = new RecentPrograms(3);
  for (let port = 1; port <= 10_000; port++) programs.note(port, `nft (process ${port})`);
  programs.note(9_998, 'nft (process 9998)');
  programs.note(1, 'iptables (process 1)');
  expect([...programs.take()]).toEqual([
    [10_000, 'nft (process 10000)'],
    [9_998, 'nft (process 9998)'],
    [1, 'iptables (process 1)'],
  ]);
  expect(programs.take().size).toBe(0);
});
