/** Rules that come back from the real tools as they were written. */
import { spawnSync } from 'node:child_process';
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { formatRule } from '@menwei/netfilter/iptables/rule.ts';
import { parseSavedRule } from '@menwei/netfilter/iptables/saved-rule.ts';
import { describe, expect, it } from 'vitest';
import { describeVariants } from './iptables-variants.ts';

/** Written for IPv4; IPv6 has other addresses and set names in their places. */
export function describeSavedRules(rules: readonly string[]): void {
  describeVariants((_variant, openKernel) => {
    describe.each(IP_FAMILIES)('%s', (family) => {
      it.each(rules.map((rule) => ofFamily(rule, family)))('keeps %s', async (written) => {
        const tools = await openKernel(family);
        for (const [, name = '', directions = ''] of written.matchAll(/--match-set (\S+) (\S+)/g))
          createSet(name, directions, family);
        const signal = new AbortController().signal;
        const script = `*filter\n:K1 - [0:0]\n:K2 - [0:0]\n-A K1 ${written}\nCOMMIT\n`;
        await tools.restore([script], signal);
        const [line = ''] = (await tools.list('filter', 'K1', signal)) ?? [];
        const rule = parseSavedRule(line.slice('-A K1 '.length));
        expect(rule === undefined ? line : formatRule(rule)).toBe(written);
      });
    });
  });
}

function ofFamily(rule: string, family: IpFamily): string {
  if (family === 'IPv4') return rule;
  return rule
    .replaceAll('10.0.0.0/8', 'fd00:10::/64')
    .replaceAll('1.2.3.5', 'fd00::5')
    .replaceAll('--match-set KUBE-', '--match-set KUBE-6-');
}

/** The types of sets by the directions in which rules look into them. */
const SET_TYPES: Readonly<Record<string, readonly string[]>> = {
  dst: ['bitmap:port', 'range', '0-65535'],
  'dst,dst': ['hash:ip,port'],
  'dst,dst,src': ['hash:ip,port,net'],
};

/** A set for rules that look into it like this, unless it is there. */
export function createSet(name: string, directions: string, family: IpFamily): void {
  const type = SET_TYPES[directions] ?? [];
  const ofFamily = directions === 'dst' ? [] : ['family', family === 'IPv4' ? 'inet' : 'inet6'];
  const { status, stderr } = spawnSync('ipset', ['create', name, ...type, ...ofFamily, '-exist'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`ipset create ${name}: ${stderr}`);
}
