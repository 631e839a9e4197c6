import { decode, encode } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseQuery } from '../wire/query.ts';
import { TYPE } from '../wire/question.ts';
import { buildResponse } from '../wire/response.ts';
import { parseHosts } from './hosts-file.ts';
import { HostsZone, type HostsZoneOptions } from './hosts-zone.ts';

const TEXT = `# made by hand
192.0.2.7   Gate.example.org gate   # the gate
192.0.2.8   gate.example.org
fd00::7     gate.example.org.
192.0.2.9   other.example.com
fe80::1%lo0 localhost
`;

function open(options: Partial<HostsZoneOptions> = {}, text = TEXT): HostsZone {
  const zone = new HostsZone({ zones: [''], ttlSeconds: 60, reverse: true, fallthrough: [''], ...options });
  zone.setText(text);
  return zone;
}

/** `rcode data…`; `-`: others are to be asked. */
function ask(zone: HostsZone, name: string, type: 'A' | 'AAAA' | 'PTR' | 'TXT'): string {
  const query = parseQuery(encode({ type: 'query', questions: [{ name, type, class: 'IN' }] }));
  const answer = query && zone.lookup(query.question);
  if (query === undefined || answer === undefined) return '-';
  const options = { transport: 'udp', udpSize: 1232, recursionAvailable: false, start: 0 } as const;
  const { answers, flag_aa } = decode(Buffer.from(buildResponse(query, answer, options)));
  expect(flag_aa).toBe(true);
  expect(answers?.every((record) => record.name === name)).toBe(true);
  return [answer.rcode, ...(answers ?? []).map((record) => ('data' in record ? record.data : ''))].join(' ');
}

describe('a hosts file', () => {
  it.each([
    ['gate.example.org', 'A', '0 192.0.2.7 192.0.2.8'],
    ['GATE.Example.org', 'AAAA', '0 fd00::7'],
    ['gate', 'A', '0 192.0.2.7'],
    ['gate', 'AAAA', '0'],
    ['gate', 'TXT', '0'],
    ['nobody', 'A', '-'],
    ['7.2.0.192.in-addr.arpa', 'PTR', '0 gate.example.org gate'],
    ['99.2.0.192.in-addr.arpa', 'PTR', '-'],
    ['2.0.192.in-addr.arpa', 'PTR', '-'],
    [`7.0.0.0.${'0.'.repeat(24)}0.0.d.f.ip6.arpa`, 'PTR', '0 gate.example.org'],
  ] as const)('%s %s: %s', (name, type, expected) => expect(ask(open(), name, type)).toBe(expected));

  it('answers for its zones only, and says of other names in them that there are none', () => {
    const zone = open({ zones: ['example.org'], fallthrough: [] });
    expect(ask(zone, 'gate.example.org', 'A')).toBe('0 192.0.2.7 192.0.2.8');
    expect(ask(zone, 'nobody.example.org', 'A')).toBe('3');
    expect(ask(zone, 'other.example.com', 'A')).toBe('-');
    expect(ask(zone, 'notexample.org', 'A')).toBe('-');
    expect(ask(zone, '7.2.0.192.in-addr.arpa', 'PTR')).toBe('0 gate.example.org gate');
    expect(ask(open({ reverse: false }), '7.2.0.192.in-addr.arpa', 'PTR')).toBe('-');
    expect(ask(open({ fallthrough: ['example.org'] }), 'nobody.example.org', 'A')).toBe('-');
    expect(ask(open({ fallthrough: ['example.org'] }), 'nobody', 'A')).toBe('3');
  });

  it('may say something else later', () => {
    const zone = open();
    expect(zone.setText('192.0.2.1 gate\n')).toEqual([]);
    expect(ask(zone, 'gate', 'A')).toBe('0 192.0.2.1');
    expect(ask(zone, 'gate.example.org', 'A')).toBe('-');
    expect(ask(zone, '8.2.0.192.in-addr.arpa', 'PTR')).toBe('-');
  });

  it('says which lines are of no use', () => {
    const { problems, addresses } = parseHosts('x gate\n192.0.2.1\n192.0.2.2 a..b good\r\n');
    expect(problems).toEqual(['line 1: "x" is not an IP address', 'line 3: "a..b" is not a host name']);
    expect([...addresses.keys()]).toEqual(['good']);
  });

  it('may be anything: a name exists for all types or for none', () => {
    const word = fc.constantFrom(
      '192.0.2.1',
      'fd00::1',
      'a',
      'b.c',
      '#',
      '',
      ' ',
      '\n',
      'B.C.',
      '300.1.1.1',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(word), fc.constantFrom('a', 'b.c', 'd'), (words, name) => {
        const zone = open({ fallthrough: [] }, words.join(' '));
        const rcodes = [TYPE.A, TYPE.AAAA, TYPE.TXT].map(
          (type) => zone.lookup({ name, type, class: 1 })?.rcode,
        );
        expect(new Set(rcodes).size).toBe(1);
      }),
    );
  });
});
