import { aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import type { Endpoint, ServicePort } from '../state/service-port.ts';
import { readEndpointUse } from './endpoint-use.ts';

const NODE = aNodeView({ name: 'node-1', zone: 'zone-a' });
const REMOTE = anEndpoint({ ip: '10.0.0.1' });
const LOCAL = anEndpoint({ ip: '10.0.0.2', isLocal: true });
const UNREADY = anEndpoint({ ip: '10.0.0.3', ready: false, serving: false });
const ENDING = anEndpoint({ ip: '10.0.0.4', ready: false, serving: true, terminating: true });
const IDLE = anEndpoint({ ip: '10.0.0.5', weight: 0 });
const hinted = (ip: string, zone: string): Endpoint => anEndpoint({ ip, zoneHints: [zone] });
const INTERNAL = { internalPolicyLocal: true };
const EXTERNAL = { externalPolicyLocal: true, nodePort: 30_080 };

describe('the endpoints of a service port', () => {
  it.each<[string, Partial<ServicePort>, object]>([
    ['all used', { endpoints: [REMOTE, LOCAL] }, { used: 2, local: 1, total: 2 }],
    ['some not ready', { endpoints: [REMOTE, UNREADY] }, { used: 1, unused: { notReady: 1 } }],
    ['terminating beside ready ones', { endpoints: [REMOTE, ENDING] }, { used: 1, unused: { notReady: 1 } }],
    ['some of weight 0', { endpoints: [REMOTE, IDLE] }, { used: 1, total: 2, unused: { weight: 1 } }],
    ['nothing but terminating', { endpoints: [ENDING] }, { used: 1, total: 1 }],
    [
      'by traffic policy',
      { ...INTERNAL, endpoints: [REMOTE, LOCAL] },
      { used: 1, unused: { trafficPolicy: 1 } },
    ],
    ['a policy for some of its traffic', { ...EXTERNAL, endpoints: [REMOTE, LOCAL] }, { used: 2 }],
    [
      'by hints',
      { endpoints: [hinted('10.0.0.1', 'zone-a'), hinted('10.0.0.2', 'zone-b'), UNREADY] },
      { used: 1, total: 3, unused: { hints: 1, notReady: 1 } },
    ],
  ])('%s', (_title, fields, expected) => {
    const port = aServicePort(fields);
    const { counts } = readEndpointUse(port, port, NODE);
    expect(counts).toMatchObject(expected);
    expect('unused' in counts).toBe('unused' in expected);
    expect(readEndpointUse(port, { ...port }, NODE).counts).toEqual(counts);
    expect(readEndpointUse(port, undefined, NODE).counts).toEqual({ ...counts, used: 0, local: 0 });
  });
});

describe('warnings', () => {
  it.each<[string, Partial<ServicePort>, readonly string[]]>([
    ['no endpoints', { endpoints: [] }, ['no endpoints']],
    ['none is ready', { endpoints: [UNREADY] }, ['no endpoint is ready']],
    ['all of weight 0', { endpoints: [IDLE, UNREADY] }, ['all endpoints have weight 0']],
    ['some are used', { endpoints: [REMOTE, UNREADY] }, []],
    ['terminating ones still serve', { endpoints: [ENDING] }, []],
    [
      'internal',
      { ...INTERNAL, endpoints: [REMOTE] },
      ['no endpoint on this node for internalTrafficPolicy Local'],
    ],
    [
      'external',
      { ...EXTERNAL, endpoints: [REMOTE] },
      ['no endpoint on this node for externalTrafficPolicy Local'],
    ],
    ['a policy that is about no traffic', { externalPolicyLocal: true, endpoints: [REMOTE] }, []],
    [
      'a policy of an address that another Service has',
      { ...INTERNAL, clusterIP: undefined, endpoints: [REMOTE] },
      [],
    ],
  ])('%s', (_title, fields, expected) => {
    expect(readEndpointUse(aServicePort(fields), undefined, NODE).warnings).toEqual(expected);
  });
});
