import { KernelError } from '@menwei/netlink';
import { formatFilter } from '@menwei/netlink/conntrack';
import { anEntry, FakeConntrackTable } from '@menwei/testing/conntrack/testing.ts';
import {
  aNodeView,
  anEndpoint,
  aServicePort,
  type ServicePortFields,
} from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import type { ServicePort } from '../state/service-port.ts';
import { type AppliedChanges, type CleaningResult, ConntrackCleaner } from './cleaner.ts';

const never = new AbortController().signal;
const A = anEndpoint({ ip: '10.0.0.1', port: 5353 });
const B = anEndpoint({ ip: '10.0.0.2', port: 5353 });
const TO_A = anEntry('172.30.0.1:53 → 10.0.0.1:5353');
const TO_B = anEntry('172.30.0.1:53 → 10.0.0.2:5353');
const REFUSED = new KernelError({
  operation: 'list',
  object: 'IPv4 entries',
  detail: 'no such luck',
  errno: 1,
});

function dns(fields: ServicePortFields = {}): ServicePort {
  return aServicePort({ name: 'dns', protocol: 'UDP', port: 53, ...fields });
}

function open(localAddresses: readonly string[] = ['203.0.113.9']) {
  const table = new FakeConntrackTable();
  const log: string[] = [];
  const cleanings: Pick<CleaningResult, 'entries'>[] = [];
  const say = (_: object, message: string) => void log.push(message);
  const cleaner = new ConntrackCleaner({
    family: 'IPv4',
    kind: 'lasting',
    table,
    localAddresses: () => localAddresses,
    logger: { verbosity: 0, verbose: () => undefined, info: say, warn: say, error: say },
    onCleaned: ({ entries, seconds }) => cleanings.push({ entries: seconds >= 0 ? entries : Number.NaN }),
  });
  const note = (ports: readonly ServicePort[], more: Partial<AppliedChanges> = {}): boolean =>
    cleaner.note({
      ports: new Map(ports.map((port) => [port.key, port])),
      node: aNodeView(),
      complete: false,
      ...more,
    });
  const clean = () => cleaner.clean(never);
  return { table, log, cleanings, cleaner, note, clean };
}

describe('ConntrackCleaner', () => {
  it('deletes what a change made stale, once, and tells', async () => {
    const { table, log, cleanings, note, clean } = open();
    note([dns({ endpoints: [A, B] })], { complete: true });
    await clean();
    table.entries = [TO_A, TO_B];
    table.filters.length = 0;
    expect(note([dns({ endpoints: [A] })])).toBe(true);
    expect(await clean()).toBe(true);
    expect(table.entries).toEqual([TO_A]);
    expect(table.filters.map(formatFilter)).toEqual(['UDP answered by 10.0.0.2:5353']);
    expect(cleanings).toEqual([{ entries: 0 }, { entries: 1 }]);
    expect(log).toEqual(['deleted stale conntrack entries']);
    await clean();
    expect(table.filters).toHaveLength(1);
  });

  it.each<[string, readonly ServicePort[]]>([
    ['nothing changed', []],
    ['only TCP changed', [aServicePort({ endpoints: [A] })]],
  ])('has nothing to do when %s', (_, ports) => {
    const { note } = open();
    expect(note(ports, { complete: true })).toBe(false);
    expect(note(ports)).toBe(false);
  });

  it('knows nothing at the start: entries to endpoints stay, others are deleted', async () => {
    const { table, note, clean } = open();
    const gone = anEntry('172.30.0.9:53 → 10.0.0.2:5353');
    table.entries = [TO_A, TO_B, gone];
    note([dns({ endpoints: [A] })], { complete: true });
    await clean();
    expect(table.entries).toEqual([TO_A, gone]);
  });

  it('looks at everything again after the kernel was not known', async () => {
    const { table, note, clean } = open();
    note([dns({ endpoints: [A] })], { complete: true });
    await clean();
    table.entries = [TO_A, anEntry('172.30.0.1:53')];
    expect(note([], { complete: false })).toBe(false);
    expect(note([], { complete: true })).toBe(true);
    await clean();
    expect(table.entries).toEqual([TO_A]);
  });

  it('keeps what it could not do for the next time, and what came in between', async () => {
    const { table, log, note, clean } = open();
    note([dns({ endpoints: [A, B] })], { complete: true });
    await clean();
    table.entries = [TO_A, TO_B];
    note([dns({ endpoints: [A] })]);
    for (const _ of [1, 2]) {
      table.failure = REFUSED;
      expect(await clean()).toBe(false);
    }
    expect(log).toEqual(['deleting stale conntrack entries failed; retrying']);
    note([], { ports: new Map([[dns().key, undefined]]) });
    expect(await clean()).toBe(true);
    expect(table.entries).toEqual([]);
    table.failure = REFUSED;
    note([dns()]);
    await clean();
    expect(log).toEqual([log[0], 'deleted stale conntrack entries', log[0]]);
  });

  it('keeps what came while it failed', async () => {
    const { table, note, clean } = open();
    note([dns({ endpoints: [A, B] })], { complete: true });
    await clean();
    table.entries = [TO_A, TO_B];
    note([dns({ endpoints: [A] })]);
    table.failure = REFUSED;
    const cleaning = clean();
    note([dns()]);
    expect(await cleaning).toBe(false);
    expect(await clean()).toBe(true);
    expect(table.entries).toEqual([]);
  });

  it('says nothing when it is told to end', async () => {
    const { table, log, cleaner, note } = open();
    note([dns()], { complete: true });
    table.failure = REFUSED;
    expect(await cleaner.clean(AbortSignal.abort())).toBe(false);
    expect(log).toEqual([]);
  });

  it.each<[string, AppliedChanges['node']['nodePortAddresses'], readonly string[]]>([
    ['all', 'all', ['203.0.113.7:30053', '10.0.0.9:30053']],
    ['one', ['203.0.113.7'], ['203.0.113.9:30053', '10.0.0.9:30053']],
    ['none', [], ['203.0.113.9:30053', '203.0.113.7:30053', '10.0.0.9:30053']],
  ])('knows which addresses have node ports: %s', async (_, nodePortAddresses, alive) => {
    const { table, note, clean } = open();
    const entries = ['203.0.113.9:30053', '203.0.113.7:30053', '10.0.0.9:30053'];
    table.entries = entries.map((text) => anEntry(text));
    note([dns({ nodePort: 30_053 })], { complete: true, node: aNodeView({ nodePortAddresses }) });
    await clean();
    expect(table.entries).toEqual(alive.map((text) => anEntry(text)));
  });

  it('looks again when other addresses have node ports', async () => {
    const { table, note, clean } = open();
    note([dns({ nodePort: 30_053 })], { complete: true, node: aNodeView({ nodePortAddresses: [] }) });
    await clean();
    table.entries = [anEntry('203.0.113.9:30053')];
    expect(note([], { node: aNodeView({ nodePortAddresses: ['203.0.113.9'] }) })).toBe(true);
    await clean();
    expect(table.entries).toEqual([]);
  });
});
