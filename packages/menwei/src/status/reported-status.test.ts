import { aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { expect, it } from 'vitest';
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

it('tells of a service port what it is, and how many endpoints this node uses', () => {
  const knowledge = { ports: new Map([[WEB.key, WEB]]), node: aNodeView() };
  expect([...reportStatuses([PROGRAMMED], { mode: 'ipvs' }, [knowledge])]).toEqual([
    {
      ...PROGRAMMED,
      since: '1970-01-01T00:00:01.500Z',
      mode: 'ipvs',
      clusterIP: '172.30.0.1',
      port: 80,
      nodePort: 30080,
      endpoints: { used: 2, local: 1, total: 3 },
    },
  ]);
});

it('tells no more than the state of what is unknown, and of a family that is not proxied', () => {
  const knowledge = { ports: new Map(), node: aNodeView() };
  const statuses = [PROGRAMMED, { ...PROGRAMMED, family: 'IPv6' } as const];
  const rest = { since: '1970-01-01T00:00:01.500Z', mode: 'ipvs' };
  expect([...reportStatuses(statuses, { mode: 'ipvs' }, [knowledge])]).toEqual(
    statuses.map((status) => ({ ...status, ...rest })),
  );
});

it('is read as it is written', () => {
  const knowledge = { ports: new Map([[WEB.key, WEB]]), node: aNodeView() };
  const rows = [...reportStatuses([{ ...PROGRAMMED, warning: 'none' }], { mode: 'ipvs' }, [knowledge])];
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
