import { aNode, aService, aSlice, type ServiceFields } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { parseHealthCheck } from '../../kubernetes/decode-health-check.ts';
import type { LoadBalancerDetails } from '../../kubernetes/load-balancer-objects.ts';
import { readSlice } from '../../state/stored-slice.ts';
import { type BalancerWish, balancerRequest } from './balancer-request.ts';
import type { BalancerRequest, ProviderSupport } from './provider.ts';

const SUPPORTS: ProviderSupport = {
  protocols: ['TCP'],
  families: ['IPv4', 'IPv6'],
  backends: ['nodes', 'pods'],
  clientAddress: ['snat', 'proxy-v1', 'proxy-v2'],
  mixedProtocols: false,
};
const NODES = [
  aNode({ name: 'b', internalIPs: ['10.0.0.2', 'fd00::2'], externalIPs: ['203.0.113.2'] }),
  aNode({ name: 'a', internalIPs: ['10.0.0.1', 'fd00::1'] }),
];

function details(
  annotations: Readonly<Record<string, string>> = {},
  fields: Partial<LoadBalancerDetails> = {},
): LoadBalancerDetails {
  return {
    labels: new Map(),
    annotations: new Map(Object.entries(annotations)),
    finalizers: [],
    isDeleting: false,
    loadBalancerClass: 'menwei.dev/haproxy',
    loadBalancerIP: '',
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    allocatesNodePorts: true,
    ingress: [],
    conditions: [],
    ...fields,
  };
}

function wish(fields: ServiceFields = {}, slices: BalancerWish['slices'] = []): BalancerWish {
  const service = aService({
    type: 'LoadBalancer',
    ports: [{ nodePort: 30_080 }],
    loadBalancer: details(),
    ...fields,
  });
  return { service, addresses: ['192.0.2.1'], nodes: NODES, slices };
}

function requestFor(wanted: BalancerWish): BalancerRequest {
  const decision = balancerRequest(wanted, SUPPORTS);
  if ('trouble' in decision) throw new Error(decision.trouble.message);
  return decision.request;
}

function refusalOf(wanted: BalancerWish): string {
  const decision = balancerRequest(wanted, SUPPORTS);
  return 'trouble' in decision ? `${decision.trouble.reason}: ${decision.trouble.message}` : 'no refusal';
}

describe('what a load balancer is asked for', () => {
  it('sends traffic to the NodePort of every node, whatever their order, and asks their proxies', () => {
    const [port] = requestFor(wish()).ports;
    expect(port?.servers.map(({ ip, node, port: number }) => `${node} ${ip} ${number}`)).toEqual([
      'a 10.0.0.1 30080',
      'b 10.0.0.2 30080',
    ]);
    expect(port?.healthCheck.probe).toMatchObject({ kind: 'http', path: '/healthz', port: 10_256 });
    expect(requestFor({ ...wish(), nodes: NODES.toReversed() })).toEqual(requestFor(wish()));
  });

  it('asks nodes for local endpoints where the policy is Local', () => {
    const [port] = requestFor(wish({ externalTrafficPolicy: 'Local', healthCheckNodePort: 31_000 })).ports;
    expect(port?.healthCheck.probe).toMatchObject({ kind: 'http', path: '/healthz', port: 31_000 });
  });

  it('reaches nodes at the family that the Service prefers', () => {
    const loadBalancer = details({}, { ipFamilies: ['IPv6', 'IPv4'] });
    const [port] = requestFor(wish({ loadBalancer })).ports;
    expect(port?.servers.map(({ ip }) => ip)).toEqual(['fd00::1', 'fd00::2']);
  });

  it('names the field when nodes have no port for it', () => {
    const loadBalancer = details({}, { allocatesNodePorts: false });
    expect(refusalOf(wish({ ports: [{}], loadBalancer }))).toBe(
      'InvalidRequest: spec.ports[0].nodePort: there is none, and traffic is sent to nodes (spec.allocateLoadBalancerNodePorts is false)',
    );
    const pods = details({ 'menwei.dev/backends': 'pods' }, { allocatesNodePorts: false });
    expect(refusalOf(wish({ ports: [{}], loadBalancer: pods }))).toBe('no refusal');
  });

  it('sends traffic to ready pods, and lets those that end keep what they have', () => {
    const loadBalancer = details({ 'menwei.dev/backends': 'pods' });
    const ending = { ready: false, serving: true, terminating: true };
    const slice = aSlice({
      endpoints: [
        '10.1.0.2',
        { ip: '10.1.0.1', ...ending },
        { ip: '10.1.0.3', ready: false, serving: false, terminating: false },
      ],
    });
    const [port] = requestFor(
      wish({ loadBalancer }, [
        readSlice(slice, undefined, { nodeName: '', endpointNodes: false, names: false, podNames: false }),
      ]),
    ).ports;
    expect(port?.servers.map(({ ip, state }) => `${ip} ${state}`)).toEqual([
      '10.1.0.1 drain',
      '10.1.0.2 active',
    ]);
    expect(port?.healthCheck.probe).toEqual({ kind: 'tcp', port: undefined });
    const last = aSlice({ endpoints: [{ ip: '10.1.0.1', ...ending }] });
    const [alone] = requestFor(
      wish({ loadBalancer }, [
        readSlice(last, undefined, { nodeName: '', endpointNodes: false, names: false, podNames: false }),
      ]),
    ).ports;
    expect(alone?.servers.map(({ ip, state }) => `${ip} ${state}`)).toEqual(['10.1.0.1 active']);
  });

  it('leaves out ports that the load balancer can not serve, and says which', () => {
    const ports = [
      { port: 80, nodePort: 30_080 },
      { port: 53, protocol: 'UDP', nodePort: 30_053 },
    ] as const;
    const decision = balancerRequest(wish({ ports }), SUPPORTS);
    expect(decision).toMatchObject({
      request: { ports: [{ port: 80 }] },
      unsupported: [{ port: 53, protocol: 'UDP' }],
    });
  });

  it.each([
    ['menwei.dev/backends', 'podz', '"podz" is none of nodes, pods'],
    ['menwei.dev/proxy-protocol', 'v3', '"v3" is none of v1, v2'],
    ['menwei.dev/health-check', 'tcp fall=0', 'fall: "0" is outside 1-10'],
    ['menwei.dev/health-check', 'grpc', 'this load balancer has no checks by grpc, but by tcp, http, none'],
    ['menwei.dev/health-check', 'tcp port=x', 'port: the Service has no port "x"'],
  ])('says what is wrong with annotation %s: %s', (name, value, message) => {
    const loadBalancer = details({ 'menwei.dev/backends': 'pods', [name]: value });
    const healthCheck = name === 'menwei.dev/health-check' ? parseHealthCheck(value) : undefined;
    expect(refusalOf(wish({ loadBalancer, healthCheck }))).toBe(
      `InvalidRequest: annotation ${name}: ${message}`,
    );
  });
});
