import { aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { type Pick, parsePickChainName, pickChainName } from './pick-chains.ts';
import { NftablesRules } from './rules.ts';

describe('the name of a chain that picks', () => {
  const picks = (['ip', 'nodeport'] as const).flatMap((kind) =>
    (['all', 'local'] as const).flatMap((among) =>
      [{ part: 15, count: 5_000 }, 'memory' as const].flatMap((by) =>
        [true, false].map((masqueraded): Pick => ({ kind, among, by, masqueraded })),
      ),
    ),
  );

  it.each(picks)('tells which it is: %j', (pick) => {
    expect(parsePickChainName(pickChainName(pick))).toEqual(pick);
  });

  it.each(['services', 'sticky-ns/web/tcp/http', 'pick-3', 'local-remember-ns/web/tcp/http', 'pick-3/7x'])(
    'is not %s',
    (name) => expect(parsePickChainName(name)).toBeUndefined(),
  );
});

describe('chains that nothing needs any more', () => {
  it('are right for who compares, and what is wrong in them is not', () => {
    const rules = new NftablesRules({
      family: 'IPv4',
      masqueradeMark: 1 << 14,
      masqueradeAll: false,
      answeredVIPs: 'pools',
    });
    const node = aNodeView();
    const planOf = (endpoints: number) => {
      const ips = Array.from({ length: endpoints }, (_, index) => anEndpoint({ ip: `10.0.0.${1 + index}` }));
      const port = aServicePort({ endpoints: ips });
      const plan = rules.plan();
      plan.update(node, new Map([[port.key, rules.compile(port, node)]]));
      return plan;
    };
    const running = planOf(3);
    const one = aServicePort({ endpoints: [anEndpoint({ ip: '10.0.0.1' })] });
    running.update(node, new Map([[one.key, rules.compile(one, node)]]));
    const held = running.complete();
    const fresh = planOf(1);
    expect(rules.isEmpty(rules.diff(held, fresh.complete()))).toBe(false);
    fresh.adopt?.(held);
    expect(rules.format(rules.diff(held, fresh.complete()))).toBe('');
    const chains = new Map([...(held?.chains ?? [])].map(([name, chain]) => [name, { ...chain, rules: [] }]));
    const damaged = held === undefined ? undefined : { ...held, chains };
    expect(rules.format(rules.diff(damaged, fresh.complete()))).toContain('pick-3/');
  });
});
