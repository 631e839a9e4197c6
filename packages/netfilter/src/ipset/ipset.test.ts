import { readFileSync } from 'node:fs';
import type { SetShape } from '@menwei/netlink/ipset';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnreadableError } from '../unreadable.ts';
import { formatCommand, type IpSetCommand } from './command.ts';
import { isEntryOf, parseCommand, parseDump } from './parse.ts';

/** What `ipset save` (7.17) prints of sets of every type. */
const PRINTED = `
create A hash:ip,port family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x3a4090a1
add A 10.0.0.1,tcp:80
create B bitmap:port range 0-65535
add B 80
create C hash:ip,port,net family inet6 hashsize 1024 maxelem 1048576
add C fd00::1,udp:53,fd00::/64
create D hash:ip,port,ip family inet hashsize 1024 maxelem 65536
add D 10.0.0.1,sctp:80,10.0.0.2
create E hash:ip family inet6 hashsize 1024 maxelem 65536
add E fd00::1
`;

const names = fc.constantFrom('KUBE-CLUSTER-IP', 'MENWEI-6-VIRTUAL-SERVERS', 'a');
const shapes: fc.Arbitrary<SetShape> = fc.oneof(
  fc.record({
    name: names,
    type: fc.constantFrom('hash:ip' as const, 'hash:ip,port' as const, 'hash:ip,port,net' as const),
    family: fc.constantFrom('IPv4' as const, 'IPv6' as const),
    maxEntries: fc.integer({ min: 1, max: 0xffffffff }),
  }),
  names.map((name) => ({ name, type: 'bitmap:port' as const, family: 'IPv4' as const, maxEntries: 65_536 })),
);
const forgiving = fc.constantFrom({}, { isForgiving: true as const });

const commands: fc.Arbitrary<IpSetCommand> = fc.oneof(
  fc.tuple(shapes, forgiving).map(([shape, end]) => ({ command: 'create' as const, shape, ...end })),
  fc
    .tuple(fc.constantFrom('add' as const, 'del' as const), names, forgiving)
    .map(([command, name, end]) => ({ command, name, entry: '10.0.0.1,tcp:80', ...end })),
  names.map((name) => ({ command: 'destroy' as const, name })),
  fc.tuple(names, names).map(([name, other]) => ({ command: 'swap' as const, name, other })),
);

describe('commands of ipset', () => {
  it('are read as they are written', () => {
    fc.assert(
      fc.property(commands, (command) => {
        expect(parseCommand(formatCommand(command))).toEqual(command);
      }),
    );
  });

  it('are written as the tool prints them, but for how the kernel keeps a set', () => {
    const lines = PRINTED.trim().split('\n');
    expect(parseDump(PRINTED).map(formatCommand)).toEqual(
      lines.map((line) => line.replace(/ bucketsize .*/, '')),
    );
  });

  it('of a real node are all read', () => {
    const dump = readFileSync(new URL('../../../../test/data/dumps/ipvs.ipset', import.meta.url), 'utf8');
    expect(parseDump(dump).map(formatCommand)).toEqual(dump.trim().split('\n'));
  });

  it.each([
    ['create A hash:ip,port family inet timeout 0', 'unknown option timeout'],
    ['create A hash:net family inet', 'unknown type hash:net'],
    ['create B bitmap:port range 0-1023', 'not the range'],
    ['create my set hash:ip family inet', 'unknown type set'],
    ['add A 10.0.0.1,tcp:80 timeout 7', 'expected one entry'],
    ['add A', 'expected one entry'],
    ['swap A', 'expected two names'],
    ['flush A', 'unknown command'],
    ['add', 'not the name'],
  ])('%s: %s', (line, why) => {
    expect(() => parseCommand(line)).toThrow(why);
  });

  it('of a dump fit the sets that it makes', () => {
    expect(() => parseDump('add A 10.0.0.1')).toThrow('unknown set');
    expect(() => parseDump('create A hash:ip\nadd A fd00::1')).toThrow('not an entry of hash:ip');
  });

  it('give a value or an UnreadableError, whatever stands there', () => {
    const words = fc.constantFrom(...PRINTED.split(/\s+/), '-exist', 'swap', 'destroy', 'timeout', ',', '::');
    const texts = fc.oneof(
      fc.string(),
      fc.array(words, { maxLength: 9 }).map((some) => some.join(' ')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          for (const command of parseDump(text))
            expect(parseCommand(formatCommand(command))).toEqual(command);
        } catch (error) {
          if (!(error instanceof UnreadableError)) throw error;
        }
      }),
    );
  });
});

it.each<[SetShape['type'], SetShape['family'], string, boolean]>([
  ['hash:ip', 'IPv4', '10.0.0.1', true],
  ['hash:ip', 'IPv4', '10.0.0.01', false],
  ['hash:ip', 'IPv6', '10.0.0.1', false],
  ['hash:ip,port', 'IPv6', 'fd00::1,tcp:80', true],
  ['hash:ip,port', 'IPv4', '10.0.0.1,icmp:80', false],
  ['hash:ip,port', 'IPv4', '10.0.0.1,tcp:65536', false],
  ['hash:ip,port,net', 'IPv4', '10.0.0.1,tcp:80,10.0.0.0/8', true],
  ['hash:ip,port,net', 'IPv4', '10.0.0.1,tcp:80,10.0.0.7', true],
  ['hash:ip,port,net', 'IPv4', '10.0.0.1,tcp:80,fd00::/64', false],
  ['bitmap:port', 'IPv4', '80', true],
  ['bitmap:port', 'IPv4', 'tcp:80', false],
])('%s of %s: %s: %s', (type, family, entry, isOne) => {
  expect(isEntryOf({ type, family }, entry)).toBe(isOne);
});
