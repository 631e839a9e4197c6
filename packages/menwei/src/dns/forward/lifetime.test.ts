import { type Answer, encode } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TYPE } from '../wire/question.ts';
import { lifetimeOf, limitTtls } from './lifetime.ts';

const LIMITS = { positive: 3600, negative: 1800 };

interface Parts {
  readonly answers?: Answer[];
  readonly authorities?: Answer[];
  readonly additionals?: Answer[];
  readonly rcode?: number;
  readonly flags?: number;
}

function message({ answers = [], authorities = [], additionals = [], rcode = 0, flags = 0 }: Parts): Buffer {
  const bytes = encode({
    type: 'response',
    questions: [{ type: 'A', name: 'www.example.org', class: 'IN' }],
    answers,
    authorities,
    additionals,
  });
  bytes.writeUInt16BE(0x8180 | flags | rcode, 2);
  return bytes;
}

const a = (name: string, ttl: number): Answer => ({ type: 'A', name, ttl, data: '192.0.2.1' });
const cname = (name: string, data: string, ttl = 300): Answer => ({ type: 'CNAME', name, ttl, data });
const soa = (name: string, ttl: number, minimum: number): Answer => ({
  type: 'SOA',
  name,
  ttl,
  data: { mname: 'ns.example', rname: 'x.example', serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
});
const ns: Answer = { type: 'NS', name: 'example.org', ttl: 50, data: 'ns.example.org' };
const opt: Answer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: 1232,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

describe('how long an answer is kept', () => {
  it.each<[string, Parts, string]>([
    ['the smallest TTL', { answers: [a('www.example.org', 60), a('www.example.org', 40)] }, 'success 40'],
    ['of all sections', { answers: [a('www.example.org', 60)], authorities: [ns] }, 'success 50'],
    ['but not of OPT', { answers: [a('www.example.org', 60)], additionals: [opt] }, 'success 60'],
    ['at most so long', { answers: [a('www.example.org', 86_400)] }, 'success 3600'],
    ['a TTL beyond 31 bits is none', { answers: [a('www.example.org', 0x8000_0001)] }, 'success 0'],
    ['letters of either case', { answers: [a('WWW.example.ORG', 60)] }, 'success 60'],
    [
      'aliases in any order',
      {
        answers: [a('b.example', 60), cname('a.example', 'b.example'), cname('www.example.org', 'A.example')],
      },
      'success 60',
    ],
    [
      'records of others: not at all',
      { answers: [a('www.example.org', 60), a('evil.example', 60)] },
      'success 0',
    ],
    ['an answer for another name: not at all', { answers: [a('evil.example', 60)] }, 'success 0'],
    ['truncated: not at all', { answers: [a('www.example.org', 60)], flags: 0x200 }, 'success 0'],
    [
      'NXDOMAIN: the minimum of the SOA',
      { rcode: 3, authorities: [soa('example.org', 3600, 600)] },
      'denial 600',
    ],
    ['or its TTL', { rcode: 3, authorities: [soa('example.org', 300, 600)] }, 'denial 300'],
    ['at most so long', { rcode: 3, authorities: [soa('example.org', 86_400, 86_400)] }, 'denial 1800'],
    ['no data', { authorities: [soa('org', 3600, 600)] }, 'denial 600'],
    ['of the root', { authorities: [soa('.', 3600, 600)] }, 'denial 600'],
    [
      'no data at the end of aliases',
      { answers: [cname('www.example.org', 'x.example')], authorities: [soa('example', 900, 900)] },
      'denial 300',
    ],
    [
      'a SOA of elsewhere: not at all',
      { rcode: 3, authorities: [soa('example.com', 3600, 600)] },
      'denial 0',
    ],
    ['a SOA of a part of a label', { rcode: 3, authorities: [soa('ample.org', 3600, 600)] }, 'denial 0'],
    ['no SOA: not at all', { rcode: 3 }, 'denial 0'],
    ['a referral: not at all', { authorities: [ns] }, 'denial 0'],
    ['SERVFAIL', { rcode: 2 }, 'failure 5'],
    ['REFUSED', { rcode: 5 }, 'failure 0'],
    [
      'aliases in a circle',
      { answers: [cname('www.example.org', 'a.example'), cname('a.example', 'www.example.org')] },
      'denial 0',
    ],
  ])('%s: %j', (_, parts, expected) => {
    const lifetime = lifetimeOf(message(parts), TYPE.A, LIMITS);
    expect(`${lifetime?.kind} ${lifetime?.seconds}`).toBe(expected);
  });

  it('is nothing for bytes that are no message, and never ends in an error', () => {
    const good = message({
      answers: [cname('www.example.org', 'a.example'), a('a.example', 60)],
      authorities: [soa('example.org', 3600, 600)],
      additionals: [opt],
    });
    const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(damage, fc.nat(good.length), (changes, length) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        const cut = bytes.subarray(0, length);
        const lifetime = lifetimeOf(cut, TYPE.A, LIMITS);
        if (lifetime === undefined) return;
        expect(lifetime.seconds).toBeLessThanOrEqual(LIMITS.positive);
        expect(lifetime.seconds).toBeGreaterThanOrEqual(0);
        limitTtls(cut, lifetime.maxTtl);
      }),
      { numRuns: 2000 },
    );
    expect(lifetimeOf(good.subarray(0, -1), TYPE.A, LIMITS)).toBeUndefined();
  });
});

it('makes all records say no more than that', () => {
  const bytes = message({ rcode: 3, authorities: [soa('example.org', 86_400, 600)] });
  const lifetime = lifetimeOf(bytes, TYPE.A, LIMITS);
  limitTtls(bytes, lifetime?.maxTtl ?? 0);
  expect(bytes).toEqual(message({ rcode: 3, authorities: [soa('example.org', 600, 600)] }));
});
