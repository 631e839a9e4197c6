import { anAdvertisement } from '@menwei/testing/announce/election.ts';
import { addressPool } from '@menwei/testing/loadbalancer/pools.ts';
import { aLoadBalancer, aNode, aService, aSlice, aSliceEndpoint } from '@menwei/testing/services/testing.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { formatNodeLease } from '../../announce/node-lease-text.ts';
import type { LoadBalancerDetails } from '../../kubernetes/load-balancer-objects.ts';
import { ObjectTables } from '../../state/object-tables.ts';
import { AddressNodes } from './address-nodes.ts';
import { explainServices } from './explanation.ts';
import { formatExplanation, formatExplanations } from './format-explanation.ts';
import { readKnownCluster } from './known-cluster.ts';

const NOW_MS = 1_000_000_000;
const NAMESPACE = 'menwei-system';
const claims = {
  classes: new Set(['menwei.dev/l2']),
  classlessAs: undefined,
  providerClasses: new Set<string>(),
};

let tables: ObjectTables;
beforeEach(() => {
  tables = new ObjectTables('', { endpointNodes: true });
  tables.put(addressPool('p', ['192.0.2.10-192.0.2.11']));
  tables.put(anAdvertisement());
});

function known() {
  const options = {
    ...{ claims, ignoresExcludeLabel: false, namespace: NAMESPACE },
    ...{ seesLeases: true, releaseOnPoolChange: false },
  };
  return readKnownCluster(tables, options, NOW_MS);
}

function explain(service?: string) {
  return explainServices(known(), service);
}

function put(name: string, details: Partial<LoadBalancerDetails> = {}, ip?: string): void {
  const entry = { hostname: '', ipMode: 'VIP', ports: [] } as const;
  const ingress = ip === undefined ? [] : [{ ...entry, ip }];
  tables.put(
    aService({
      name,
      type: 'LoadBalancer',
      loadBalancer: aLoadBalancer({ loadBalancerClass: 'menwei.dev/l2', ingress, ...details }),
      loadBalancerIngress: ip === undefined ? [] : [{ ip, ipMode: 'VIP' }],
    }),
  );
}

function putNode(
  name: string,
  owns: readonly string[],
  ageMs = 0,
  labels: Readonly<Record<string, string>> = {},
) {
  tables.put(aNode({ name, labels: new Map(Object.entries(labels)) }));
  const announcement = {
    node: name,
    interfaces: [{ name: 'eth0', mac: '02:00:00:00:00:01', onLink: ['192.0.2.0/24'] }],
    owns: owns.map((address) => ({ address, sinceMs: 1_000, interfaces: ['eth0'] })),
    ...{ declines: [], conflicts: [], isHandingOver: false, restartingUntilMs: 0, startedAtMs: 0 },
  };
  const annotations = Object.entries(formatNodeLease(announcement)).flatMap(([key, value]) =>
    value === null ? [] : [[key, value] as const],
  );
  tables.put({
    ...{ kind: 'Lease', namespace: NAMESPACE, name: `menwei-announce-${name}`, holderIdentity: name },
    ...{ leaseDurationMs: 6_000, renewTimeMs: NOW_MS - ageMs, annotations: new Map(annotations) },
  });
}

describe('a Service', () => {
  it('that is announced: by whom, and why by nobody else', () => {
    put('a', {}, '192.0.2.10');
    tables.put(
      aSlice({ serviceName: 'a', endpoints: [aSliceEndpoint({ ip: '10.0.0.1', nodeName: 'node-1' })] }),
    );
    putNode('node-1', ['192.0.2.10']);
    putNode('node-2', []);
    putNode('node-3', [], 60_000);
    putNode('node-4', [], 0, { 'node.kubernetes.io/exclude-from-external-load-balancers': '' });
    tables.put(aNode({ name: 'node-5' }));
    tables.put(aNode({ name: 'node-6' }));
    expect(explain('ns/a').map(formatExplanation).join('')).toBe(
      [
        'ns/a',
        '  class:     menwei.dev/l2',
        '  asks for:  an IPv4 address',
        '  state:     Unknown: no controller has written the condition menwei.dev/LoadBalancerReady yet',
        '  address:   192.0.2.10; pool p',
        '    node-1: announces it on eth0 since 1970-01-01T00:00:01Z',
        '    node-2: may take it over, on eth0',
        '    node-3: does not renew its Lease: its announcer has stopped, or can’t be reached',
        '    node-4: is excluded by the label node.kubernetes.io/exclude-from-external-load-balancers',
        '    node-5, node-6: has no Lease: no announcer runs there',
        '',
      ].join('\n'),
    );
  });

  it('that nobody announces yet: who is to, and in a list nobody', () => {
    put('a', {}, '192.0.2.10');
    tables.put(
      aSlice({ serviceName: 'a', endpoints: [aSliceEndpoint({ ip: '10.0.0.1', nodeName: 'node-1' })] }),
    );
    for (const name of ['node-1', 'node-2', 'node-3']) putNode(name, []);
    const verdicts = explain('ns/a').flatMap(({ addresses }) => addresses.flatMap(({ nodes }) => nodes));
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(['elected', 'eligible', 'eligible']);
    expect(explain()).toMatchObject([{ addresses: [{ address: '192.0.2.10', nodes: [] }] }]);
    putNode('node-2', ['192.0.2.10']);
    expect(explain()).toMatchObject([{ addresses: [{ nodes: [{ node: 'node-2', verdict: 'announces' }] }] }]);
  });

  it('that nobody announces: in a line, for an Event', () => {
    put('a', {}, '192.0.2.10');
    tables.put(
      aSlice({ serviceName: 'a', endpoints: [aSliceEndpoint({ ip: '10.0.0.1', nodeName: 'node-1' })] }),
    );
    for (let node = 1; node <= 6; node++) putNode(`node-${node}`, [], 60_000);
    const lacks = 'does not renew its Lease: its announcer has stopped, or can’t be reached';
    const told = [1, 2, 3, 4, 5].map((node) => `node-${node} ${lacks}`).join('; ');
    expect(new AddressNodes(known()).describe('192.0.2.10')).toBe(
      `192.0.2.10 is not announced: ${told}; and 1 more`,
    );
    expect(new AddressNodes(known()).describe('192.0.2.11')).toBe('');
  });

  it('that waits: what each pool says', () => {
    put('a', {}, '192.0.2.10');
    put('b', {}, '192.0.2.11');
    put('c', { annotations: new Map([['metallb.io/address-pool', 'p']]) });
    expect(formatExplanations(explain())).toBe(
      [
        'SERVICE   CLASS           ADDRESSES    POOLS    NODE     REASON          MESSAGE',
        'ns/a      menwei.dev/l2   192.0.2.10   p        <none>   Unknown         no controller has written the condition menwei.dev/LoadBalancerReady yet',
        'ns/b      menwei.dev/l2   192.0.2.11   p        <none>   Unknown         no controller has written the condition menwei.dev/LoadBalancerReady yet',
        'ns/c      menwei.dev/l2   <none>       <none>   <none>   PoolExhausted   pool p: 2 of 2 IPv4 addresses are in use',
        '',
      ].join('\n'),
    );
  });

  it.each<readonly [string, Partial<LoadBalancerDetails>, string]>([
    [
      'of another class',
      { loadBalancerClass: 'example.com/lb' },
      "its class example.com/lb is another controller's: menwei lb serves menwei.dev/l2",
    ],
    [
      'of a class that takes more flags',
      { loadBalancerClass: 'menwei.dev/haproxy' },
      'its class menwei.dev/haproxy is not served by menwei lb as it was started here: that serves menwei.dev/l2; menwei.dev/haproxy takes --haproxy-binary or --haproxy-config',
    ],
    [
      'without a class',
      { loadBalancerClass: '' },
      'it has no loadBalancerClass, and --default-load-balancer is not given',
    ],
    ['on its way out', { isDeleting: true }, 'it is being deleted'],
    [
      'that others have served',
      {
        loadBalancerClass: '',
        conditions: [
          {
            ...{ type: 'menwei.dev/LoadBalancerReady', status: 'False', lastTransitionTime: '' },
            ...{ reason: 'NoPool', message: 'there is no address pool' },
          },
        ],
      },
      'it has no loadBalancerClass, and --default-load-balancer is not given; its condition menwei.dev/LoadBalancerReady says NoPool: there is no address pool',
    ],
    [
      'that wants to be left alone',
      { annotations: new Map([['kube-vip.io/ignore', 'true']]) },
      'its annotation kube-vip.io/ignore says that it is to be left alone',
    ],
  ])('%s is not served', (_, details, message) => {
    put('a', details);
    expect(explain('ns/a')).toMatchObject([{ reason: 'NotServed', message, addresses: [] }]);
  });

  it('that is not there', () => {
    expect(explain('ns/a')).toEqual([]);
    expect(formatExplanations(explain())).toBe('No Services of type LoadBalancer.\n');
  });
});
