import { aService, aSlice } from '@menwei/testing/services/testing.ts';
import { decode, type Packet } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { ObjectTables } from '../../state/object-tables.ts';
import type { ForwardedAnswer, Forwarder, ForwardFailure } from '../forward/upstream.ts';
import { bareAnswer } from '../wire/answer.ts';
import { encodeQuery, parseQuery } from '../wire/query.ts';
import { type Question, RCODE, TYPE } from '../wire/question.ts';
import { encodeRecords } from '../wire/records.ts';
import { buildResponse } from '../wire/response.ts';
import { ClusterZone } from '../zone/cluster-zone.ts';
import { DnsResponder } from './responder.ts';

const PEER = { address: '10.0.0.9', port: 40_000, transport: 'udp' } as const;

function aWorld(): ObjectTables {
  const tables = new ObjectTables('', { names: true });
  tables.put(aService({ name: 'web', clusterIPs: { IPv4: '172.30.0.1' } }));
  tables.put(aSlice({ name: 'web-1', endpoints: ['10.0.0.1'] }));
  for (const [name, externalName] of [
    ['outside', 'www.example.org'],
    ['inside', 'web.ns.svc.cluster.local'],
    ['gone', 'nobody.ns.svc.cluster.local'],
    ['twice', 'outside.ns.svc.cluster.local'],
    ['ring', 'rung.ns.svc.cluster.local'],
    ['rung', 'ring.ns.svc.cluster.local'],
  ] as const) {
    tables.put(aService({ name, type: 'ExternalName', externalName, clusterIPs: {} }));
  }
  tables.syncedSources.put('test', { sinceMs: 0 });
  return tables;
}

/** Knows one name, an alias of itself. */
function upstream(failure?: ForwardFailure): Forwarder & { readonly asked: Question[] } {
  const asked: Question[] = [];
  return {
    asked,
    forward: async (question) => {
      asked.push(question);
      return failure ?? answerOf(question);
    },
  };
}

function answerOf(question: Question): ForwardedAnswer {
  const query = parseQuery(encodeQuery(question, { id: 1, recursionDesired: true }) ?? new Uint8Array());
  if (query === undefined) throw new Error('no query');
  const name = { at: 12 };
  const answer = encodeRecords([{ name, ttlSeconds: 100, data: { type: 'A', address: '192.0.2.80' } }]);
  const isKnown = question.name === 'www.example.org' && question.type === TYPE.A;
  const given = isKnown
    ? { ...bareAnswer(RCODE.NOERROR), answer }
    : bareAnswer(question.name === 'www.example.org' ? RCODE.NOERROR : RCODE.NXDOMAIN);
  const options = { transport: 'tcp', udpSize: 512, recursionAvailable: true, start: 0 } as const;
  return { message: buildResponse(query, given, options), ageMs: 40_000, isStale: false };
}

interface Setup {
  readonly forwarder?: Forwarder;
  readonly rewrites?: Readonly<Record<string, string>>;
}

function open(setup: Setup): DnsResponder {
  const zone = new ClusterZone(
    aWorld(),
    {
      domain: 'cluster.local',
      ttlSeconds: 5,
      negativeTtlSeconds: 5,
      pods: 'insecure',
      endpointPodNames: false,
      ownAddresses: [],
    },
    () => 1,
  );
  return new DnsResponder({
    zones: [zone],
    forwarder: setup.forwarder,
    rewrites: new Map(Object.entries(setup.rewrites ?? {})),
    udpSize: 1232,
    observer: { answered: () => undefined },
  });
}

function queryOf(name: string, type: keyof typeof TYPE): Uint8Array {
  const query = encodeQuery({ name, type: TYPE[type], class: 1 }, { id: 7, recursionDesired: true });
  return query ?? new Uint8Array();
}

async function ask(name: string, type: keyof typeof TYPE, setup: Setup = {}): Promise<Packet> {
  const response = await open(setup).answer(queryOf(name, type), PEER);
  return decode(Buffer.from(response ?? []));
}

/** `RCODE name type data, …` */
async function told(name: string, type: keyof typeof TYPE, setup?: Setup): Promise<string> {
  const { rcode, answers = [] } = (await ask(name, type, setup)) as Packet & { rcode: string };
  const records = answers.map((record) =>
    'data' in record
      ? `${record.name} ${'ttl' in record ? record.ttl : ''} ${record.type} ${String(record.data)}`
      : '',
  );
  return [rcode, ...records].join(' | ');
}

const DOMAIN = 'ns.svc.cluster.local';

describe('the responder', () => {
  it('asks others for names that are not ours, and makes their TTLs as short as they are old', async () => {
    expect(await told('www.example.org', 'A', { forwarder: upstream() })).toBe(
      'NOERROR | www.example.org 60 A 192.0.2.80',
    );
    const packet = await ask('nobody.example.org', 'A', { forwarder: upstream() });
    expect(packet).toMatchObject({ rcode: 'NXDOMAIN', flag_aa: false, flag_ra: true });
  });

  it('never asks others for names of the cluster', async () => {
    const forwarder = upstream();
    expect(await told(`nobody.${DOMAIN}`, 'A', { forwarder })).toBe('NXDOMAIN');
    expect(await told(`web.${DOMAIN}`, 'AAAA', { forwarder })).toBe('NOERROR');
    expect(forwarder.asked).toEqual([]);
  });

  it('refuses names of others where nobody is asked, but for reverse names, which are nowhere', async () => {
    expect(await ask('www.example.org', 'A')).toMatchObject({ rcode: 'REFUSED', flag_ra: false });
    expect(await told('9.9.9.10.in-addr.arpa', 'PTR')).toBe('NXDOMAIN');
  });

  it.each([
    [{ failure: 'no-answer', reason: '' }, 'SERVFAIL'],
    [{ failure: 'overload', reason: '' }, 'REFUSED'],
    [{ failure: 'no-upstream', reason: '' }, 'SERVFAIL'],
  ] as const)('%j: %s', async (failure, rcode) => {
    expect(await told('www.example.org', 'A', { forwarder: upstream(failure) })).toBe(rcode);
  });

  it('answers later what was asked, though the buffer that it came in has something else by then', async () => {
    const responder = open({ forwarder: upstream() });
    const query = queryOf('www.example.org', 'A');
    const response = responder.answer(query, PEER);
    query.fill(0xff);
    expect(decode(Buffer.from((await response) ?? []))).toMatchObject({
      id: 7,
      questions: [{ name: 'www.example.org' }],
    });
  });

  describe('follows an alias', () => {
    it('outside', async () => {
      const forwarder = upstream();
      expect(await told(`outside.${DOMAIN}`, 'A', { forwarder })).toBe(
        `NOERROR | outside.${DOMAIN} 5 CNAME www.example.org | www.example.org 60 A 192.0.2.80`,
      );
      expect(await told(`outside.${DOMAIN}`, 'AAAA', { forwarder })).toBe(
        `NOERROR | outside.${DOMAIN} 5 CNAME www.example.org`,
      );
    });

    it('inside, without asking anybody', async () => {
      expect(await told(`inside.${DOMAIN}`, 'A')).toBe(
        `NOERROR | inside.${DOMAIN} 5 CNAME web.${DOMAIN} | web.${DOMAIN} 5 A 172.30.0.1`,
      );
    });

    it('of an alias', async () => {
      expect(await told(`twice.${DOMAIN}`, 'A', { forwarder: upstream() })).toBe(
        `NOERROR | twice.${DOMAIN} 5 CNAME outside.${DOMAIN} | outside.${DOMAIN} 5 CNAME www.example.org | www.example.org 60 A 192.0.2.80`,
      );
    });

    it('to a name that is not there: the alias, and what is said of the name (DQ-4)', async () => {
      expect(await told(`gone.${DOMAIN}`, 'A')).toBe(`NXDOMAIN | gone.${DOMAIN} 5 CNAME nobody.${DOMAIN}`);
      const failure = { failure: 'no-answer', reason: '' } as const;
      expect(await told(`outside.${DOMAIN}`, 'A', { forwarder: upstream(failure) })).toBe(
        `SERVFAIL | outside.${DOMAIN} 5 CNAME www.example.org`,
      );
      expect(await told(`outside.${DOMAIN}`, 'A')).toBe(
        `SERVFAIL | outside.${DOMAIN} 5 CNAME www.example.org`,
      );
    });

    it('in a ring for a while', async () => {
      expect(await told(`ring.${DOMAIN}`, 'A')).toMatch(/^SERVFAIL( \| r[iu]ng\.[^|]* CNAME [^|]*){9}$/);
    });
  });

  it('rewrites a name, and answers as if it had the other one’s records', async () => {
    const rewrites = { 'www.example.org': `web.${DOMAIN}`, 'xyz.ns.svc.cluster.local': `web.${DOMAIN}` };
    expect(await told('www.example.org', 'A', { rewrites })).toBe('NOERROR | www.example.org 5 A 172.30.0.1');
    expect(await told(`xyz.${DOMAIN}`, 'A', { rewrites })).toBe(`NOERROR | xyz.${DOMAIN} 5 A 172.30.0.1`);
    const nothing = await ask('www.example.org', 'AAAA', { rewrites });
    expect(nothing).toMatchObject({
      rcode: 'NOERROR',
      authorities: [{ type: 'SOA', name: 'cluster.local' }],
    });
  });

  it('finds pointers into a name of the same length where they belong', async () => {
    const rewrites = { [`a.${'b'.repeat(DOMAIN.length)}.c`]: `nob.${DOMAIN}` };
    const [name = ''] = Object.keys(rewrites);
    const packet = await ask(name, 'A', { rewrites });
    expect(packet).toMatchObject({ rcode: 'NXDOMAIN', authorities: [{ name: 'cluster.local' }] });
  });
});
