import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FIELDS } from './configuration.ts';
import { judgeFields } from './live-fields.ts';

const LIVE = FIELDS.filter(({ live }) => live === true).map(({ path }) => path);

describe('judgeFields', () => {
  it('has a live field take effect, in the modes that read it', () => {
    const periods = ['iptables.syncPeriod', 'nftables.syncPeriod', 'ipvs.syncPeriod'];
    const others = ['logging.verbosity', 'conntrack.min', 'oomScoreAdj'];
    expect(judgeFields([...periods, ...others], 'nftables')).toEqual({
      live: ['nftables.syncPeriod', ...others],
      restart: [],
      unused: ['iptables.syncPeriod', 'ipvs.syncPeriod'],
    });
    expect(judgeFields(periods, 'userspace').live).toEqual(['iptables.syncPeriod']);
  });

  it('has every other field that counts wait for a start', () => {
    for (const { path } of FIELDS.filter(({ live, withoutEffect }) => !live && !withoutEffect)) {
      const modes = ['iptables', 'nftables', 'ipvs', 'userspace', 'auto'];
      expect({
        path,
        isSomewhere: modes.some((mode) => judgeFields([path], mode).restart.length > 0),
      }).toEqual({
        path,
        isSomewhere: true,
      });
    }
  });

  it('knows that ipvs and userspace mode read some of what is named after iptables', () => {
    for (const mode of ['ipvs', 'userspace', 'iptables'])
      expect(judgeFields(['iptables.masqueradeBit'], mode).restart).toHaveLength(1);
    expect(judgeFields(['iptables.masqueradeBit'], 'nftables').unused).toHaveLength(1);
  });

  it('says in the document which fields are live', () => {
    const url = new URL('../../../../docs/live-configuration.md', import.meta.url);
    const [, rows = ''] = readFileSync(url, 'utf8').split('## Fields that can change live');
    const named = rows
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) =>
        Array.from((line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g), ([, name = '']) => name),
      )
      .map((name) => (name.startsWith('.') ? `conntrack${name}` : name));
    expect(named.toSorted()).toEqual(LIVE.toSorted());
  });
});
