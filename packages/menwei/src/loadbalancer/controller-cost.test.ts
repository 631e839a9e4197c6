import { addressPool } from '@menwei/testing/loadbalancer/pools.ts';
import { aLoadBalancer, aNode, aService, aSlice, aSliceEndpoint } from '@menwei/testing/services/testing.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatNodeLease } from '../announce/node-lease-text.ts';
import type { ClusterEvent } from '../events/event.ts';
import type { Service } from '../kubernetes/objects.ts';
import { silentLogger } from '../log/logger.ts';
import { ObjectTables } from '../state/object-tables.ts';
import { LoadBalancerController } from './controller.ts';
import { AddressAllocator } from './pools/address-allocator.ts';
import type { StatusWriter } from './status-writer.ts';
import type { StatusChange } from './wanted-status.ts';

const SERVICES = 5_000;

let objects: ObjectTables;
let controller: LoadBalancerController;
let events: ClusterEvent[];
let syncs: number;
let writes: number;
let stop: () => Promise<void>;

/** Writes into the tables, as an API server and a watch would. */
const writer: StatusWriter = {
  write: async (service, change) => {
    writes++;
    setImmediate(() => objects.put(changed(service, change)));
    return 'written';
  },
};

function changed(service: Service, change: StatusChange): Service {
  const { loadBalancer } = service;
  if (loadBalancer === undefined) return service;
  const { addFinalizer, ingress = loadBalancer.ingress, conditions = new Map() } = change;
  const kept = loadBalancer.conditions.filter(({ type }) => !conditions.has(type));
  const added = [...conditions.values()].filter((condition) => condition !== undefined);
  const annotations = new Map(loadBalancer.annotations);
  for (const [name, value] of change.annotations ?? []) if (value !== undefined) annotations.set(name, value);
  const finalizers = [...loadBalancer.finalizers, ...(addFinalizer === undefined ? [] : [addFinalizer])];
  return {
    ...service,
    loadBalancer: { ...loadBalancer, finalizers, ingress, annotations, conditions: [...kept, ...added] },
  };
}

const service = (index: number, more: Partial<Service> = {}): Service =>
  aService({
    name: `s${index}`,
    uid: `u${index}`,
    type: 'LoadBalancer',
    createdAtMs: index,
    loadBalancer: aLoadBalancer({ loadBalancerClass: 'menwei.dev/l2' }),
    ...more,
  });

const ipOf = (index: number) => `10.9.${Math.floor(index / 250)}.${(index % 250) + 1}`;

function lease(
  node: string,
  owned: readonly string[],
  renewTimeMs: number,
  conflicts: readonly string[] = [],
) {
  const annotations = formatNodeLease({
    node,
    interfaces: [],
    owns: owned.map((address) => ({ address, sinceMs: 1_000, interfaces: ['eth0'] })),
    declines: [],
    conflicts: conflicts.map((address) => ({ address, mac: '02:00:00:00:00:aa', interface: 'eth0' })),
    ...{ isHandingOver: false, restartingUntilMs: 0, startedAtMs: 0 },
  });
  const texts = Object.entries(annotations).flatMap(([key, text]) =>
    text === null ? [] : [[key, text] as const],
  );
  return {
    kind: 'Lease',
    namespace: 'kube-system',
    name: `menwei-announce-${node}`,
    holderIdentity: node,
    leaseDurationMs: 60_000,
    renewTimeMs,
    annotations: new Map(texts),
  } as const;
}

async function settled(): Promise<void> {
  for (let quiet = 0; quiet < 3; quiet = controller.isSettled ? quiet + 1 : 0) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** What it takes to deal with a change. */
async function cost(change: () => void) {
  await settled();
  const before = { looks: controller.looks, syncs, writes, events: events.length };
  change();
  await settled();
  return {
    looks: controller.looks - before.looks,
    syncs: syncs - before.syncs,
    writes: writes - before.writes,
    events: events.slice(before.events).map(({ reason }) => reason),
  };
}

beforeEach(async () => {
  objects = new ObjectTables('', { endpointNodes: true });
  events = [];
  syncs = 0;
  writes = 0;
  objects.put(addressPool('p', ['10.9.0.0/16'], { avoidBuggyIPs: true }));
  objects.put(aNode({ name: 'n1', internalIPs: ['192.0.2.1'] }));
  for (let index = 0; index < SERVICES; index++) {
    const ingress = [{ ip: ipOf(index), hostname: '', ipMode: 'VIP' as const, ports: [] }];
    objects.put(
      service(index, { loadBalancer: aLoadBalancer({ loadBalancerClass: 'menwei.dev/l2', ingress }) }),
    );
    objects.put(
      aSlice({
        name: `s${index}-1`,
        serviceName: `s${index}`,
        endpoints: [aSliceEndpoint({ ip: '10.0.0.1', nodeName: 'n1' })],
      }),
    );
  }
  const owned = Array.from({ length: SERVICES }, (_, index) => ipOf(index));
  objects.put(lease('n1', owned, 1));
  controller = new LoadBalancerController({
    objects,
    claims: { classes: new Set(['menwei.dev/l2']), classlessAs: undefined, providerClasses: new Set() },
    nodes: { ignoresExcludeLabel: false },
    allocator: new AddressAllocator(),
    balancers: new Map(),
    writer,
    events: { record: (event) => void events.push(event) },
    logger: silentLogger,
    seesLeases: true,
    observer: { synced: () => void syncs++, ensured: () => undefined },
  });
  const over = new AbortController();
  const running = controller.run(over.signal);
  stop = async () => {
    over.abort();
    await running;
  };
  await settled();
});
afterEach(() => stop());

describe(`with ${SERVICES} Services`, () => {
  it('a change costs what it concerns', async () => {
    expect(await cost(() => objects.put(service(SERVICES)))).toEqual({
      looks: expect.toSatisfy((looks) => looks <= 3),
      syncs: expect.toSatisfy((count) => count <= 3),
      writes: 1,
      events: ['IPAllocated'],
    });
    const renewed = Array.from({ length: SERVICES }, (_, index) => ipOf(index));
    expect(await cost(() => objects.put(lease('n1', renewed, 2)))).toEqual({
      looks: 0,
      syncs: 0,
      writes: 0,
      events: [],
    });
    expect(await cost(() => objects.put(lease('n2', [ipOf(7)], 2)))).toMatchObject({
      looks: 0,
      syncs: 1,
      writes: 0,
    });
    const moved = renewed.filter((address) => address !== ipOf(7));
    const move = await cost(() => objects.put(lease('n1', moved, 3)));
    expect(move).toMatchObject({ writes: 1, events: ['nodeAssigned'] });
    expect(Math.max(move.looks, move.syncs)).toBeLessThanOrEqual(2);
    const endpoints = [aSliceEndpoint({ ip: '10.0.0.2', nodeName: 'n2' })];
    const slice = aSlice({ name: 's9-1', serviceName: 's9', endpoints });
    expect(await cost(() => objects.put(slice))).toEqual({ looks: 1, syncs: 1, writes: 0, events: [] });
    const node = aNode({ name: 'n1', internalIPs: ['192.0.2.9'] });
    expect(await cost(() => objects.put(node))).toMatchObject({ syncs: 0, writes: 0, events: [] });
  });

  it('an address that a stranger has is given to nobody, and its Service gets another one', async () => {
    const owned = Array.from({ length: SERVICES }, (_, index) => ipOf(index));
    const conflict = lease('n1', owned.slice(1), 4, [ipOf(0)]);
    const { events: told } = await cost(() => objects.put(conflict));
    const { ingress = [] } = objects.services.get('ns/s0')?.loadBalancer ?? {};
    expect(ingress.map(({ ip }) => ip)).not.toContain(ipOf(0));
    expect(ingress).toHaveLength(1);
    expect(told).toEqual(['ClearAssignment', 'IPAllocated']);
  });
});
