import { describe, expect, it } from 'vitest';
import { acceptChanges } from './accepted-changes.ts';
import { type Complaint, readComplaints } from './config-check.ts';
import { NO_CHECK, type Section } from './section.ts';

const CLUSTER = 'c1';

function section(service: string, address: string): Section {
  return {
    service,
    port: 80,
    addresses: [address],
    allowed: { IPv4: undefined, IPv6: undefined },
    affinitySeconds: 0,
    proxyProtocol: 'none',
    healthCheck: NO_CHECK,
    servers: [],
  };
}

function put(service: string, address: string) {
  const spec = { service, sections: [section(service, address)] };
  return { change: { change: 'put', service, spec } as const };
}

/** HAProxy as it would be if it had something against an address. */
async function refuse(text: string, address: string): Promise<readonly Complaint[]> {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.includes(` ${address}:`));
  const alert = `[ALERT]    (1) : config : parsing [/f.new:${at + 1}] : no ${address}.\n[ALERT]    (1) : config : Fatal errors found in configuration.`;
  return at < 0 ? [] : readComplaints(`[NOTICE]   (1) : haproxy version is 2.6\n${alert}`, '/f.new', text);
}

describe('changes that are asked for together', () => {
  const base = new Map([['ns/a', [section('ns/a', '192.0.2.1')]]]);
  const question = { cluster: CLUSTER, base, foreign: [], current: '' };

  it('are taken but for what HAProxy refuses, which stays as it was', async () => {
    const changes = [put('ns/a', '192.0.2.66'), put('ns/b', '192.0.2.2')];
    const result = await acceptChanges({ ...question, changes, check: (text) => refuse(text, '192.0.2.66') });
    expect(result.accepted).toEqual([changes[1]]);
    expect(result.sections.flatMap(({ addresses }) => addresses)).toEqual(['192.0.2.1', '192.0.2.2']);
    expect([...result.refused].map(([, { message }]) => message)).toEqual([
      expect.stringMatching(/^haproxy refuses it: parsing \[\/f\.new:\d+\] : no 192\.0\.2\.66\.$/),
    ]);
  });

  it('are not held up by what is there and is not taken any more', async () => {
    const changes = [put('ns/b', '192.0.2.2')];
    const result = await acceptChanges({ ...question, changes, check: (text) => refuse(text, '192.0.2.1') });
    expect(result.accepted).toEqual(changes);
    expect(result.sections.map(({ service }) => service)).toEqual(['ns/b']);
  });

  it('are all refused when it is nothing of ours', async () => {
    const check = async () => readComplaints('[ALERT] (1) : config : parsing [/base:3] : no.', '/f.new', '');
    await expect(acceptChanges({ ...question, changes: [put('ns/b', '192.0.2.2')], check })).rejects.toThrow(
      'haproxy refuses its configuration: parsing [/base:3] : no.',
    );
  });
});
