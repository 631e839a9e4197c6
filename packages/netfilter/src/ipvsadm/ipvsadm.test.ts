import { readFileSync } from 'node:fs';
import type { Destination, Frontend, IpvsEdit, VirtualServer } from '@menwei/netlink/ipvs';
import {
  SERVER_ONE_PACKET,
  SERVER_PERSISTENT,
  SERVER_SCHEDULER_FALLBACK,
  SERVER_SCHEDULER_PORT,
} from '@menwei/netlink/ipvs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnreadableError } from '../unreadable.ts';
import { formatEdit } from './format.ts';
import { parseDump, parseEdit } from './parse.ts';

/** What `ipvsadm -Sn` (1.31) prints of virtual servers of every kind. */
const PRINTED = `
-A -t 10.96.0.1:443 -s rr
-a -t 10.96.0.1:443 -r 192.168.10.2:6443 -m -w 1
-A -t 10.96.0.10:53 -s rr -p 10800
-a -t 10.96.0.10:53 -r 10.244.0.29:53 -m -w 1
-A -u 10.96.0.10:53 -s sh -o -b sh-fallback,sh-port
-a -u 10.96.0.10:53 -r 10.244.0.29:53 -i -w 0 --tun-type ipip
-a -u 10.96.0.10:53 -r 127.0.0.1:53 -g -w 1
-A --sctp-service 10.96.0.11:36412 -s mh
-A -t [fd00:10:96::1]:80 -s rr
-a -t [fd00:10:96::1]:80 -r [fd00:10:244::2]:8080 -m -w 1
-A -f 7 -s wlc
-A -f 7 -6 -s wlc -p 300
-a -f 7 -6 -r [fd00::9]:0 -g -w 100
`;

const ports = fc.integer({ min: 0, max: 65_535 });
const IPS = { IPv4: ['10.0.0.1', '203.0.113.255'], IPv6: ['fd00::1', '2001:db8::ffff'] } as const;

const frontends: fc.Arbitrary<Frontend> = fc.constantFrom('IPv4' as const, 'IPv6' as const).chain((family) =>
  fc.oneof(
    fc.record({
      family: fc.constant(family),
      protocol: fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const),
      ip: fc.constantFrom(...IPS[family]),
      port: ports,
    }),
    fc.record({ family: fc.constant(family), mark: fc.integer({ min: 1, max: 0xffffffff }) }),
  ),
);

const servers: fc.Arbitrary<VirtualServer> = fc
  .record({
    frontend: frontends,
    scheduler: fc.constantFrom('rr', 'sh', 'mh', 'lblcr'),
    bits: fc.subarray([SERVER_ONE_PACKET, SERVER_SCHEDULER_FALLBACK, SERVER_SCHEDULER_PORT]),
    persistent: fc.option(fc.integer({ min: 1, max: 86_400 }), { nil: undefined }),
  })
  .map(({ frontend, scheduler, bits, persistent }) => ({
    frontend,
    scheduler,
    flags: [...bits, persistent === undefined ? 0 : SERVER_PERSISTENT].reduce((flags, bit) => flags | bit, 0),
    timeoutSeconds: persistent ?? 0,
  }));

function destinations({ family }: Frontend): fc.Arbitrary<Destination> {
  return fc.record({
    ip: fc.constantFrom(...IPS[family]),
    port: ports,
    weight: fc.integer({ min: 0, max: 65_535 }),
    forwarding: fc.constantFrom('masquerade' as const, 'direct' as const, 'tunnel' as const),
  });
}

const edits: fc.Arbitrary<IpvsEdit> = fc.oneof(
  fc.record({ change: fc.constantFrom('add-server' as const, 'set-server' as const), server: servers }),
  fc.record({ change: fc.constant('remove-server' as const), frontend: frontends }),
  frontends.chain((frontend) =>
    fc.record({
      change: fc.constantFrom('add-destination' as const, 'set-destination' as const),
      frontend: fc.constant(frontend),
      destination: destinations(frontend),
    }),
  ),
  frontends.chain((frontend) =>
    fc.record({
      change: fc.constant('remove-destination' as const),
      frontend: fc.constant(frontend),
      destination: destinations(frontend).map(({ ip, port }) => ({ ip, port })),
    }),
  ),
);

describe('commands of ipvsadm', () => {
  it('are read as they are written', () => {
    fc.assert(
      fc.property(edits, (edit) => {
        expect(parseEdit(formatEdit(edit))).toEqual(edit);
      }),
    );
  });

  it('are written as the tool prints them, but for what it takes for granted', () => {
    const lines = PRINTED.trim().split('\n');
    expect(parseDump(PRINTED).map(formatEdit)).toEqual(
      lines.map((line) => line.replace(' --tun-type ipip', '')),
    );
  });

  it('of a real node are all read', () => {
    const dump = readFileSync(new URL('../../../../test/data/dumps/ipvs.ipvsadm', import.meta.url), 'utf8');
    expect(parseDump(dump).map(formatEdit)).toEqual(dump.trim().split('\n'));
  });

  it.each([
    ['-A -t 10.0.0.1:80', 'no scheduler'],
    ['-A -t web.example:http -s rr', 'numeric address'],
    ['-A -t 10.0.0.1:80 -s rr -M 255.255.255.0', 'unknown option -M'],
    ['-A -t 10.0.0.1:80 -s rr --pe sip', 'unknown option --pe'],
    ['-A -t 10.0.0.1:80 -s sh -b mh-port', 'unknown flag mh-port'],
    ['-a -t 10.0.0.1:80 -r [fd00::1]:80 -m -w 1', 'two IP families'],
    ['-a -t 10.0.0.1:80 -r 10.0.0.2:80 -i -w 1 --tun-type gue', 'gue instead of ipip'],
    ['-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 1 -x 5 -y 2', 'unknown option -x'],
    ['-d -t 10.0.0.1:80 -r 10.0.0.2:80 -w 1', 'unknown option -w'],
    ['-A -f 0 -s rr', 'a mark of 0'],
    ['-C', 'unknown command'],
    ['-A', 'incomplete'],
  ])('%s: %s', (line, why) => {
    expect(() => parseEdit(line)).toThrow(why);
  });

  it('give a value or an UnreadableError, whatever stands there', () => {
    const words = fc.constantFrom(
      ...PRINTED.split(/\s+/),
      '-6',
      '-x',
      '[',
      ']:',
      '99999999999',
      '-0',
      '10.0.0.1',
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(words, { maxLength: 9 }).map((some) => some.join(' ')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          for (const edit of parseDump(text)) expect(parseEdit(formatEdit(edit))).toEqual(edit);
        } catch (error) {
          if (!(error instanceof UnreadableError)) throw error;
        }
      }),
    );
  });
});

it.each<[string, number]>([
  ['-o', SERVER_ONE_PACKET],
  ['-p 60', SERVER_PERSISTENT],
  ['-b sh-fallback', SERVER_SCHEDULER_FALLBACK],
  ['-b sh-port', SERVER_SCHEDULER_PORT],
])('%s is flag %i of the netlink library', (option, flags) => {
  expect(parseEdit(`-A -t 10.0.0.1:80 -s sh ${option}`)).toMatchObject({ server: { flags } });
});
