/** What is deleted of TCP: entries that nobody has answered, to endpoints that are gone. */
import { type ConntrackEntry, formatFilter } from '@menwei/netlink/conntrack';
import { anEntry, FakeConntrackTable } from '@menwei/testing/conntrack/testing.ts';
import {
  aNodeView,
  anEndpoint,
  aServicePort,
  type ServicePortFields,
} from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import type { ServicePort } from '../state/service-port.ts';
import { type AppliedChanges, ConntrackCleaner } from './cleaner.ts';

const A = anEndpoint({ ip: '10.0.0.1', port: 8080 });
const B = anEndpoint({ ip: '10.0.0.2', port: 8080 });
const C = anEndpoint({ ip: '10.0.0.3', port: 8080 });

function web(fields: ServicePortFields = {}): ServicePort {
  return aServicePort({ name: 'web', port: 80, nodePort: 30_080, endpoints: [A, B, C], ...fields });
}

/** Of a client that is connecting. */
function connecting(text: string): ConntrackEntry {
  return { ...anEntry(text, 'TCP'), isUnreplied: true };
}

/** After a first sync with all endpoints. */
async function open() {
  const table = new FakeConntrackTable();
  const cleaner = new ConntrackCleaner({
    family: 'IPv4',
    kind: 'unreplied',
    table,
    localAddresses: () => ['203.0.113.9'],
    logger: silentLogger,
  });
  const note = (ports: readonly ServicePort[], more: Partial<AppliedChanges> = {}): boolean =>
    cleaner.note({
      ports: new Map(ports.map((port) => [port.key, port])),
      node: aNodeView(),
      complete: false,
      ...more,
    });
  const clean = () => cleaner.clean(new AbortController().signal);
  const asked = () => table.filters.splice(0).map(formatFilter);
  note([web()], { complete: true });
  await clean();
  return { table, note, clean, asked };
}

describe('entries of TCP', () => {
  it('to an endpoint that left are deleted if nobody has answered', async () => {
    const { table, note, clean, asked } = await open();
    asked();
    const kept = [
      connecting('172.30.0.1:80 → 10.0.0.1:8080'),
      anEntry('172.30.0.1:80 → 10.0.0.2:8080', 'TCP'),
      connecting('172.30.0.9:80 → 10.0.0.2:8080'),
      connecting('10.0.0.2:8080'),
    ];
    table.entries = [
      connecting('172.30.0.1:80 → 10.0.0.2:8080'),
      connecting('203.0.113.9:30080 → 10.0.0.2:8080'),
      ...kept,
    ];
    expect(note([web({ endpoints: [A, C] })])).toBe(true);
    await clean();
    expect(table.entries).toEqual(kept);
    expect(asked()).toEqual(['unreplied TCP answered by 10.0.0.2:8080']);
  });

  it.each<[string, Partial<typeof B>, boolean]>([
    ['turned unready', { ready: false, serving: false }, true],
    ['terminates and serves no more', { ready: false, serving: false, terminating: true }, true],
    ['terminates while others are ready', { ready: false, serving: true, terminating: true }, true],
    ['gets no new connections', { weight: 0 }, true],
    ['has a hint for another node', { zoneHints: ['elsewhere'] }, false],
  ])('to an endpoint that %s', async (_, condition, isDeleted) => {
    const { table, note, clean } = await open();
    table.entries = [connecting('172.30.0.1:80 → 10.0.0.2:8080')];
    expect(note([web({ endpoints: [A, anEndpoint({ ...B, ...condition }), C] })])).toBe(isDeleted);
    await clean();
    expect(table.entries).toHaveLength(isDeleted ? 0 : 1);
  });

  it('are looked for once when many endpoints left', async () => {
    const { table, note, clean, asked } = await open();
    asked();
    table.entries = [
      connecting('172.30.0.1:80 → 10.0.0.2:8080'),
      connecting('172.30.0.1:80 → 10.0.0.3:8080'),
      connecting('172.30.0.2:443 → 10.0.0.9:8443'),
    ];
    const other = web({ name: 'other', clusterIP: '172.30.0.2', port: 443, nodePort: 0 });
    note([web({ endpoints: [A] }), other]);
    await clean();
    expect(asked()).toEqual(['unreplied TCP']);
    expect(table.entries).toEqual([connecting('172.30.0.2:443 → 10.0.0.9:8443')]);
  });

  it('are not looked for when no endpoint left', async () => {
    const { note } = await open();
    expect(note([web({ endpoints: [A, B, C, anEndpoint({ ip: '10.0.0.4', port: 8080 })] })])).toBe(false);
    expect(note([web({ name: 'other', clusterIP: '172.30.0.2', nodePort: 0 })])).toBe(false);
    expect(note([web({ name: 'dns', clusterIP: '172.30.0.3', nodePort: 0, protocol: 'UDP' })])).toBe(false);
  });

  it('are deleted with their Service', async () => {
    const { table, note, clean } = await open();
    table.entries = [connecting('172.30.0.1:80 → 10.0.0.2:8080')];
    note([], { ports: new Map([[web().key, undefined]]) });
    await clean();
    expect(table.entries).toEqual([]);
  });

  it('are all looked at when the kernel was not known', async () => {
    const { table, note, clean, asked } = await open();
    asked();
    const kept = [
      connecting('172.30.0.1:80 → 10.0.0.2:8080'),
      connecting('172.30.0.9:80 → 10.0.0.9:8080'),
      connecting('203.0.113.77:30080 → 10.0.0.9:8080'),
      connecting('203.0.113.9:30099 → 10.0.0.9:8080'),
    ];
    table.entries = [
      connecting('172.30.0.1:80 → 10.0.0.9:8080'),
      connecting('172.30.0.1:80'),
      connecting('203.0.113.9:30080 → 10.0.0.9:8080'),
      ...kept,
    ];
    note([], { complete: true });
    await clean();
    expect(table.entries).toEqual(kept);
    expect(asked()).toEqual(['unreplied TCP']);
  });
});
