/**
 * The rules of userspace mode against those of kube-proxy 1.20 (spec § 7.4), row by row. Ways in are those of today's
 * iptables mode: an external address is led to a relay wherever the packet comes from. Where pods can be told from others,
 * theirs have rules of their own.
 */

import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { formatHeldRule } from '@menwei/netfilter/iptables/rule.ts';
import type { ChainContent } from '@menwei/netfilter/iptables/ruleset.ts';
import {
  aNodeView,
  anEndpoint,
  aServicePort,
  type ServicePortFields,
} from '@menwei/testing/services/testing.ts';
import { compileBase } from 'menwei/backends/userspace/base.ts';
import type { UserspaceOptions } from 'menwei/backends/userspace/options.ts';
import { UserspaceRules } from 'menwei/backends/userspace/rules.ts';
import { NO_LOAD_BALANCER_RULES } from 'menwei/backends/xtables/load-balancer-rules.ts';
import type { NodeView } from 'menwei/services/node-view.ts';
import { describe, expect, it } from 'vitest';

const ADDRESSES = {
  IPv4: {
    ...{ clusterIP: '172.30.0.1', externalIP: '192.168.99.22', vip: '198.51.100.4', node: '192.168.0.2' },
    ...{ here: '10.180.0.1', elsewhere: '10.180.1.1', pods: '10.180.0.0/24', ofNode: '192.168.0.2:P' },
    ...{ loopback: '127.0.0.1', wildcard: '0.0.0.0' },
    ranges: ['10.0.0.0/8', '203.0.113.0/24'],
  },
  IPv6: {
    ...{ clusterIP: 'fd00:30::1', externalIP: 'fd00:192::22', vip: '2001:db8:a::4', node: 'fd00:192::2' },
    ...{ here: 'fd00:10:180::1', elsewhere: 'fd00:10:181::1', pods: 'fd00:10:180::/64' },
    ...{ ofNode: '[fd00:192::2]:P', loopback: '::1', wildcard: '::' },
    ranges: ['fd00:10::/32', '2001:db8:1::/64'],
  },
} as const;

interface Scene {
  readonly port: ServicePortFields;
  readonly node?: Partial<NodeView>;
  readonly options?: Partial<UserspaceOptions>;
}

/** What a service port puts into our chains: `KUBE-PORTALS-HOST: <rule>`, its port P, or that for local endpoints L. */
function rulesOf(family: IpFamily, { port, node, options }: Scene): readonly string[] {
  const { clusterIP, here, elsewhere, node: ip } = ADDRESSES[family];
  const rules = new UserspaceRules({
    family,
    localhostNodePorts: false,
    answeredVIPs: 'pools',
    portRange: { first: 32_768, last: 60_999 },
    listenIP: undefined,
    ...options,
  });
  const endpoints = [anEndpoint({ ip: here, isLocal: true }), anEndpoint({ ip: elsewhere })];
  const service = {
    ...aServicePort({ clusterIP, portName: 'http', endpoints, ...port }),
    family,
  };
  const view = aNodeView({ family, ip, detectLocal: { by: 'none' }, ...node });
  const plan = rules.plan();
  plan.update(view, new Map([[service.key, rules.compile(service, view)]]));
  const complete = plan.complete();
  const [relay] = complete.relays.values();
  const letters = new Map(
    relay?.listeners.map((listener) => [
      String(listener.port),
      listener.endpoints.some((endpoint) => endpoint.ip === elsewhere) ? 'P' : 'L',
    ]),
  );
  return [...complete.rules.fixed]
    .filter(([id]) => /KUBE-(PORTALS|NODEPORT-)/.test(id))
    .flatMap(([id, content]) =>
      (content === 'any' ? [] : content).map((rule) => `${id.split(' ')[1]}: ${formatHeldRule(rule)}`),
    )
    .map((line) => line.replace(/\d{5}/g, (digits) => letters.get(digits) ?? digits))
    .filter((line) => !/ -d (127\.0\.0\.0\/8|::1) -j RETURN$/.test(line));
}

const portal = (protocol = 'tcp') => `-m comment --comment ns/web:http -m ${protocol} -p ${protocol}`;

describe('the chains and what leads to them', () => {
  const before = 'handle ClusterIPs; NOTE: this must be before the NodePort rules';
  const last = 'handle service NodePorts; NOTE: this must be the last rule in the chain';
  const base = compileBase(
    {
      family: 'IPv4',
      localhostNodePorts: true,
      answeredVIPs: 'pools',
      portRange: { first: 1, last: 2 },
      listenIP: undefined,
    },
    NO_LOAD_BALANCER_RULES,
  );
  const nodePorts = `-m comment --comment "${last}" -m addrtype --dst-type LOCAL -j KUBE-NODEPORT-`;
  const portals = `-m comment --comment "${before}" -j KUBE-PORTALS-`;

  it.each([
    ['nat PREROUTING', [`${nodePorts}CONTAINER`, `${portals}CONTAINER`]],
    ['nat OUTPUT', [`${nodePorts}HOST`, `${portals}HOST`]],
  ] as const)('%s: NodePorts come last, for jumps are put in front of each other', (chain, jumps) => {
    expect(textsOf(base.get(chain)?.head)).toEqual(jumps);
  });

  it('open the ports of relays behind the firewall of load balancers', () => {
    const jumps = textsOf(base.get('filter INPUT')?.head);
    expect(jumps.map((rule) => rule.split(' ').at(-1))).toEqual([
      'KUBE-EXTERNAL-SERVICES',
      'KUBE-NODEPORTS',
      'KUBE-NODEPORT-NON-LOCAL',
      'KUBE-PROXY-FIREWALL',
    ]);
    expect(jumps).toContain(
      '-m comment --comment "Ensure that non-local NodePort traffic can flow" -j KUBE-NODEPORT-NON-LOCAL',
    );
  });

  it('exist without any Service', () => {
    const ours = [...base.keys()].filter((id) => /KUBE-(PORTALS|NODEPORT-)/.test(id));
    expect(ours.sort()).toEqual([
      'filter KUBE-NODEPORT-NON-LOCAL',
      'nat KUBE-NODEPORT-CONTAINER',
      'nat KUBE-NODEPORT-HOST',
      'nat KUBE-PORTALS-CONTAINER',
      'nat KUBE-PORTALS-HOST',
    ]);
  });
});

describe.each(IP_FAMILIES)('portals, %s', (family) => {
  const { clusterIP, externalIP, vip, node, ofNode, pods, loopback, ranges } = ADDRESSES[family];
  const [, range] = ranges;
  const elsewhere = { clusterIP: undefined };
  const knowsPods: Partial<NodeView> = { detectLocal: { by: 'cidr', cidr: pods } };
  const redirect = '-j REDIRECT --to-ports P';
  const dnat = `-j DNAT --to-destination ${ofNode}`;
  const portal80 = (ip: string) => `${portal()} -d ${ip} --dport 80`;
  const nodePort = `${portal()} --dport 30080`;
  const open = (letter: string) =>
    `KUBE-NODEPORT-NON-LOCAL: -m tcp -p tcp --dport ${letter} -m conntrack --ctstate NEW -m comment --comment ns/web:http -j ACCEPT`;

  it.each<[string, Scene, readonly string[]]>([
    [
      'a cluster IP',
      { port: {} },
      [
        `KUBE-PORTALS-CONTAINER: ${portal80(clusterIP)} ${redirect}`,
        `KUBE-PORTALS-HOST: ${portal80(clusterIP)} ${dnat}`,
      ],
    ],
    [
      'pods that can be told from others, whose interfaces may have no address to redirect to',
      { port: {}, node: knowsPods },
      [
        `KUBE-PORTALS-CONTAINER: ${portal80(clusterIP)} -s ${pods} ${dnat}`,
        `KUBE-PORTALS-CONTAINER: ${portal80(clusterIP)} ${redirect}`,
        `KUBE-PORTALS-HOST: ${portal80(clusterIP)} ${dnat}`,
      ],
    ],
    [
      'an external address',
      { port: { ...elsewhere, externalIPs: [externalIP] } },
      [
        `KUBE-PORTALS-CONTAINER: ${portal80(externalIP)} ${redirect}`,
        `KUBE-PORTALS-HOST: ${portal80(externalIP)} ${dnat}`,
      ],
    ],
    [
      'the address of a load balancer',
      { port: { ...elsewhere, loadBalancerVIPs: [vip] } },
      [`KUBE-PORTALS-CONTAINER: ${portal80(vip)} ${redirect}`, `KUBE-PORTALS-HOST: ${portal80(vip)} ${dnat}`],
    ],
    [
      'a NodePort',
      { port: { ...elsewhere, nodePort: 30_080 } },
      [
        `KUBE-NODEPORT-CONTAINER: ${nodePort} ${redirect}`,
        `KUBE-NODEPORT-HOST: ${nodePort} ${dnat}`,
        open('P'),
      ],
    ],
    [
      'a NodePort on one address',
      {
        port: { ...elsewhere, nodePort: 30_080 },
        node: { nodePortAddresses: [loopback, node].sort() },
      },
      [
        `KUBE-NODEPORT-CONTAINER: ${portal()} -d ${node} --dport 30080 ${redirect}`,
        `KUBE-NODEPORT-HOST: ${portal()} -d ${node} --dport 30080 ${dnat}`,
        open('P'),
      ],
    ],
    [
      'a NodePort with a Local policy',
      { port: { ...elsewhere, nodePort: 30_080, externalPolicyLocal: true }, node: knowsPods },
      [
        `KUBE-NODEPORT-CONTAINER: ${nodePort} -j REDIRECT --to-ports L`,
        `KUBE-NODEPORT-CONTAINER: ${nodePort} -s ${pods} ${dnat}`,
        `KUBE-NODEPORT-HOST: ${nodePort} ${dnat}`,
        open('L'),
        open('P'),
      ],
    ],
    [
      'source ranges, of which one holds the pods of the node',
      {
        port: {
          ...elsewhere,
          loadBalancerVIPs: [vip],
          loadBalancerSourceRanges: [...ranges],
          externalPolicyLocal: true,
        },
        node: knowsPods,
      },
      [
        `KUBE-PORTALS-CONTAINER: ${portal80(vip)} -s ${ranges[0]} -j REDIRECT --to-ports L`,
        `KUBE-PORTALS-CONTAINER: ${portal80(vip)} -s ${range} -j REDIRECT --to-ports L`,
        `KUBE-PORTALS-CONTAINER: ${portal80(vip)} -s ${pods} ${dnat}`,
        `KUBE-PORTALS-HOST: ${portal80(vip)} -s ${ranges[0]} ${dnat}`,
        `KUBE-PORTALS-HOST: ${portal80(vip)} -s ${range} ${dnat}`,
      ].sort(),
    ],
    [
      'source ranges that hold the node',
      {
        port: { ...elsewhere, loadBalancerVIPs: [vip], loadBalancerSourceRanges: [range] },
        node: { ip: range.replace(/0?\/.*/, '7') },
      },
      [
        `KUBE-PORTALS-CONTAINER: ${portal80(vip)} -s ${range} ${redirect}`,
        ...[range, vip].map((source) => `KUBE-PORTALS-HOST: ${portal80(vip)} -s ${source} ${dnat}`),
      ].map((line) => line.replace(ofNode, ofNode.replace(node, range.replace(/0?\/.*/, '7')))),
    ],
    [
      'datagrams, whose answers must come from where they were led to',
      { port: { protocol: 'UDP' } },
      ['CONTAINER', 'HOST'].map(
        (who) => `KUBE-PORTALS-${who}: ${portal('udp')} -d ${clusterIP} --dport 80 ${dnat}`,
      ),
    ],
    [
      'an address to listen on',
      { port: {}, options: { listenIP: vip } },
      ['CONTAINER', 'HOST'].map(
        (who) => `KUBE-PORTALS-${who}: ${portal80(clusterIP)} ${dnat.replace(node, vip)}`,
      ),
    ],
    [
      'a node that does not know its address',
      { port: { protocol: 'UDP' }, node: { ip: undefined } },
      ['CONTAINER', 'HOST'].map(
        (who) => `KUBE-PORTALS-${who}: ${portal('udp')} -d ${clusterIP} --dport 80 ${redirect}`,
      ),
    ],
    ['no endpoints', { port: { nodePort: 30_080, endpoints: [] } }, []],
  ])('%s', (_name, scene, expected) => {
    expect(rulesOf(family, scene).toSorted()).toEqual(expected.toSorted());
  });

  it('leave alone what a relay sends to an endpoint with the address of a way in', () => {
    const endpoints = [80, 30_080].map((port) => anEndpoint({ ip: node, port, isLocal: true }));
    const rules = rulesOf(family, { port: { externalIPs: [node], nodePort: 30_080, endpoints } });
    const ofNode80 = rules.filter((line) => line.startsWith(`KUBE-PORTALS-HOST: ${portal80(node)}`));
    expect(ofNode80).toEqual([
      `KUBE-PORTALS-HOST: ${portal80(node)} -j RETURN`,
      expect.stringMatching(/ -j DNAT /),
    ]);
    expect(rules.filter((line) => line.startsWith('KUBE-NODEPORT-HOST'))).toEqual([
      `KUBE-NODEPORT-HOST: ${portal()} -d ${node} --dport 30080 -j RETURN`,
      expect.stringMatching(/ -j DNAT /),
    ]);
  });
});

function textsOf(content: ChainContent | undefined): readonly string[] {
  return content === undefined || content === 'any' ? [] : content.map(formatHeldRule);
}
