/** Our rules for spec § 4.10's example against what kube-proxy 1.36.2 wrote for it, chain by chain. */
import { formatHostPort } from '@menwei/addresses/ip.ts';
import { diff } from '@menwei/netfilter/iptables/diff.ts';
import { formatHeldRule } from '@menwei/netfilter/iptables/rule.ts';
import type { Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import { compile } from 'menwei/backends/iptables/compile.ts';
import { ACCOUNTING_OBJECTS, type IptablesOptions } from 'menwei/backends/iptables/options.ts';
import { IptablesPlan } from 'menwei/backends/iptables/plan.ts';
import { DEFAULT_BALANCING } from 'menwei/kubernetes/objects.ts';
import type { NodeView } from 'menwei/services/node-view.ts';
import type { Endpoint, ServicePort } from 'menwei/state/service-port.ts';
import { describe, expect, it } from 'vitest';
import { capturedBlocks } from './reference.ts';

const [WITH_ENDPOINTS = [], AFTER_REMOVAL = []] = capturedBlocks('4.10');

const OPTIONS: IptablesOptions = {
  family: 'IPv4',
  masqueradeMark: 1 << 14,
  masqueradeAll: false,
  answeredVIPs: 'pools',
  localhostNodePorts: true,
  conntrackLiberal: false,
  accounting: ACCOUNTING_OBJECTS,
};

const NODE: NodeView = {
  name: 'node1',
  family: 'IPv4',
  zone: '',
  ip: '192.168.0.2',
  ownIP: undefined,
  detectLocal: { by: 'cidr', cidr: '10.0.0.0/8' },
  podCIDR: undefined,
  nodePortAddresses: 'all',
  localAddresses: [],
  serviceCIDRs: [],
  largeCluster: false,
};

const LOAD_BALANCER: ServicePort = {
  key: 'ns1/svc1:p80/tcp',
  family: 'IPv4',
  namespace: 'ns1',
  name: 'svc1',
  portName: 'p80',
  displayName: 'ns1/svc1:p80',
  protocol: 'TCP',
  clusterIP: '172.30.0.41',
  port: 80,
  nodePort: 3001,
  sessionAffinitySeconds: 10800,
  externalIPs: ['192.168.99.22'],
  loadBalancerVIPs: ['1.2.3.4'],
  hasPoolAddresses: false,
  loadBalancerSourceRanges: ['203.0.113.0/25', '192.168.0.0/24'],
  healthCheckNodePort: 30000,
  externalPolicyLocal: true,
  internalPolicyLocal: false,
  balancing: DEFAULT_BALANCING,
  health: undefined,
  endpoints: [endpoint('10.180.0.1', true), endpoint('10.180.1.1'), endpoint('10.180.1.2')],
};

function endpoint(ip: string, isLocal = false): Endpoint {
  return {
    ip,
    port: 80,
    text: formatHostPort(ip, 80),
    ready: true,
    serving: true,
    terminating: false,
    isLocal,
    zoneHints: undefined,
    nodeHints: undefined,
    weight: 1,
  };
}

function planOf(port: ServicePort): IptablesPlan {
  const plan = new IptablesPlan(OPTIONS);
  plan.update(NODE, new Map([[port.key, compile(port, NODE, OPTIONS)]]));
  return plan;
}

/** The chains that a restore file declares, with their rules in order. Chains that it deletes are left out. */
function goldenChains(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const chains = new Map<string, string[]>();
  let table = '';
  for (const line of lines) {
    const [word = '', chain = ''] = line.split(' ');
    if (word.startsWith('*')) table = word.slice(1);
    else if (word.startsWith(':')) chains.set(`${table} ${word.slice(1)}`, []);
    else if (word === '-A') chains.get(`${table} ${chain}`)?.push(line.slice(`-A ${chain} `.length));
    else if (word === '-X') chains.delete(`${table} ${chain}`);
  }
  return chains;
}

function kubeChains({ fixed, own }: Ruleset): Record<string, unknown> {
  const ownChains = Array.from(own, ([chain, rules]) => [`nat ${chain}`, rules.map(formatHeldRule)] as const);
  const fixedChains = Array.from(
    fixed,
    ([id, content]) => [id, content === 'any' ? content : content.map(formatHeldRule)] as const,
  );
  return Object.fromEntries([...fixedChains.filter(([id]) => id.includes(' KUBE-')), ...ownChains]);
}

describe('iptables rules of a LoadBalancer Service with every feature', () => {
  it('are kube-proxy 1.36.2’s, rule by rule', () => {
    const golden = goldenChains(WITH_ENDPOINTS);
    expect(kubeChains(planOf(LOAD_BALANCER).complete())).toEqual(Object.fromEntries(golden));
  });

  it('are kube-proxy 1.36.2’s after the endpoints went, the affinity was taken off and the NodePort changed', () => {
    const golden = goldenChains(AFTER_REMOVAL);
    const plan = planOf(LOAD_BALANCER);
    const changed = { ...LOAD_BALANCER, endpoints: [], sessionAffinitySeconds: 0, nodePort: 3002 };
    const { before, after } = plan.update(NODE, new Map([[changed.key, compile(changed, NODE, OPTIONS)]]));
    expect(kubeChains(plan.complete())).toEqual(Object.fromEntries(golden));

    const nat = diff(before, after).find((script) => script.table === 'nat');
    expect(nat?.removedChains.map((chain) => `-X ${chain}`).sort()).toEqual(
      AFTER_REMOVAL.filter((line) => line.startsWith('-X')).sort(),
    );
  });
});
