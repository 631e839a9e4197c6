/** Every scheduler, told by how it spreads real connections. */

import { isFailure } from '@menwei/lab/outcome.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from './behaviour/cluster.ts';
import { MODES } from './behaviour/modes.ts';
import type { Offer } from './behaviour/offer.ts';
import type { PublishedService } from './behaviour/published-service.ts';

const ipvs = MODES.find(({ name }) => name === 'ipvs');
if (ipvs === undefined) throw new Error('these tests need the ipvs mode');
const cluster = new Cluster(ipvs);
beforeAll(() => cluster.start());
afterAll(() => cluster.stop());

const PODS = ['a1', 'a2', 'b1'];

/** A Service with this scheduler; weights as in `a1=1,a2=2`. */
function publish(scheduler: string, weights = '', more: Partial<Offer> = {}): Promise<PublishedService> {
  return cluster.publish({
    family: 'IPv4',
    protocol: 'TCP',
    pods: PODS,
    ...more,
    annotations: {
      'menwei.dev/ipvs-scheduler': scheduler,
      ...(weights === '' ? {} : { 'menwei.dev/weight': weigh(weights) }),
      ...more.annotations,
    },
  });
}

/** Pods of the lab have no Pod objects, so their weights go by address. */
function weigh(weights: string): string {
  return weights.replace(/\w+(?==)/g, (pod) => cluster.addressOf(pod, 'IPv4'));
}

/** The pods that answer requests made one after another. */
async function ask(service: PublishedService, count: number): Promise<readonly string[]> {
  const pods: string[] = [];
  for (let index = 0; index < count; index++) {
    const outcome = await service.ask('visitor-a', service.clusterIP);
    pods.push(isFailure(outcome) ? outcome.detail : outcome.pod);
  }
  return pods;
}

/** Opens connections one after another and keeps them; returns who took them. */
async function hold(service: PublishedService, count: number) {
  const held = [];
  for (let index = 0; index < count; index++) {
    const connection = await cluster.host('visitor-a').open(service.clusterIP);
    if (isFailure(connection)) throw new Error(connection.detail);
    held.push(connection);
  }
  return held;
}

function count(pods: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const pod of pods) counts[pod] = (counts[pod] ?? 0) + 1;
  return counts;
}

async function holders(service: PublishedService, connections: number): Promise<readonly string[]> {
  return (await hold(service, connections)).map(({ answer }) => answer.pod);
}

describe('a scheduler that goes round', () => {
  it('rr takes each destination in turn', async () => {
    const pods = await ask(await publish('rr'), 12);
    expect(count(pods)).toEqual({ a1: 4, a2: 4, b1: 4 });
    expect(new Set(pods.slice(0, 3)).size).toBe(3);
    expect(pods.slice(3)).toEqual(pods.slice(0, 9));
  });

  it('wrr gives each its weight', async () => {
    const service = await publish('wrr', 'a1=1,a2=2,b1=3');
    expect(count(await ask(service, 24))).toEqual({ a1: 4, a2: 8, b1: 12 });
  });

  it('a weight of 0 takes a pod out of the round', async () => {
    const service = await publish('rr', 'a1=0');
    expect(count(await ask(service, 10))).toEqual({ a2: 5, b1: 5 });
  });
});

describe('a scheduler that counts connections', () => {
  it('lc fills up whoever has the fewest', async () => {
    const service = await publish('lc');
    const held = await hold(service, 9);
    expect(count(held.map(({ answer }) => answer.pod))).toEqual({ a1: 3, a2: 3, b1: 3 });
    await Promise.all(held.filter(({ answer }) => answer.pod === 'a2').map((each) => each.close()));
    expect(await holders(service, 3)).toEqual(['a2', 'a2', 'a2']);
  });

  it('wlc does so by weight', async () => {
    const service = await publish('wlc', 'a1=1,a2=2,b1=3');
    expect(count(await holders(service, 12))).toEqual({ a1: 2, a2: 4, b1: 6 });
  });

  it('sed prefers a strong destination to an idle one', async () => {
    expect(await holders(await publish('sed', 'b1=4'), 3)).toEqual(['b1', 'b1', 'b1']);
  });

  it('nq leaves nobody idle, and then does as sed', async () => {
    const pods = await holders(await publish('nq', 'b1=4'), 5);
    expect([...pods.slice(0, 3)].sort()).toEqual(['a1', 'a2', 'b1']);
    expect(pods.slice(3)).toEqual(['b1', 'b1']);
  });

  it('ovf goes on to the next when the strongest has as many connections as its weight', async () => {
    const pods = await holders(await publish('ovf', 'a1=3,a2=2'), 5);
    // One more than its weight: the kernel asks before it counts.
    expect(pods).toEqual(['a1', 'a1', 'a1', 'a1', 'a2']);
  });
});

describe('a scheduler that prefers one', () => {
  it('fo takes the strongest, and the next when that is gone', async () => {
    const service = await publish('fo', 'a1=1,a2=3,b1=2');
    expect(count(await ask(service, 6))).toEqual({ a2: 6 });
    await service.update({ pods: ['a1', 'b1'] });
    expect(count(await ask(service, 6))).toEqual({ b1: 6 });
  });

  it.each(['dh', 'lblc', 'lblcr'])('%s keeps an address with one destination', async (scheduler) => {
    const pods = await ask(await publish(scheduler), 12);
    expect(Object.keys(count(pods))).toHaveLength(1);
    expect(PODS).toContain(pods[0]);
  });
});

describe('a scheduler that hashes clients', () => {
  const CLIENTS = Array.from({ length: 90 }, (_, index) => `203.0.113.${index + 101}`);

  beforeAll(async () => {
    // One program for all: on a slow kernel ninety take as many seconds.
    const input = CLIENTS.map((address) => `addr add ${address}/32 dev lo`).join('\n');
    expect(await cluster.host('client').exec('ip', ['-batch', '-'], { input })).toMatchObject({ status: 0 });
  });

  /** Which pod serves each client. */
  async function placed(service: PublishedService): Promise<readonly string[]> {
    const pods: string[] = [];
    for (const from of CLIENTS) {
      const outcome = await service.ask('client', service.externalIP, { from });
      pods.push(isFailure(outcome) ? outcome.detail : outcome.pod);
    }
    return pods;
  }

  it.each([
    ['sh', 'none'],
    ['sh', 'fallback'],
    ['mh', 'none'],
    ['mh', 'fallback'],
  ])('%s (flags: %s) keeps a client with its destination', async (scheduler, flags) => {
    const annotations = { 'menwei.dev/ipvs-scheduler-flags': flags };
    const service = await publish(scheduler, '', { externalIP: true, annotations });
    const first = await placed(service);
    expect(Object.keys(count(first)).sort()).toEqual(PODS);
    expect(await placed(service)).toEqual(first);
  });

  it.each(['none', 'fallback'])(
    'mh (flags: %s) moves about a third of the clients when one of three goes',
    async (flags) => {
      const annotations = { 'menwei.dev/ipvs-scheduler-flags': flags };
      const service = await publish('mh', '', { externalIP: true, annotations });
      const before = await placed(service);
      await service.update({ pods: ['a1', 'b1'] });
      const after = await placed(service);
      expect(Object.keys(count(after)).sort()).toEqual(['a1', 'b1']);
      const moved = before.filter((pod, index) => pod !== after[index]).length;
      expect(moved).toBeGreaterThanOrEqual(before.filter((pod) => pod === 'a2').length);
      // A third of 90 were with the one that went; of the others a few may change places.
      expect(moved).toBeLessThanOrEqual(45);
    },
  );

  it.each(['sh', 'mh'])('%s with flag port spreads the connections of one client', async (scheduler) => {
    const annotations = { 'menwei.dev/ipvs-scheduler-flags': 'port' };
    const pods = await ask(await publish(scheduler, '', { annotations }), 60);
    expect(Object.keys(count(pods)).sort()).toEqual(PODS);
  });
});

describe('a scheduler that the kernel may not have', () => {
  it('twos spreads connections, or its Service says what is missing and the others work', async () => {
    const hasTwos =
      (await cluster.node('one').exec('ipvsadm', ['-A', '-t', '203.0.113.9:9', '-s', 'twos'])).status === 0;
    if (hasTwos) {
      await cluster.node('one').exec('ipvsadm', ['-D', '-t', '203.0.113.9:9']);
      expect(Object.keys(count(await ask(await publish('twos'), 60))).sort()).toEqual(PODS);
    }
    const missing = hasTwos ? 'nosuch' : 'twos';
    const service = await publish(missing);
    const statuses = await cluster.proxy('one').status();
    const own = statuses.filter(({ servicePort }) => servicePort.includes(`${service.identity.name}/`));
    expect(own).toMatchObject([{ state: 'error', error: expect.stringContaining(missing) }]);
    expect(count(await ask(await publish('rr'), 3))).toEqual({ a1: 1, a2: 1, b1: 1 });
  });
});
