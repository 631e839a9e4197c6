/** What single changes mean for the kernel, through plan and diff. */

import type { ChainId } from '@menwei/netfilter/iptables/chain-id.ts';
import { formatHeldRule } from '@menwei/netfilter/iptables/rule.ts';
import { NODE, OPTIONS } from '@menwei/testing/backends/ipvs/testing.ts';
import {
  aNodeView,
  anEndpoint,
  aServicePort,
  type ServicePortFields,
} from '@menwei/testing/services/testing.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_BALANCING } from '../../kubernetes/objects.ts';
import type { NodeView } from '../../services/node-view.ts';
import type { ServicePort } from '../../state/service-port.ts';
import { FILTER_IPVS_OUT, NAT_SERVICES } from './names.ts';
import type { IpvsPlan } from './plan.ts';
import { IpvsRules } from './rules.ts';

const rules = new IpvsRules(OPTIONS);
const TO_LOCAL = anEndpoint({ ip: '10.0.0.1', port: 80, isLocal: true });
const HAIRPIN = 'KUBE-LOOP-BACK 10.0.0.1,tcp:80,10.0.0.1';

let plan: IpvsPlan;
let now: NodeView;

beforeEach(() => {
  plan = rules.plan();
  now = NODE;
  put([aServicePort({ name: 'other', clusterIP: '172.30.0.99' })]);
});

/** The lines of what changes, without headers. */
function put(ports: readonly ServicePort[], removed: readonly ServicePort[] = []): readonly string[] {
  const units = new Map([
    ...ports.map((port) => [port.key, rules.compile(port, now)] as const),
    ...removed.map((port) => [port.key, undefined] as const),
  ]);
  const { before, after } = plan.update(now, units);
  return rules
    .format(rules.diff(before, after))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function web(fields: ServicePortFields = {}): ServicePort {
  return aServicePort({
    clusterIP: '172.30.0.1',
    endpoints: [anEndpoint({ ip: '10.0.0.2', port: 80 })],
    ...fields,
  });
}

const SERVER = '-t 172.30.0.1:80';

it('makes a Service with all it needs, and takes it away again', () => {
  expect(put([web()])).toEqual([
    'addr add 172.30.0.1/32 dev kube-ipvs0',
    'add KUBE-CLUSTER-IP 172.30.0.1,tcp:80 -exist',
    'add KUBE-IPVS-IPS 172.30.0.1 -exist',
    'add MENWEI-VIRTUAL-SERVERS 172.30.0.1,tcp:80 -exist',
    `-A ${SERVER} -s rr`,
    `-a ${SERVER} -r 10.0.0.2:80 -m -w 1`,
  ]);
  expect(put([], [web()])).toEqual([
    'addr del 172.30.0.1/32 dev kube-ipvs0',
    'del KUBE-CLUSTER-IP 172.30.0.1,tcp:80 -exist',
    'del KUBE-IPVS-IPS 172.30.0.1 -exist',
    'del MENWEI-VIRTUAL-SERVERS 172.30.0.1,tcp:80 -exist',
    `-D ${SERVER}`,
  ]);
});

describe('a change of endpoints', () => {
  const endpoint = (n: number, fields = {}) => anEndpoint({ ip: `10.0.0.${n}`, port: 80, ...fields });
  const leaving = { ready: false, serving: true, terminating: true };
  const idle = { weight: 0 };
  const tcp = 'TCP';
  const udp = 'UDP';
  const sctp = 'SCTP';

  it.each<
    [string, 'TCP' | 'UDP' | 'SCTP', ReturnType<typeof endpoint>[], ReturnType<typeof endpoint>[], string[]]
  >([
    ['nothing', tcp, [endpoint(2)], [endpoint(2)], []],
    ['one more', tcp, [endpoint(2)], [endpoint(2), endpoint(3)], ['-a 3 -m -w 1']],
    ['another weight', tcp, [endpoint(2)], [endpoint(2, { weight: 5 })], ['-e 2 -m -w 5']],
    ['one less drains', tcp, [endpoint(2), endpoint(3)], [endpoint(3)], ['-e 2 -m -w 0']],
    ['one less drains', sctp, [endpoint(2), endpoint(3)], [endpoint(3)], ['-e 2 -m -w 0']],
    ['one less ends', udp, [endpoint(2), endpoint(3)], [endpoint(3)], ['-d 2']],
    [
      'one that leaves drains',
      tcp,
      [endpoint(2), endpoint(3)],
      [endpoint(2, leaving), endpoint(3)],
      ['-e 2 -m -w 0'],
    ],
    [
      'one that leaves drains',
      udp,
      [endpoint(2), endpoint(3)],
      [endpoint(2, leaving), endpoint(3)],
      ['-e 2 -m -w 0'],
    ],
    [
      'one of weight 0 drains',
      udp,
      [endpoint(2), endpoint(3)],
      [endpoint(2, idle), endpoint(3)],
      ['-e 2 -m -w 0'],
    ],
    ['one that left is gone', tcp, [endpoint(2, leaving), endpoint(3)], [endpoint(3)], []],
    ['one that left is gone', udp, [endpoint(2, leaving), endpoint(3)], [endpoint(3)], ['-d 2']],
    [
      'one that left is still there',
      udp,
      [endpoint(2, leaving), endpoint(3)],
      [endpoint(2, leaving), endpoint(3)],
      [],
    ],
    [
      'one that left comes back',
      udp,
      [endpoint(2, leaving), endpoint(3)],
      [endpoint(2), endpoint(3)],
      ['-a 2 -m -w 1'],
    ],
    ['the last one that serves stays', tcp, [endpoint(2)], [endpoint(2, leaving)], []],
  ])('%s, %s', (_title, protocol, before, after, lines) => {
    put([web({ protocol, endpoints: before })]);
    const option = { TCP: '-t', UDP: '-u', SCTP: '--sctp-service' }[protocol];
    expect(put([web({ protocol, endpoints: after })])).toEqual(
      lines.map((line) => line.replace(/(-\w) (\d)/, `$1 ${option} 172.30.0.1:80 -r 10.0.0.$2:80`)),
    );
  });
});

describe('a change of balancing', () => {
  it.each<[string, ServicePortFields, readonly string[]]>([
    ['scheduler', { balancing: { ...DEFAULT_BALANCING, scheduler: 'wlc' } }, [`-E ${SERVER} -s wlc`]],
    [
      'flags',
      { balancing: { ...DEFAULT_BALANCING, scheduler: 'mh', schedulerFlags: ['port', 'fallback'] } },
      [`-E ${SERVER} -s mh -b mh-fallback,mh-port`],
    ],
    ['affinity', { sessionAffinitySeconds: 60 }, [`-E ${SERVER} -s rr -p 60`]],
    [
      'slow start',
      { balancing: { ...DEFAULT_BALANCING, slowStartMs: 1000 } },
      [`-E ${SERVER} -s wrr`, `-e ${SERVER} -r 10.0.0.2:80 -m -w 100`],
    ],
    [
      'forwarding, the first of its kind',
      { balancing: { ...DEFAULT_BALANCING, forwarding: 'direct' } },
      [
        'add MENWEI-DIRECT 172.30.0.1,tcp:80 -exist',
        '*nat',
        expect.stringMatching(/^-I KUBE-SERVICES 2 .*MENWEI-DIRECT/),
        expect.stringMatching(/^-I KUBE-SERVICES 3 .*MENWEI-DIRECT/),
        'COMMIT',
        `-e ${SERVER} -r 10.0.0.2:80 -g -w 1`,
      ],
    ],
  ])('%s', (_title, fields, lines) => {
    put([web()]);
    expect(put([web(fields)])).toEqual(lines);
  });
});

describe('what several service ports want', () => {
  const http = web({ portName: 'http', endpoints: [TO_LOCAL] });
  const https = web({ portName: 'https', port: 443, endpoints: [TO_LOCAL] });
  const added = [
    expect.stringContaining('addr add'),
    `add ${HAIRPIN} -exist`,
    'add KUBE-IPVS-IPS 172.30.0.1 -exist',
  ];

  it('is there with the first of them and until the last', () => {
    expect(put([http])).toEqual(expect.arrayContaining(added));
    expect(put([https]).filter((line) => /addr|LOOP-BACK|IPVS-IPS/.test(line))).toEqual([]);
    expect(put([], [http]).filter((line) => /addr|LOOP-BACK|IPVS-IPS/.test(line))).toEqual([]);
    expect(put([], [https])).toEqual(
      expect.arrayContaining([
        'addr del 172.30.0.1/32 dev kube-ipvs0',
        `del ${HAIRPIN} -exist`,
        'del KUBE-IPVS-IPS 172.30.0.1 -exist',
      ]),
    );
  });

  it('is the virtual server of the first by name, whichever came first', () => {
    const shared = { clusterIP: undefined, port: 30080, externalIPs: ['192.0.2.1'] };
    const early = web({ ...shared, name: 'a', endpoints: [anEndpoint({ ip: '10.0.0.3', port: 80 })] });
    const late = web({ clusterIP: undefined, name: 'b', nodePort: 30080 });
    put([late]);
    expect(put([early]).filter((line) => line.startsWith('-'))).toEqual(
      expect.arrayContaining([
        '-a -t 192.0.2.1:30080 -r 10.0.0.3:80 -m -w 1',
        '-e -t 192.0.2.1:30080 -r 10.0.0.2:80 -m -w 0',
      ]),
    );
    expect(put([], [early]).filter((line) => line.startsWith('-a'))).toEqual([
      '-a -t 192.0.2.1:30080 -r 10.0.0.2:80 -m -w 1',
    ]);
  });
});

describe('rules', () => {
  function chain(id: ChainId): readonly string[] {
    const content = plan.complete().rules.fixed.get(id);
    return content === undefined || content === 'any' ? [] : content.map(formatHeldRule);
  }

  const external = (name: string, ip: string) =>
    aServicePort({ name, clusterIP: undefined, externalIPs: [ip] });
  const ruleLines = (lines: readonly string[]) => lines.filter((line) => /^-[AID] [A-Z]/.test(line));

  it('come with the first member of a set and go with the last', () => {
    const asking = () => chain(NAT_SERVICES).filter((rule) => rule.includes('KUBE-EXTERNAL-IP '));
    put([external('a', '198.51.100.1')]);
    expect(asking()).toHaveLength(3);
    expect(ruleLines(put([external('b', '198.51.100.2')]))).toEqual([]);
    expect(ruleLines(put([], [external('a', '198.51.100.1')]))).toEqual([]);
    put([], [external('b', '198.51.100.2')]);
    expect(asking()).toEqual([]);
  });

  it('follow the node', () => {
    now = aNodeView({ ...NODE, detectLocal: { by: 'cidr', cidr: '10.0.0.0/8' } });
    expect(ruleLines(put([]))).toEqual([
      expect.stringMatching(/^-I KUBE-SERVICES 2 .* dst,dst ! -s 10.0.0.0\/8 -j KUBE-MARK-MASQ/),
      expect.stringMatching(/^-D KUBE-SERVICES .* src,dst -j KUBE-MARK-MASQ/),
    ]);
  });

  it('keep the node out of load balancers that don’t allow it, in the order of their names', () => {
    const restricted = (name: string, ip: string) =>
      aServicePort({
        name,
        clusterIP: undefined,
        loadBalancerVIPs: [ip],
        loadBalancerSourceRanges: ['203.0.113.0/24'],
      });
    const vips = () => chain(FILTER_IPVS_OUT).map((rule) => /^-s (\S+)/.exec(rule)?.[1]);
    put([restricted('c', '198.51.100.3'), restricted('a', '198.51.100.1')]);
    put([restricted('b', '198.51.100.2')]);
    expect(vips()).toEqual(['198.51.100.1', '198.51.100.2', '198.51.100.3']);
    put([restricted('a', '198.51.100.9')], [restricted('b', '198.51.100.2')]);
    expect(vips()).toEqual(['198.51.100.9', '198.51.100.3']);
  });
});

it('knows the kernel’s part that is there without any Service', () => {
  const empty = rules.plan().complete();
  const changes = rules.diff(rules.nothing(), empty);
  expect(changes.device).toBe(true);
  expect(changes.sets).toHaveLength(22);
  expect(rules.isEmpty(rules.diff(empty, empty))).toBe(true);
});
