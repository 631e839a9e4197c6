/** Some rounds of each scenario of `npm run stress`, the same ones every time. */
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { describeRounds } from '../stress/some-rounds.ts';

describeRounds('drain', { iptables: [1], nftables: [1], userspace: [1] });
describeRounds('restart', { iptables: [1], nftables: [1], userspace: [1] });
describeRounds('takeover', { iptables: [1], nftables: [1, 3], userspace: [5] });

describe('the command', () => {
  const command = (...args: readonly string[]) => ['scripts/stress.ts', ...args];

  it('plays a round and says in its last line what came of it', () => {
    const output = execFileSync(process.execPath, command('restart', '--modes', 'nftables', '--seed', '1'));
    expect(output.toString().trim().split('\n').at(-1)).toMatch(
      /^stress restart: 1 rounds, 0 failed, \d+ s \(nftables 1 rounds, 0 failed, \d+ s\)$/,
    );
  });

  it.each([[['nonsense']], [['drain', '--modes', 'ebpf']], [['drain', '--times', 'many']]])(
    'refuses %j',
    (args) => {
      expect(spawnSync(process.execPath, command(...args)).status).toBe(2);
    },
  );
});
