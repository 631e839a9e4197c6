import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnreadableError } from '../unreadable.ts';
import type { ListedEntry, Tuple } from './entry.ts';
import { formatEntry } from './format.ts';
import { parseDump, parseEntry } from './parse.ts';

/** What `conntrack -L` (1.4.7) prints. */
const PRINTED = `
udp      17 99 src=fd00::1 dst=fd00::2 sport=1 dport=2 [UNREPLIED] src=fd00::2 dst=fd00::1 sport=2 dport=1 mark=0 use=1
tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.96.0.1 sport=40000 dport=443 src=192.168.49.2 dst=10.0.0.1 sport=8443 dport=40000 [ASSURED] mark=16384 use=1
udp      17 29 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 mark=0 use=1
sctp     132 3 CLOSED src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 mark=0 use=2
`;

const ends = (ips: readonly string[]) =>
  fc.record({ ip: fc.constantFrom(...ips), port: fc.integer({ min: 0, max: 65_535 }) });
const tuples: fc.Arbitrary<Tuple> = fc
  .constantFrom(['10.0.0.1', '203.0.113.7'], ['fd00::1', '2001:db8::7'])
  .chain((ips) => fc.record({ source: ends(ips), destination: ends(ips) }));
const entries: fc.Arbitrary<ListedEntry> = fc.record({
  protocol: fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const),
  timeoutSeconds: fc.integer({ min: 0, max: 432_000 }),
  state: fc.constantFrom('ESTABLISHED', 'TIME_WAIT', 'SYN_SENT2', undefined),
  original: tuples,
  reply: tuples,
  isUnreplied: fc.boolean(),
  isAssured: fc.boolean(),
  mark: fc.integer({ min: 0, max: 0xffffffff }),
  use: fc.integer({ min: 1, max: 9 }),
});

describe('entries of conntrack', () => {
  it('are read as they are written', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        expect(parseEntry(formatEntry(entry))).toEqual(entry);
      }),
    );
  });

  it('are written as the tool prints them', () => {
    expect(parseDump(PRINTED).map(formatEntry)).toEqual(PRINTED.trim().split('\n'));
  });

  it('say where a connection was led to', () => {
    const [entry] = parseDump(PRINTED.split('\n')[2] ?? '');
    expect(entry).toMatchObject({
      original: { destination: { ip: '10.96.0.1', port: 443 } },
      reply: { source: { ip: '192.168.49.2', port: 8443 } },
    });
  });

  it.each([
    'ipv4     2 udp      17 99 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 mark=0 use=1',
    'udp      17 99 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 mark=0 use=1 id=4270878708',
    'udp      17 99 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 packets=1 bytes=60 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 packets=0 bytes=0 mark=0 zone=1 use=1',
  ])('are read from %s', (line) => {
    expect(parseEntry(line)).toMatchObject({ protocol: 'udp', timeoutSeconds: 99, mark: 0 });
  });

  it('of protocols without ports are passed over', () => {
    const icmp =
      'icmp     1 99 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=7 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=7 mark=0 use=1';
    expect(parseDump(`${icmp}\nipv4     2 ${icmp}\n`)).toEqual([]);
  });

  it.each([
    'tcp      17 1 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 mark=0 use=1',
    'udp      17 1 src=10.0.0.1 dst=fd00::2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 mark=0 use=1',
    'udp      17 1 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=65536 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 mark=0 use=1',
    'udp      17 1 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 mark=0 use=1',
    'conntrack v1.4.7 (conntrack-tools): 4 flow entries have been shown.',
  ])('are not read from %s', (line) => {
    expect(() => parseEntry(line)).toThrow(UnreadableError);
  });

  it('give a value or an UnreadableError, whatever stands there', () => {
    const words = fc.constantFrom(...PRINTED.split(/\s+/), 'icmp', '1', 'src=x', '[', 'use=');
    const texts = fc.oneof(
      fc.string(),
      fc.array(words, { maxLength: 14 }).map((some) => some.join(' ')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          for (const entry of parseDump(text)) expect(parseEntry(formatEntry(entry))).toEqual(entry);
        } catch (error) {
          if (!(error instanceof UnreadableError)) throw error;
        }
      }),
    );
  });
});
