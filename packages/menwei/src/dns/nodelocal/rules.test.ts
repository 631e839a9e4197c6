import { describe, expect, it } from 'vitest';
import { compileRules } from './rules.ts';

const IPS = ['169.254.20.10', '10.96.0.10', 'fd00:96::a'];

describe('rules of node-local DNS', () => {
  it('are about both ways at both hooks, before connection tracking', () => {
    const table = compileRules('IPv4', IPS);
    const chains = [...(table?.chains.values() ?? [])];
    expect(chains.map(({ hook }) => hook)).toEqual([
      { type: 'filter', hook: 'prerouting', priority: -300 },
      { type: 'filter', hook: 'output', priority: -300 },
    ]);
    for (const { rules } of chains) {
      expect(rules.map(({ text }) => text)).toEqual([
        'ip daddr . meta l4proto . th dport @frontends notrack',
        'ip saddr . meta l4proto . th sport @frontends notrack',
      ]);
    }
  });

  it.each([
    ['IPv4', 4],
    ['IPv6', 2],
  ] as const)('have the addresses of %s by UDP and TCP', (family, count) => {
    expect(compileRules(family, IPS)?.elements.get('frontends')?.size).toBe(count);
  });

  it('are none without an address', () => {
    expect(compileRules('IPv6', ['10.96.0.10'])).toBeUndefined();
  });
});
