import { describe, expect, it } from 'vitest';
import type { ConntrackEntry } from './contract.ts';
import { type ConntrackFilter, formatFilter, kernelFilter, matchesFilter } from './filter.ts';

const TO_ADDRESS = { protocol: 'UDP', destination: { ip: '172.30.0.1', port: 53 } } as const;
const TO_PORT = { protocol: 'UDP', destination: { port: 53 } } as const;
const BY = { protocol: 'UDP', replySource: { ip: '10.0.0.1', port: 5353 } } as const;
const TO_ADDRESS6 = { protocol: 'UDP', destination: { ip: 'fd00:30::1', port: 53 } } as const;
const BY6 = { protocol: 'UDP', replySource: { ip: 'fd00:10::1', port: 5353 } } as const;

describe('kernelFilter', () => {
  it.each<[string, ConntrackFilter, string, object]>([
    ['a destination', TO_ADDRESS, '6.18.44', TO_ADDRESS],
    ['a destination, whatever the kernel', TO_ADDRESS, '5.10.0-generic', TO_ADDRESS],
    ['a port', TO_PORT, '6.18.44', TO_PORT],
    ['a reply', BY, '6.18.44', BY],
    ['a reply, by the first kernel that can', BY, '5.17.0-rc1', BY],
    ['a reply, by the last that can’t: the protocol', BY, '5.16.20', { protocol: 'UDP' }],
    ['a reply, by a kernel of long ago', BY, '4.19.0-27-amd64', { protocol: 'UDP' }],
    ['a protocol', { protocol: 'SCTP' }, '6.1', { protocol: 'SCTP' }],
    ['what nobody has answered', { ...BY, isUnreplied: true }, '6.1', { ...BY, isUnreplied: true }],
  ])('asks for %s', (_, filter, release, asked) => {
    expect(kernelFilter(filter, 'IPv4', release)).toEqual(asked);
  });

  it.each<[string, ConntrackFilter, object]>([
    ['a destination: its port', TO_ADDRESS6, TO_PORT],
    ['a reply: its port', BY6, { protocol: 'UDP', replySource: { port: 5353 } }],
    ['a port', TO_PORT, TO_PORT],
  ])('does not trust the kernel with addresses of IPv6: %s', (_, filter, asked) => {
    expect(kernelFilter(filter, 'IPv6', '6.18.44')).toEqual(asked);
  });
});

describe('an entry', () => {
  const entry: ConntrackEntry = {
    protocol: 'UDP',
    destination: { ip: '172.30.0.1', port: 53 },
    replySource: { ip: '10.0.0.1', port: 5353 },
  };
  it.each<[string, ConntrackFilter, boolean]>([
    ['UDP', { protocol: 'UDP' }, true],
    ['SCTP', { protocol: 'SCTP' }, false],
    ['UDP to 172.30.0.1:53', TO_ADDRESS, true],
    ['UDP to 172.30.0.2:53', { protocol: 'UDP', destination: { ip: '172.30.0.2', port: 53 } }, false],
    ['UDP to 172.30.0.1:54', { protocol: 'UDP', destination: { ip: '172.30.0.1', port: 54 } }, false],
    ['UDP to port 53', TO_PORT, true],
    ['UDP to port 54', { protocol: 'UDP', destination: { port: 54 } }, false],
    ['UDP answered by 10.0.0.1:5353', BY, true],
    ['UDP answered by 10.0.0.1:53', { protocol: 'UDP', replySource: { ip: '10.0.0.1', port: 53 } }, false],
    ['UDP to 172.30.0.1:53 answered by 10.0.0.1:5353', { ...TO_ADDRESS, ...BY }, true],
    ['UDP to [fd00:30::1]:53', TO_ADDRESS6, false],
    ['unreplied UDP', { protocol: 'UDP', isUnreplied: true }, false],
  ])('is or is not meant by %s', (text, filter, isMeant) => {
    expect(matchesFilter(filter, entry)).toBe(isMeant);
    expect(matchesFilter(filter, { ...entry, isUnreplied: true })).toBe(
      isMeant || filter.isUnreplied === true,
    );
    expect(formatFilter(filter)).toBe(text);
  });
});
