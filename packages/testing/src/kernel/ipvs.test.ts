import { KernelError } from '@menwei/netlink';
import type { Destination, Frontend, IpvsEdit } from '@menwei/netlink/ipvs';
import { describe, expect, it } from 'vitest';
import { FakeIpvs } from './ipvs.ts';
import { describeIpvs } from './ipvs-laws.ts';

const signal = new AbortController().signal;
const WEB: Frontend = { family: 'IPv4', protocol: 'TCP', ip: '10.96.0.1', port: 80 };
const POD: Destination = { ip: '10.180.0.2', port: 8080, weight: 1, forwarding: 'masquerade' };
const ADDING: readonly IpvsEdit[] = [
  { change: 'add-server', server: { frontend: WEB, scheduler: 'rr', flags: 0, timeoutSeconds: 0 } },
  { change: 'add-destination', frontend: WEB, destination: POD },
];
const REMOVING: IpvsEdit = { change: 'remove-server', frontend: WEB };

describeIpvs('the fake', () => new FakeIpvs());

/** What became of operations: how they failed, and how much of them had taken effect all the same. */
async function failures(seed: number): Promise<readonly string[]> {
  const fake = new FakeIpvs({ faults: { seed } });
  const met: string[] = [];
  for (let count = 0; count < 2000; count++) {
    const error = await fake.apply(ADDING, signal).catch((thrown: unknown) => thrown);
    const held = fake.dump().get('TCP 10.96.0.1:80');
    const extent = held === undefined ? 'nothing' : `server with ${held.destinations.size}`;
    if (error instanceof KernelError) met.push(`${error.detail} ${extent}`);
    else expect([error, extent]).toEqual([[], 'server with 1']);
    if (held !== undefined) fake.meddle(REMOVING);
  }
  return met;
}

describe('faults', () => {
  it('are the same with the same seed, and others with another', async () => {
    expect(await failures(1)).toEqual(await failures(1));
    expect(await failures(1)).not.toEqual(await failures(2));
  });

  it('hit one operation in ten, before, halfway and after', async () => {
    const met = await failures(3);
    expect(met.length).toBeGreaterThan(140);
    expect(met.length).toBeLessThan(260);
    expect(new Set(met)).toEqual(
      new Set([
        'not enough memory (ENOMEM): injected fault (before) nothing',
        'no buffer space available (ENOBUFS): injected fault (halfway) server with 0',
        'no buffer space available (ENOBUFS): injected fault (after) server with 1',
      ]),
    );
  });

  it('hit who looks, and who asks', async () => {
    const fake = new FakeIpvs({ faults: { seed: 1, rate: 1 } });
    fake.meddle(...ADDING);
    await expect(fake.observeServers('IPv4', signal)).rejects.toThrow('observe IPVS: ');
    expect(() => fake.observeTimeouts()).toThrow(KernelError);
    fake.faults.stop();
    expect(await fake.observeServers('IPv4', signal)).toHaveLength(1);
  });
});

describe('what has gone through', () => {
  it('is what the test says', async () => {
    const fake = new FakeIpvs();
    fake.meddle(...ADDING);
    fake.setCounters(WEB, { connections: 2n, bytesIn: 2n ** 40n });
    fake.setCounters(WEB, { packetsOut: 7n }, POD);
    const none = { connections: 0n, packetsIn: 0n, packetsOut: 0n, bytesIn: 0n, bytesOut: 0n };
    expect(await fake.observeServerCounters('IPv4', signal)).toEqual(
      new Map([['TCP 10.96.0.1:80', { ...none, connections: 2n, bytesIn: 2n ** 40n }]]),
    );
    expect(await fake.observeDestinationCounters(WEB, signal)).toEqual(
      new Map([['10.180.0.2:8080', { ...none, packetsOut: 7n }]]),
    );
    fake.meddle(REMOVING, ...ADDING);
    expect([...(await fake.observeServerCounters('IPv4', signal)).values()]).toEqual([none]);
    expect([...(await fake.observeDestinationCounters(WEB, signal)).values()]).toEqual([none]);
  });

  it('stays with a destination that is removed and added again', async () => {
    const fake = new FakeIpvs();
    fake.meddle(...ADDING);
    fake.setConnections(WEB, POD, { activeConnections: 3 });
    const [, adding] = ADDING;
    if (adding === undefined) throw new Error('BUG: no destination');
    fake.meddle({ change: 'remove-destination', frontend: WEB, destination: POD });
    expect(await fake.observeDestinations(WEB, signal)).toEqual([]);
    fake.meddle(adding);
    expect(await fake.observeDestinations(WEB, signal)).toMatchObject([
      { activeConnections: 3, inactiveConnections: 0 },
    ]);
  });
});

describe('somebody else', () => {
  it('is not among the batches, and is told what is refused', () => {
    const fake = new FakeIpvs();
    fake.meddle(...ADDING);
    expect(fake.batches).toEqual([]);
    expect(() => fake.meddle(...ADDING)).toThrow('add virtual server TCP 10.96.0.1:80: ');
  });
});
