import { aHealthCheck, aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { expect, it } from 'vitest';
import { type EndpointHealth, healthKey } from '../state/endpoint-health.ts';
import type { ServicePort } from '../state/service-port.ts';
import type { ServicePortStatus } from '../state/service-port-status.ts';
import { reportStatuses } from './reported-status.ts';
import { parseStatus } from './status-row.ts';

const WEB = aServicePort({
  nodePort: 30080,
  endpoints: [
    anEndpoint(),
    anEndpoint({ ip: '10.0.0.2', isLocal: true }),
    anEndpoint({ ip: '10.0.0.3', ready: false, serving: false }),
  ],
});
const PROGRAMMED = { servicePort: WEB.key, family: 'IPv4', state: 'programmed', sinceMs: 1_500 } as const;

const TELLER = { node: 'node-1', mode: 'ipvs' };

function report(
  ports: readonly ServicePort[],
  applied: readonly ServicePort[] = ports,
  verdicts: readonly EndpointHealth[] = [],
) {
  const byKey = (all: readonly ServicePort[]) => new Map(all.map((port) => [port.key, port]));
  const health = new Map(verdicts.map((row) => [healthKey(row.port, row.endpoint), row]));
  const knowledge = { ports: byKey(ports), applied: byKey(applied), health, node: aNodeView() };
  return (...statuses: readonly ServicePortStatus[]) => [
    ...reportStatuses(statuses, { teller: TELLER, answered: 'pools' }, [knowledge]),
  ];
}

it('tells of a service port what it is, and how many endpoints this node uses', () => {
  expect(report([WEB])(PROGRAMMED)).toEqual([
    {
      ...PROGRAMMED,
      ...TELLER,
      since: '1970-01-01T00:00:01.500Z',
      clusterIP: '172.30.0.1',
      port: 80,
      nodePort: 30080,
      endpoints: { used: 2, local: 1, total: 3, unused: { notReady: 1 } },
    },
  ]);
});

it('tells of load-balancer addresses, and which of them the kernel was told to answer for', () => {
  const loadBalancerVIPs = ['192.0.2.10'];
  const before = aServicePort({ loadBalancerVIPs });
  const after = aServicePort({ loadBalancerVIPs, hasPoolAddresses: true });
  expect(report([after])(PROGRAMMED)).toMatchObject([
    { loadBalancerIPs: loadBalancerVIPs, answeredIPs: loadBalancerVIPs },
  ]);
  const [row] = report([after], [before])({ ...PROGRAMMED, state: 'pending' });
  expect(row).toMatchObject({ loadBalancerIPs: loadBalancerVIPs });
  expect(row).not.toHaveProperty('answeredIPs');
});

it('tells how many endpoints are used, not how many are to be', () => {
  const before = aServicePort({ endpoints: WEB.endpoints.slice(0, 1) });
  const pending = { ...PROGRAMMED, state: 'pending' } as const;
  expect(report([WEB], [before])(pending)).toMatchObject([{ endpoints: { used: 1, local: 0, total: 3 } }]);
  expect(report([WEB], [])(pending)).toMatchObject([{ endpoints: { used: 0, local: 0, total: 3 } }]);
});

it('warns of a service port that leads nowhere', () => {
  const none = aServicePort({ endpoints: [] });
  expect(report([none])(PROGRAMMED)).toMatchObject([{ state: 'programmed', warning: 'no endpoints' }]);
  expect(report([none])({ ...PROGRAMMED, warning: 'other' })).toMatchObject([
    { warning: 'no endpoints; other' },
  ]);
});

it('tells no more than the state of what is unknown, and of a family that is not proxied', () => {
  const statuses = [PROGRAMMED, { ...PROGRAMMED, family: 'IPv6' } as const];
  const rest = { since: '1970-01-01T00:00:01.500Z', ...TELLER };
  expect(report([])(...statuses)).toEqual(statuses.map((status) => ({ ...status, ...rest })));
});

it('is read as it is written', () => {
  const rows = report([WEB])({ ...PROGRAMMED, warning: 'none' });
  const read = parseStatus(JSON.stringify(rows));
  expect(read).toEqual(rows.map(({ since: _since, ...row }) => row));
});

it.each([
  '',
  '{}',
  '[{}]',
  '[{"servicePort": "a", "family": "IPv5", "state": "pending", "sinceMs": 1}]',
  '[1',
])('what is no status is not taken for one: %s', (text) => {
  expect(parseStatus(text)).toBeUndefined();
});

it('tells what checks have found out, and which endpoints are not used for it', () => {
  const [one, two] = ['10.0.0.1:8080', '10.0.0.2:8080'];
  const verdict = (endpoint: string, state: EndpointHealth['state']): EndpointHealth => ({
    ...{ port: WEB.key, endpoint, state, sinceMs: 1_500, checkers: [] },
    ...(state === 'up'
      ? { result: 'ok', detail: '' }
      : { result: 'wrong-answer', detail: 'HTTP status 503' }),
  });
  const since = '1970-01-01T00:00:01.500Z';
  const down = { ...WEB, health: { check: aHealthCheck(), down: [two] } };
  const [row] = report([down], [down], [verdict(one, 'up'), verdict(two, 'recovering')])(PROGRAMMED);
  expect(row?.endpoints).toEqual({ used: 1, local: 0, total: 3, unused: { notReady: 1, unhealthy: 1 } });
  expect(row?.health).toEqual({
    check: 'tcp',
    states: { up: 1, recovering: 1, unknown: 1 },
    unhealthy: [
      { endpoint: two, state: 'recovering', since, result: 'wrong-answer', detail: 'HTTP status 503' },
    ],
  });
  expect(parseStatus(JSON.stringify([row]))?.[0]?.health).toEqual(row?.health);
});

it('tells of panic, and that nothing is left without it', () => {
  const all = ['10.0.0.1:8080', '10.0.0.2:8080'];
  const panicking = { ...WEB, health: { check: aHealthCheck(), down: all } };
  expect(report([panicking])(PROGRAMMED)).toMatchObject([
    {
      health: { panic: true },
      endpoints: { used: 2 },
      warning:
        '2 of 3 endpoints are down by their health checks, and all are used since too few would be left (panic=50%)',
    },
  ]);
  const strict = { ...WEB, health: { check: aHealthCheck({ panicPercent: 0 }), down: all } };
  expect(report([strict])(PROGRAMMED)).toMatchObject([
    { endpoints: { used: 0 }, warning: 'all endpoints are down by their health checks' },
  ]);
});
