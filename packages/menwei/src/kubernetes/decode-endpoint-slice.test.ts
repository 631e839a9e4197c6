import { describe, expect, it } from 'vitest';
import { decodeEndpointSlice } from './decode.ts';

const LABELS = { 'kubernetes.io/service-name': 'web' };
const PORTS = [{ name: '', port: 8080, protocol: 'TCP' }];

function slice(parts: object = {}, metadata: object = {}): unknown {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-x7k2p', namespace: 'shop', labels: LABELS, ...metadata },
    addressType: 'IPv4',
    ports: PORTS,
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ...parts,
  };
}

function problemsOf(value: unknown): readonly string[] {
  return decodeEndpointSlice(value).problems.map(({ field, message }) => `${field}: ${message}`);
}

describe('an EndpointSlice', () => {
  it('keeps what the proxy uses and nothing else', () => {
    const { object, problems } = decodeEndpointSlice(
      slice(
        {
          addressType: 'IPv6',
          ports: [{ name: 'p80', port: 80, protocol: 'SCTP', appProtocol: 'x' }],
          endpoints: [
            {
              addresses: ['FD00:0::1', 'fd00::2'],
              conditions: { ready: false, serving: true, terminating: true },
              nodeName: 'node-1.example.com',
              zone: 'a',
              hostname: 'h',
              hints: { forZones: [{ name: 'a' }, { name: 'b' }], forNodes: [{ name: 'node-1' }] },
              targetRef: { kind: 'Pod', name: 'web-0' },
            },
          ],
        },
        {
          annotations: {
            'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-02T03:04:05.123456789Z',
          },
        },
      ),
    );
    expect(problems).toEqual([]);
    expect(object).toEqual({
      kind: 'EndpointSlice',
      namespace: 'shop',
      name: 'web-x7k2p',
      serviceName: 'web',
      addressType: 'IPv6',
      ports: [{ name: 'p80', port: 80, protocol: 'SCTP' }],
      endpoints: [
        {
          ip: 'fd00::1',
          ready: false,
          serving: true,
          terminating: true,
          nodeName: 'node-1.example.com',
          zoneHints: ['a', 'b'],
          nodeHints: ['node-1'],
          weight: undefined,
        },
      ],
      endpointNames: new Map([['fd00::1', ['web-0', 'h']]]),
      lastChangeTriggerTimeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 123),
    });
  });

  it.each([
    [undefined, { ready: true, serving: true, terminating: false }],
    [{}, { ready: true, serving: true, terminating: false }],
    [
      { ready: null, serving: null, terminating: null },
      { ready: true, serving: true, terminating: false },
    ],
    [{ ready: false }, { ready: false, serving: true, terminating: false }],
    [
      { ready: false, serving: false, terminating: true },
      { ready: false, serving: false, terminating: true },
    ],
  ])('with the conditions %j has %j', (conditions, expected) => {
    const { object } = decodeEndpointSlice(slice({ endpoints: [{ addresses: ['10.0.0.1'], conditions }] }));
    expect(object?.endpoints[0]).toMatchObject({
      ...expected,
      nodeName: '',
      zoneHints: undefined,
      nodeHints: undefined,
    });
  });

  it.each([
    ['without the name of a Service', slice({}, { labels: {} })],
    ['without labels', slice({}, { labels: null })],
    ['with an empty name of a Service', slice({}, { labels: { 'kubernetes.io/service-name': '' } })],
    ['of a headless Service', slice({}, { labels: { ...LABELS, 'service.kubernetes.io/headless': '' } })],
    ['of host names', slice({ addressType: 'FQDN', endpoints: [{ addresses: ['a.example.com'] }] })],
  ])('%s is passed over in silence', (_, value) => {
    expect(decodeEndpointSlice(value)).toEqual({ object: undefined, problems: [] });
  });

  it.each([
    ['an empty list', []],
    ['null', null],
    ['nothing', undefined],
  ])('with %s for endpoints has none', (_, endpoints) => {
    expect(decodeEndpointSlice(slice({ endpoints }))).toMatchObject({
      object: { endpoints: [] },
      problems: [],
    });
  });

  it('shares equal strings and hints between endpoints', () => {
    const text = JSON.stringify({
      addresses: ['10.0.0.1'],
      hints: { forZones: [{ name: 'zone-with-a-long-name' }] },
    });
    const { object } = decodeEndpointSlice(slice({ endpoints: [JSON.parse(text), JSON.parse(text)] }));
    expect(object?.endpoints[0]?.zoneHints).toBe(object?.endpoints[1]?.zoneHints);
  });
});

describe('an EndpointSlice that can not be used', () => {
  it.each([
    ['name', slice({}, { name: 'a/b' }), /^metadata.name: a\/b is not a name/],
    ['namespace', slice({}, { namespace: '' }), /^metadata.namespace: "" is not a namespace/],
    [
      'label',
      slice({}, { labels: { 'kubernetes.io/service-name': 'a\nb' } }),
      /^metadata.labels.kubernetes.io\/service-name: "a\\nb" is not/,
    ],
    [
      'label that is no text',
      slice({}, { labels: { 'kubernetes.io/service-name': true } }),
      /^metadata.labels.kubernetes.io\/service-name: true is not a string/,
    ],
    [
      'labels',
      slice({}, { labels: ['kubernetes.io/service-name'] }),
      /^metadata.labels: a list is not an object/,
    ],
    ['address type missing', slice({ addressType: undefined }), /^addressType: missing/],
    ['address type', slice({ addressType: 'IPX' }), /^addressType: IPX is none of IPv4, IPv6/],
    ['ports', slice({ ports: {} }), /^ports: an object is not a list/],
    [
      'port number',
      slice({ ports: [{ name: '', port: 65_536 }] }),
      /^ports\[0\].port: 65536 is outside 1-65535/,
    ],
    ['port name', slice({ ports: [{ name: 'a b', port: 1 }] }), /^ports\[0\].name: "a b" is not a port name/],
    [
      'protocol',
      slice({ ports: [{ name: '', port: 1, protocol: 'ICMP' }] }),
      /^ports\[0\].protocol: ICMP is none of/,
    ],
    ['endpoints', slice({ endpoints: 1 }), /^endpoints: 1 is not a list/],
  ])('%s', (_, value, expected) => {
    expect(decodeEndpointSlice(value).object).toBeUndefined();
    expect(problemsOf(value)).toEqual([expect.stringMatching(expected)]);
  });
});

describe('a bad entry of an EndpointSlice costs that entry only', () => {
  it.each([
    ['port without a name', { port: 1 }, 'ports[0].name: missing; ignored'],
    ['port without a number', { name: '' }, 'ports[0].port: missing; ignored'],
    ['port 0', { name: '', port: 0 }, 'ports[0].port: 0 is outside 1-65535; ignored'],
  ])('%s', (_, port, expected) => {
    const value = slice({ ports: [port, { name: 'b', port: 81 }] });
    expect(decodeEndpointSlice(value).object?.ports).toEqual([{ name: 'b', protocol: 'TCP', port: 81 }]);
    expect(problemsOf(value)).toEqual([expected]);
  });

  it.each([
    ['no object', 7, 'endpoints[0]: 7 is not an object; the endpoint is left out'],
    ['no address', { addresses: [] }, 'endpoints[0].addresses: no address; the endpoint is left out'],
    ['addresses missing', {}, 'endpoints[0].addresses: no address; the endpoint is left out'],
    [
      'no IP address',
      { addresses: ['a'] },
      'endpoints[0].addresses[0]: a is not an IPv4 address; the endpoint is left out',
    ],
    [
      'other family',
      { addresses: ['fd00::1'] },
      'endpoints[0].addresses[0]: fd00::1 is not an IPv4 address; the endpoint is left out',
    ],
    [
      'mapped address',
      { addresses: [7] },
      'endpoints[0].addresses[0]: 7 is not an IPv4 address; the endpoint is left out',
    ],
    [
      'conditions',
      { addresses: ['10.0.0.2'], conditions: 1 },
      'endpoints[0].conditions: 1 is not an object; the endpoint is left out',
    ],
    [
      'condition in quotes',
      { addresses: ['10.0.0.2'], conditions: { ready: 'false' } },
      'endpoints[0].conditions: a condition is neither true nor false; the endpoint is left out',
    ],
    [
      'condition',
      { addresses: ['10.0.0.2'], conditions: { ready: 'yes' } },
      'endpoints[0].conditions: a condition is neither true nor false; the endpoint is left out',
    ],
  ])('endpoint: %s', (_, endpoint, expected) => {
    const value = slice({ endpoints: [endpoint, { addresses: ['10.0.0.1'] }] });
    expect(decodeEndpointSlice(value).object?.endpoints.map(({ ip }) => ip)).toEqual(['10.0.0.1']);
    expect(problemsOf(value)).toEqual([expected]);
  });

  it.each([
    ['node', { nodeName: 'a b' }, 'endpoints[0].nodeName: "a b" is not the name of a node; ignored'],
    ['hints', { hints: 1 }, 'endpoints[0].hints: 1 is not an object; ignored'],
    ['zones', { hints: { forZones: 1 } }, 'endpoints[0].hints.forZones: 1 is not a list; ignored'],
    ['zone', { hints: { forZones: [{}] } }, 'endpoints[0].hints.forZones[0].name: missing; ignored'],
    ['node hint', { hints: { forNodes: ['n'] } }, 'endpoints[0].hints.forNodes[0].name: missing; ignored'],
  ])('detail of an endpoint: %s', (_, parts, expected) => {
    const value = slice({ endpoints: [{ addresses: ['10.0.0.1'], ...parts }] });
    expect(decodeEndpointSlice(value).object?.endpoints).toEqual([
      {
        ip: '10.0.0.1',
        ready: true,
        serving: true,
        terminating: false,
        nodeName: '',
        zoneHints: undefined,
        nodeHints: undefined,
      },
    ]);
    expect(problemsOf(value)).toEqual([expected]);
  });
});
