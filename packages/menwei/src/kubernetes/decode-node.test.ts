import { describe, expect, it } from 'vitest';
import { decodeNode } from './decode.ts';

function node(parts: object = {}, metadata: object = {}): unknown {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1', ...metadata }, ...parts };
}

describe('a Node', () => {
  it('keeps what the proxy uses and nothing else', () => {
    const value = node(
      {
        spec: {
          podCIDRs: ['10.244.1.7/24', 'fd00:10::/64'],
          taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'X' }],
        },
        status: {
          addresses: [
            { type: 'Hostname', address: 'node-1' },
            { type: 'ExternalIP', address: '203.0.113.1' },
            { type: 'InternalIP', address: '192.0.2.02' },
            { type: 'InternalIP', address: 'FD00::2' },
          ],
          conditions: [
            { type: 'NetworkUnavailable', status: 'True', lastHeartbeatTime: '2026-01-01T00:00:00Z' },
            { type: 'Ready', status: 'Unknown' },
          ],
        },
      },
      {
        namespace: 'ignored',
        labels: { 'topology.kubernetes.io/zone': 'a' },
        deletionTimestamp: '2026-01-01T00:00:00Z',
      },
    );
    expect(decodeNode(value)).toEqual({
      object: {
        kind: 'Node',
        namespace: '',
        name: 'node-1',
        zone: 'a',
        podCIDRs: ['10.244.1.0/24', 'fd00:10::/64'],
        addresses: ['192.0.2.2', 'fd00::2', '203.0.113.1'],
        deleting: true,
        taintKeys: ['ToBeDeletedByClusterAutoscaler'],
        labels: new Map([['topology.kubernetes.io/zone', 'a']]),
        internalIPs: ['192.0.2.2', 'fd00::2'],
        externalIPs: ['203.0.113.1'],
        isReady: false,
        isNetworkUnavailable: true,
      },
      problems: [],
    });
  });

  it('may be empty but for its name', () => {
    const object = {
      kind: 'Node',
      namespace: '',
      name: 'node-1',
      zone: '',
      podCIDRs: [],
      addresses: [],
      deleting: false,
      taintKeys: [],
      labels: new Map(),
      internalIPs: [],
      externalIPs: [],
      isReady: true,
      isNetworkUnavailable: false,
    };
    expect(decodeNode(node())).toEqual({ object, problems: [] });
  });

  it('takes the single pod range where the list is missing', () => {
    expect(decodeNode(node({ spec: { podCIDR: '10.244.1.0/24' } })).object?.podCIDRs).toEqual([
      '10.244.1.0/24',
    ]);
  });

  it.each([
    [{ spec: { podCIDRs: ['x', '10.0.0.0/8'] } }, 'spec.podCIDRs[0]: x is not a CIDR; ignored', true],
    [{ spec: { podCIDR: 'x' } }, 'spec.podCIDR: x is not a CIDR; ignored', true],
    [
      { status: { addresses: [{ type: 'InternalIP', address: 'x' }] } },
      'status.addresses[0].address: x is not an IP address; ignored',
      true,
    ],
    [{ status: { addresses: [1] } }, 'status.addresses[0]: 1 is not an object; ignored', true],
    [{ spec: { taints: [{}] } }, 'spec.taints[0].key: missing; ignored', true],
    [
      { metadata: { name: 'node-1', labels: { 'topology.kubernetes.io/zone': 1 } } },
      'metadata.labels.topology.kubernetes.io/zone: 1 is not a string; ignored',
      true,
    ],
    [
      { metadata: { name: 'node-1', labels: { excluded: true } } },
      'metadata.labels.excluded: true is not a string',
      true,
    ],
    [{ status: { conditions: {} } }, 'status.conditions: an object is not a list; ignored', true],
    [{ spec: 1 }, 'spec: 1 is not an object', false],
    [
      { metadata: { name: 'Node 1' } },
      'metadata.name: "Node 1" is not a name (lower-case letters, digits, "-" and ".", at most 253)',
      false,
    ],
  ])('%j: %s', (parts, expected, usable) => {
    const { object, problems } = decodeNode(node(parts));
    expect(problems.map(({ field, message }) => `${field}: ${message}`)).toEqual([expected]);
    expect(object !== undefined).toBe(usable);
  });

  it.each([
    ['nothing', [], true, false],
    ['True', [{ type: 'Ready', status: 'True' }], true, false],
    ['False', [{ type: 'Ready', status: 'False' }], false, false],
    ['no status', [{ type: 'Ready' }], true, false],
    ['a network that is there', [{ type: 'NetworkUnavailable', status: 'False' }], true, false],
    ['no object', [null, 7], true, false],
  ])('with the condition %s', (_, conditions, isReady, isNetworkUnavailable) => {
    expect(decodeNode(node({ status: { conditions } })).object).toMatchObject({
      isReady,
      isNetworkUnavailable,
    });
  });

  it('keeps a label that is no string: the node must not count as one without it', () => {
    const labels = { 'node.kubernetes.io/exclude-from-external-load-balancers': true, empty: null };
    const { object } = decodeNode(node({}, { labels }));
    expect([...(object?.labels ?? [])]).toEqual([
      ['node.kubernetes.io/exclude-from-external-load-balancers', 'true'],
      ['empty', ''],
    ]);
  });
});
