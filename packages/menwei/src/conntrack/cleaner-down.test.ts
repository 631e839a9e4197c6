/** What is deleted when checks find that an endpoint is down. */
import { type ConntrackEntry, formatFilter } from '@menwei/netlink/conntrack';
import { anEntry, FakeConntrackTable } from '@menwei/testing/conntrack/testing.ts';
import { aHealthCheck, aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import type { HealthCheck } from '../kubernetes/health-check.ts';
import type { Protocol } from '../kubernetes/objects.ts';
import { silentLogger } from '../log/logger.ts';
import type { ServicePort } from '../state/service-port.ts';
import { ConntrackCleaner } from './cleaner.ts';
import type { EntryKind } from './entry-kind.ts';

const POD_PORT = 8080;
const [A, B, C] = [1, 2, 3].map((number) => anEndpoint({ ip: `10.0.0.${number}`, port: POD_PORT }));
const ALL = [A, B, C].filter((endpoint) => endpoint !== undefined);

function service(
  protocol: Protocol,
  onDown: HealthCheck['onDown'],
  down: readonly string[],
  endpoints = ALL,
): ServicePort {
  const check = aHealthCheck({ onDown });
  return aServicePort({ name: 'web', protocol, port: 80, endpoints, health: { check, down } });
}

/** After a first sync with all endpoints up. */
async function open(kind: EntryKind, first: ServicePort) {
  const table = new FakeConntrackTable();
  const cleaner = new ConntrackCleaner({
    family: 'IPv4',
    kind,
    table,
    localAddresses: () => ['203.0.113.9'],
    logger: silentLogger,
    replyTimeMs: 0,
  });
  const note = (port: ServicePort | undefined, complete = false): boolean =>
    cleaner.note({ ports: new Map([[first.key, port]]), node: aNodeView(), complete });
  const clean = () => cleaner.clean(new AbortController().signal);
  note(first, true);
  await clean();
  table.filters.length = 0;
  return { table, note, clean };
}

const to = (pod: number, protocol: Protocol): ConntrackEntry =>
  anEntry(`172.30.0.1:80 → 10.0.0.${pod}:${POD_PORT}`, protocol);
const connecting = (pod: number): ConntrackEntry => ({ ...to(pod, 'TCP'), isUnreplied: true });
const B_DOWN = [`10.0.0.2:${POD_PORT}`];
const MOST_DOWN = [`10.0.0.1:${POD_PORT}`, ...B_DOWN];

describe('entries to an endpoint that is down', () => {
  it.each(['UDP', 'SCTP'] as const)('are deleted: %s', async (protocol) => {
    const { table, note, clean } = await open('lasting', service(protocol, 'drain', []));
    table.entries = [to(1, protocol), to(2, protocol)];
    note(service(protocol, 'drain', B_DOWN));
    await clean();
    expect(table.entries).toEqual([to(1, protocol)]);
  });

  it('are deleted if nobody has answered: TCP', async () => {
    const { table, note, clean } = await open('unreplied', service('TCP', 'drain', []));
    table.entries = [connecting(1), to(2, 'TCP'), connecting(2)];
    note(service('TCP', 'drain', B_DOWN));
    await clean();
    expect(table.entries).toEqual([connecting(1), to(2, 'TCP')]);
  });

  it('are all deleted if the Service asks for it: TCP', async () => {
    const { table, note, clean } = await open('reset', service('TCP', 'reset', []));
    const kept = [
      connecting(1),
      to(1, 'TCP'),
      anEntry('172.30.0.9:80 → 10.0.0.2:8080', 'TCP'),
      anEntry('10.0.0.2:8080', 'TCP'),
    ];
    table.entries = [...kept, to(2, 'TCP')];
    expect(note(service('TCP', 'reset', B_DOWN))).toBe(true);
    await clean();
    expect(table.entries).toEqual(kept);
    expect(table.filters.map(formatFilter)).toEqual(['TCP answered by 10.0.0.2:8080']);
    expect(note(service('TCP', 'reset', B_DOWN))).toBe(false);
    expect(note(service('TCP', 'reset', []))).toBe(false);
  });

  it.each<[string, ServicePort | undefined]>([
    ['it does not ask for it', service('TCP', 'drain', B_DOWN)],
    ['too many are down to believe it', service('TCP', 'reset', MOST_DOWN)],
    ['the endpoint leaves', service('TCP', 'reset', [], ALL.slice(0, 1))],
    ['the Service is deleted', undefined],
  ])('are left alone if they are answered, when %s: TCP', async (_, port) => {
    const { note } = await open('reset', service('TCP', 'reset', []));
    expect(note(port)).toBe(false);
  });

  it.each([
    ['lasting', 'UDP'],
    ['reset', 'TCP'],
  ] as const)('are found at the start, too: %s', async (kind, protocol) => {
    const { table, note, clean } = await open(kind, service(protocol, 'reset', B_DOWN));
    table.entries = [to(1, protocol), to(2, protocol)];
    note(service(protocol, 'reset', B_DOWN), true);
    await clean();
    expect(table.entries).toEqual([to(1, protocol)]);
  });
});
