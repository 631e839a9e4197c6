import {
  aNodeView,
  anEndpoint,
  aServicePort,
  type ServicePortFields,
} from '@menwei/testing/services/testing.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../state/service-port.ts';
import { categorizeEndpoints, type EndpointCategories } from './topology.ts';

type Condition = Partial<Omit<Endpoint, 'ip' | 'text'>>;

const ready: Condition = {};
const local: Condition = { isLocal: true };
const unready: Condition = { ready: false, serving: false };
const terminating: Condition = { ready: false, serving: true, terminating: true };
const gone: Condition = { ready: false, serving: false, terminating: true };
const idle: Condition = { weight: 0 };
const zoned = (...zoneHints: string[]): Condition => ({ zoneHints });
const pinned = (...nodeHints: string[]): Condition => ({ nodeHints });

const cluster: ServicePortFields = {};
const internalLocal: ServicePortFields = { internalPolicyLocal: true };
const externalLocal: ServicePortFields = { externalPolicyLocal: true, nodePort: 30080 };
const bothLocal: ServicePortFields = { ...internalLocal, ...externalLocal };

interface Case {
  readonly name: string;
  readonly port?: ServicePortFields;
  /** Their addresses are 10.0.0.1, 10.0.0.2 …; the expectations name them by these last numbers. */
  readonly endpoints: readonly Condition[];
  readonly zone?: string;
  readonly cluster: string;
  /** Undefined: no Local policy is in use, so none is wanted. */
  readonly local?: string;
  /** Undefined: the same as `cluster`. */
  readonly all?: string;
  /** Undefined: whether any endpoint is expected in `all`. */
  readonly any?: boolean;
}

function check(cases: readonly Case[]): void {
  it.each(cases)('$name', ({ port = cluster, endpoints, zone = '', ...expected }) => {
    const made = endpoints.map((condition, index) => anEndpoint({ ip: `10.0.0.${index + 1}`, ...condition }));
    const categories = categorizeEndpoints(aServicePort({ ...port, endpoints: made }), aNodeView({ zone }));
    const all = expected.all ?? expected.cluster;
    expect(summarize(categories)).toEqual({
      cluster: expected.cluster,
      local: expected.local ?? '',
      all,
      any: expected.any ?? all !== '',
    });
  });
}

function summarize(categories: EndpointCategories) {
  const numbers = (list: readonly Endpoint[]) => list.map(({ ip }) => ip.slice('10.0.0.'.length)).join(' ');
  return {
    cluster: numbers(categories.clusterEndpoints),
    local: numbers(categories.localEndpoints),
    all: numbers(categories.allReachable),
    any: categories.hasAnyEndpoints,
  };
}

const a = { ...zoned('a') };
const b = { ...zoned('b') };

describe('zone hints', () => {
  check([
    { name: 'are followed when every endpoint has one', zone: 'a', endpoints: [a, b, b, a], cluster: '1 4' },
    {
      name: 'are followed when an endpoint has several',
      zone: 'c',
      endpoints: [a, zoned('b', 'c'), zoned('b', 'd'), zoned('c')],
      cluster: '2 4',
    },
    {
      name: 'count for nothing when one endpoint has none',
      zone: 'a',
      endpoints: [a, b, ready, a],
      cluster: '1 2 3 4',
    },
    { name: 'count for nothing when they are empty', zone: 'a', endpoints: [a, zoned()], cluster: '1 2' },
    { name: 'count for nothing when none is for this zone', zone: 'z', endpoints: [a, b], cluster: '1 2' },
    { name: 'count for nothing when the node has no zone', zone: '', endpoints: [a, b], cluster: '1 2' },
    { name: 'to the empty zone match no node', zone: '', endpoints: [zoned(''), b], cluster: '1 2' },
    {
      name: 'are followed although an unready endpoint has none',
      zone: 'a',
      endpoints: [a, unready, b],
      cluster: '1',
    },
    {
      name: 'of unready endpoints do not decide',
      zone: 'a',
      endpoints: [{ ...unready, ...a }, b, b],
      cluster: '2 3',
    },
    {
      name: 'are followed although a terminating endpoint has none',
      zone: 'a',
      endpoints: [a, terminating, b],
      cluster: '1',
    },
    {
      name: 'are ignored in the fallback to terminating endpoints',
      zone: 'a',
      endpoints: [
        { ...terminating, ...a },
        { ...terminating, ...b },
      ],
      cluster: '1 2',
    },
    {
      name: 'are ignored for internal Local',
      port: internalLocal,
      zone: 'a',
      cluster: '',
      local: '2',
      all: '2',
      endpoints: [a, { ...local, ...b }],
    },
    {
      name: 'are ignored for external Local',
      port: externalLocal,
      zone: 'a',
      cluster: '1',
      local: '2',
      all: '1 2',
      endpoints: [a, { ...local, ...b }],
    },
  ]);
});

describe('node hints', () => {
  const here = pinned('node-a');
  const there = pinned('node-b');
  check([
    { name: 'are followed when every endpoint has one', endpoints: [here, there, here], cluster: '1 3' },
    {
      name: 'come before zone hints',
      zone: 'a',
      endpoints: [
        { ...here, ...b },
        { ...there, ...a },
      ],
      cluster: '1',
    },
    {
      name: 'of other nodes alone leave it to the zone hints',
      zone: 'a',
      endpoints: [
        { ...there, ...a },
        { ...there, ...b },
      ],
      cluster: '1',
    },
    {
      name: 'missing on one endpoint leave it to the zone hints',
      zone: 'a',
      endpoints: [{ ...here, ...b }, a],
      cluster: '2',
    },
    { name: 'missing on one endpoint and no zone hints', endpoints: [here, ready, there], cluster: '1 2 3' },
    {
      name: 'are followed although an unready endpoint has none',
      endpoints: [here, unready, there],
      cluster: '1',
    },
    { name: 'of unready endpoints do not decide', endpoints: [{ ...unready, ...here }, there], cluster: '2' },
    { name: 'may name several nodes', endpoints: [pinned('node-b', 'node-a'), there], cluster: '1' },
    {
      name: 'are ignored in the fallback to terminating endpoints',
      endpoints: [
        { ...terminating, ...here },
        { ...terminating, ...there },
      ],
      cluster: '1 2',
    },
    {
      name: 'are ignored for Local',
      port: bothLocal,
      endpoints: [{ ...here }, { ...local, ...there }],
      cluster: '1',
      local: '2',
      all: '1 2',
    },
  ]);
});

describe('cluster policy', () => {
  check([
    { name: 'no endpoints', endpoints: [], cluster: '' },
    { name: 'ready endpoints, local or not', endpoints: [ready, local], cluster: '1 2' },
    {
      name: 'unready endpoints are not used',
      endpoints: [ready, unready, { ...unready, ...local }],
      cluster: '1',
    },
    { name: 'no usable endpoint', endpoints: [unready, gone], cluster: '' },
    { name: 'serving alone is not enough', endpoints: [{ ready: false, serving: true }], cluster: '' },
    {
      name: 'terminating endpoints are not used beside ready ones',
      endpoints: [ready, terminating],
      cluster: '1',
    },
    {
      name: 'terminating endpoints are used when none is ready',
      endpoints: [unready, terminating, gone],
      cluster: '2',
    },
    {
      name: 'ready counts although terminating is set',
      endpoints: [{ terminating: true }, terminating],
      cluster: '1',
    },
    {
      name: 'external Local is ignored if nothing outside can reach the port',
      port: { externalPolicyLocal: true },
      endpoints: [ready, local],
      cluster: '1 2',
    },
  ]);
});

describe('Local policies', () => {
  const localTerminating = { ...terminating, ...local };
  check([
    {
      name: 'internal: all endpoints local',
      port: internalLocal,
      endpoints: [local, local],
      cluster: '',
      local: '1 2',
      all: '1 2',
    },
    {
      name: 'internal: some endpoints local',
      port: internalLocal,
      endpoints: [ready, local],
      cluster: '',
      local: '2',
      all: '2',
    },
    {
      name: 'internal: no endpoint local',
      port: internalLocal,
      endpoints: [ready, ready],
      cluster: '',
      any: true,
    },
    { name: 'internal: no endpoints', port: internalLocal, endpoints: [], cluster: '' },
    {
      name: 'internal: all unready',
      port: internalLocal,
      endpoints: [unready, { ...unready, ...local }],
      cluster: '',
    },
    {
      name: 'internal: local endpoint unready',
      port: internalLocal,
      endpoints: [ready, { ...unready, ...local }],
      cluster: '',
      any: true,
    },
    {
      name: 'internal: only remote endpoints, all terminating',
      port: internalLocal,
      endpoints: [terminating],
      cluster: '',
      any: true,
    },
    {
      name: 'internal: falls back to terminating',
      port: internalLocal,
      endpoints: [ready, localTerminating],
      cluster: '',
      local: '2',
      all: '2',
    },
    {
      name: 'external: all endpoints local',
      port: externalLocal,
      endpoints: [local, local],
      cluster: '1 2',
      local: '1 2',
    },
    {
      name: 'external: some endpoints local',
      port: externalLocal,
      endpoints: [ready, local],
      cluster: '1 2',
      local: '2',
    },
    {
      name: 'external: no endpoint local',
      port: externalLocal,
      endpoints: [ready, ready],
      cluster: '1 2',
      local: '',
    },
    { name: 'external: no endpoints', port: externalLocal, endpoints: [], cluster: '' },
    {
      name: 'external: all unready',
      port: externalLocal,
      endpoints: [unready, { ...unready, ...local }],
      cluster: '',
    },
    {
      name: 'external: one ready and local, one ready and remote',
      port: externalLocal,
      endpoints: [local, ready, unready],
      cluster: '1 2',
      local: '1',
    },
    {
      name: 'external: local ready beats local terminating',
      port: externalLocal,
      endpoints: [local, localTerminating],
      cluster: '1',
      local: '1',
    },
    {
      name: 'external: falls back to local terminating',
      port: externalLocal,
      endpoints: [localTerminating, ready],
      cluster: '2',
      local: '1',
      all: '1 2',
    },
    {
      name: 'external: everything terminates',
      port: externalLocal,
      endpoints: [terminating, localTerminating, gone],
      cluster: '1 2',
      local: '2',
    },
    {
      name: 'external: everything local terminates',
      port: externalLocal,
      endpoints: [localTerminating, unready],
      cluster: '1',
      local: '1',
    },
    {
      name: 'external by load-balancer address',
      port: { externalPolicyLocal: true, loadBalancerVIPs: ['203.0.113.9'] },
      endpoints: [ready, local],
      cluster: '1 2',
      local: '2',
    },
    {
      name: 'external by external address',
      port: { externalPolicyLocal: true, externalIPs: ['203.0.113.9'] },
      endpoints: [ready, local],
      cluster: '1 2',
      local: '2',
    },
    {
      name: 'internal Local, external Cluster: both lists',
      port: { ...internalLocal, nodePort: 30080 },
      endpoints: [ready, local],
      cluster: '1 2',
      local: '2',
    },
    {
      name: 'internal Local, external Cluster: no local endpoint',
      port: { ...internalLocal, nodePort: 30080 },
      endpoints: [ready],
      cluster: '1',
      local: '',
    },
    { name: 'both Local', port: bothLocal, endpoints: [ready, local], cluster: '1 2', local: '2' },
  ]);
});

describe('union of cluster and local endpoints', () => {
  check([
    {
      name: 'keeps the order of the port',
      port: externalLocal,
      zone: 'a',
      endpoints: [{ ...local, ...b }, a, { ...local, ...b }, a],
      cluster: '2 4',
      local: '1 3',
      all: '1 2 3 4',
    },
    {
      name: 'names an endpoint of both lists once',
      port: externalLocal,
      zone: 'a',
      endpoints: [a, { ...local, ...a }, { ...local, ...b }],
      cluster: '1 2',
      local: '2 3',
      all: '1 2 3',
    },
    {
      name: 'leaves out what neither has',
      port: externalLocal,
      zone: 'a',
      endpoints: [a, b, { ...local, ...b }],
      cluster: '1',
      local: '3',
      all: '1 3',
    },
  ]);
});

describe('endpoints of weight 0', () => {
  check([
    { name: 'are left out', endpoints: [idle, ready], cluster: '2' },
    { name: 'are none when all are', endpoints: [idle, idle], cluster: '', any: false },
    { name: 'leave those that terminate', endpoints: [idle, terminating], cluster: '2' },
    {
      name: 'that terminate are left out too',
      endpoints: [{ ...terminating, ...idle }, terminating],
      cluster: '2',
    },
    {
      name: 'do not count for hints',
      zone: 'a',
      endpoints: [{ ...idle, ...zoned('a') }, zoned('b')],
      cluster: '2',
    },
    {
      name: 'on this node leave none for a Local policy',
      port: bothLocal,
      endpoints: [{ ...local, ...idle }, ready],
      cluster: '2',
      local: '',
      any: true,
    },
    {
      name: 'everywhere leave none anywhere',
      port: bothLocal,
      endpoints: [{ ...local, ...idle }, idle],
      cluster: '',
      local: '',
      any: false,
    },
  ]);
});

describe('for any endpoints', () => {
  const hints = fc.option(fc.subarray(['node-a', 'node-b', 'a', 'b']), { nil: undefined });
  const condition = fc.record({
    ready: fc.boolean(),
    serving: fc.boolean(),
    terminating: fc.boolean(),
    isLocal: fc.boolean(),
    zoneHints: hints,
    nodeHints: hints,
  });
  const policy = fc.record({
    internalPolicyLocal: fc.boolean(),
    externalPolicyLocal: fc.boolean(),
    nodePort: fc.constantFrom(0, 30080),
  });

  it('all that is reachable is the union, in the order of the port', () => {
    fc.assert(
      fc.property(fc.array(condition, { maxLength: 6 }), policy, (conditions, fields) => {
        const endpoints = conditions.map((each, index) => anEndpoint({ ...each, ip: `10.0.0.${index + 1}` }));
        const port = aServicePort({ ...fields, endpoints });
        const categories = categorizeEndpoints(port, aNodeView({ zone: 'a' }));
        const { clusterEndpoints, localEndpoints, allReachable, hasAnyEndpoints } = categories;
        const both = new Set([...clusterEndpoints, ...localEndpoints]);
        expect(allReachable).toEqual(endpoints.filter((endpoint) => both.has(endpoint)));
        expect(localEndpoints.every((endpoint) => endpoint.isLocal)).toBe(true);
        expect(both.size > 0 && !hasAnyEndpoints).toBe(false);
      }),
    );
  });
});
