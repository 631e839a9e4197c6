/** Our rules, sets and virtual servers for spec § 6.4's example against what kube-proxy 1.36.2 made of it. */
import { formatHostPort } from '@menwei/addresses/ip.ts';
import { formatHeldRule } from '@menwei/netfilter/iptables/rule.ts';
import {
  aNodeView,
  anEndpoint,
  aServicePort,
  type ServicePortFields,
} from '@menwei/testing/services/testing.ts';
import { IpvsRules } from 'menwei/backends/ipvs/rules.ts';
import type { ServerContent } from 'menwei/backends/ipvs/state.ts';
import { describe, expect, it } from 'vitest';
import { capturedBlocks } from './reference.ts';

const [RESTORE = [], SETS = [], SERVERS = []] = capturedBlocks('6.4');

const NODE = aNodeView({
  ip: '192.168.0.2',
  detectLocal: { by: 'cidr', cidr: '10.0.0.0/8' },
  localAddresses: ['192.168.0.2'],
});

/** Four Services alike, each with an address of every kind. */
const PORTS = [
  port(1, 'TCP', {
    externalPolicyLocal: true,
    loadBalancerSourceRanges: ['203.0.113.0/25', '192.168.0.0/24'],
    healthCheckNodePort: 30000,
  }),
  port(2, 'UDP', { externalPolicyLocal: true, loadBalancerSourceRanges: ['203.0.113.0/25'] }),
  port(3, 'SCTP', { externalPolicyLocal: true }),
  port(4, 'TCP', {}),
];

const rules = new IpvsRules({
  family: 'IPv4',
  masqueradeMark: 1 << 14,
  masqueradeAll: false,
  answeredVIPs: 'pools',
  scheduler: 'rr',
});
const plan = rules.plan();
plan.update(NODE, new Map(PORTS.map((each) => [each.key, rules.compile(each, NODE)])));
const state = plan.complete();

function port(index: number, protocol: 'TCP' | 'UDP' | 'SCTP', fields: ServicePortFields) {
  return aServicePort({
    namespace: `ns${index}`,
    name: `svc${index}`,
    portName: 'p80',
    protocol,
    clusterIP: `172.30.0.4${index}`,
    nodePort: 3000 + index,
    externalIPs: [`192.168.99.${21 + index}`],
    loadBalancerVIPs: [`1.2.3.${3 + index}`],
    endpoints: [anEndpoint({ ip: '10.180.0.1', port: 80, isLocal: true })],
    ...fields,
  });
}

/** The chains that the restore file declares, with their rules in order. */
function goldenChains(): Record<string, readonly string[]> {
  const chains: Record<string, string[]> = {};
  let table = '';
  for (const line of RESTORE) {
    const [word = '', chain = ''] = line.split(' ');
    if (word.startsWith('*')) table = word.slice(1);
    else if (word.startsWith(':')) chains[`${table} ${word.slice(1)}`] = [];
    else if (word === '-A') chains[`${table} ${chain}`]?.push(line.slice(`-A ${chain} `.length));
  }
  return chains;
}

describe('Services with every feature in ipvs mode', () => {
  it('have kube-proxy 1.36.2’s rules, chain by chain', () => {
    const ours = [...state.rules.fixed]
      .filter(([id]) => id.includes(' KUBE-'))
      .map(([id, content]) => [id, content === 'any' ? content : content.map(formatHeldRule)] as const);
    expect(Object.fromEntries(ours)).toEqual(goldenChains());
  });

  it.each(SETS)('%s', (line) => {
    const [, name = '', members = ''] = /^(\S+): \[(.*)\]$/.exec(line) ?? [];
    expect([...(state.sets.get(name)?.entries ?? [])].sort()).toEqual(members.split(' ').sort());
  });

  it('have no members in other sets than those, but for the list of virtual servers', () => {
    const named = SETS.map((line) => line.slice(0, line.indexOf(':')));
    const filled = [...state.sets].filter(([, { entries }]) => entries.size > 0).map(([name]) => name);
    expect(filled.sort()).toEqual([...named, 'MENWEI-VIRTUAL-SERVERS'].sort());
  });

  it('have kube-proxy 1.36.2’s virtual servers', () => {
    expect([...state.servers.values()].map(formatServer).sort()).toEqual([...SERVERS].sort());
  });
});

function formatServer({ server, destinations }: ServerContent): string {
  const { frontend, scheduler, flags, timeoutSeconds } = server;
  if ('mark' in frontend) throw new Error('BUG: a virtual server without an address');
  const where = `${formatHostPort(frontend.ip, frontend.port)}/${frontend.protocol}`;
  const list = [...destinations.keys()].join(' ');
  return `VS ${where} ${scheduler} flags=${flags} t=${timeoutSeconds} -> [${list}]`;
}
