import { setImmediate } from 'node:timers/promises';
import { cidrContains, familyOf, parseKnownCidr } from '@menwei/addresses/ip.ts';
import { Services } from '@menwei/testing/cluster/services.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atOnce } from '../../scheduling/steps.ts';
import { type ServiceSpec, specOf } from '../kinds/service/fields.ts';
import type { ApiObject } from '../schema/object.ts';
import { internalError, StatusError } from '../schema/status-error.ts';
import type { Journal } from '../store/journal.ts';
import { FIRST_REVISION, LocalStore } from '../store/local-store.ts';
import { Objects } from '../store/objects.ts';
import type { Store, Transaction } from '../store/store.ts';
import type { Random } from './bands.ts';
import { takenIps } from './ip-address.ts';
import { heldPorts } from './node-port-pool.ts';
import { allocationFaults } from './repair.ts';

/** Small, so that they are full now and then: 14 addresses, 7 addresses, 12 ports. */
const CIDRS = ['10.0.0.0/28', 'fd00::/125'];
const NODE_PORTS = { first: 30_000, last: 30_011 };
const USABLE = { IPv4: 14, IPv6: 7 };

const names = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p');
const addresses = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.15', '10.0.1.1', 'fd00:0::2', 'fd00::');
const nodePort = fc.integer({ min: 29_999, max: 30_012 });

/** Asked for now and then, so that most Services are taken. */
const rarely = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

const ports = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom('x', 'y', 'z'),
      port: fc.constantFrom(53, 80),
      protocol: fc.constantFrom('TCP', 'UDP'),
      nodePort: rarely(nodePort),
    }),
    { minLength: 1, maxLength: 3, selector: ({ port, protocol }) => `${protocol} ${port}` },
  )
  .map((all) => all.map((port, index) => ({ ...port, name: `${port.name}${index}` })));

const specs: fc.Arbitrary<ServiceSpec> = fc
  .record({
    type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
    ports,
    clusterIP: rarely(fc.oneof(addresses, fc.constant('None'))),
    ipFamilyPolicy: rarely(fc.constantFrom('SingleStack', 'PreferDualStack', 'RequireDualStack')),
    ipFamilies: rarely(fc.constantFrom(['IPv4'], ['IPv6'], ['IPv4', 'IPv6'], ['IPv6', 'IPv4'])),
    externalTrafficPolicy: rarely(fc.constant('Local')),
    healthCheckNodePort: rarely(nodePort),
    allocateLoadBalancerNodePorts: rarely(fc.boolean()),
    externalName: fc.constant('a.b'),
    selector: fc.constant({ a: 'b' }),
  })
  .map(({ ports: given, ...spec }) => ({
    ...JSON.parse(JSON.stringify(spec)),
    ports: given.map(({ nodePort: number, ...port }) =>
      number === undefined || spec.type === 'ClusterIP' ? port : { ...port, nodePort: number },
    ),
  }));

interface Step {
  readonly does: 'put' | 'rehearse' | 'give up' | 'delete' | 'rehearse deletion';
  readonly name: string;
  readonly spec: ServiceSpec;
}

const steps: fc.Arbitrary<Step> = fc.record({
  does: fc.oneof(
    { weight: 6, arbitrary: fc.constant('put' as const) },
    fc.constantFrom('rehearse' as const, 'give up' as const),
    fc.constantFrom('delete' as const, 'rehearse deletion' as const),
  ),
  name: names,
  spec: specs,
});

/** What it was refused with. */
async function run(services: Services, giveUp: { now: boolean }, step: Step): Promise<string | undefined> {
  if (step.does === 'delete' || step.does === 'rehearse deletion') {
    if (services.store.get('services', 'default', step.name) === undefined) return undefined;
    await services.delete(step.name, step.does === 'rehearse deletion');
    return undefined;
  }
  giveUp.now = step.does === 'give up';
  const { refusal } = await services.put(step.name, step.spec, { isDryRun: step.does === 'rehearse' });
  giveUp.now = false;
  return refusal?.message;
}

function checkAddresses(services: Services): void {
  const all = services.all();
  const owned = all.flatMap((service) => takenIps(service).map((ip) => [ip, service.metadata.name] as const));
  // As lists: an address that two Services have would be hidden by a map.
  expect(owned.toSorted()).toEqual([...services.addresses()].toSorted());
  for (const [ip] of owned) {
    const network = CIDRS.map(parseKnownCidr).find((cidr) => cidrContains(cidr, ip));
    expect(network).toBeDefined();
    expect([network?.address, '10.0.0.15']).not.toContain(ip);
  }
}

function checkPorts(services: Services): void {
  const held = services.all().flatMap((service) => [...new Set(heldPorts(specOf(service)))]);
  expect(held.length).toBe(new Set(held).size);
  for (const port of held) {
    expect(port).toBeGreaterThanOrEqual(NODE_PORTS.first);
    expect(port).toBeLessThanOrEqual(NODE_PORTS.last);
  }
}

/** What a client has read, it can send back: nothing changes. */
async function checkUnchanged(services: Services): Promise<void> {
  const before = services.store.revision;
  for (const service of services.all()) {
    const { refusal } = await services.put(service.metadata.name ?? '', specOf(service));
    expect(refusal).toBeUndefined();
  }
  expect(services.store.revision).toBe(before);
}

/** The repair has nothing to say to what was written as it should be. */
function checkRepair(services: Services): void {
  const options = { nodePorts: NODE_PORTS, nowMs: Date.parse('2026-06-01T00:00:00Z') };
  expect(atOnce(allocationFaults(services.store, options))).toEqual([]);
}

/** Whoever is told that nothing is left is told the truth. */
function checkFull(services: Services, message: string): void {
  const taken = (family: 'IPv4' | 'IPv6') =>
    [...services.addresses().keys()].filter((ip) => familyOf(ip) === family).length;
  if (message.includes('a serviceIP')) {
    // One of the two may have been taken for this very Service.
    expect(taken('IPv4') === USABLE.IPv4 || taken('IPv6') === USABLE.IPv6).toBe(true);
  }
}

describe('addresses and ports of Services', () => {
  it('are never given twice, and are taken exactly while a Service has them', async () => {
    let fullPools = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(steps, { maxLength: 60, size: 'max' }),
        fc.infiniteStream(fc.nat()),
        async (all, numbers) => {
          const giveUp = { now: false };
          const refuse = () => {
            if (giveUp.now) throw internalError('given up');
          };
          const options = {
            cidrs: CIDRS,
            nodePorts: NODE_PORTS,
            random: () => (Number(numbers.next().value) % 1000) / 1000,
            lastWord: {
              allocate: (_: Transaction, service: ApiObject) => {
                refuse();
                return service;
              },
              replaced: refuse,
            },
          };
          const services = await Services.open(options);
          // Another one, which learns of what the first has done from the store alone, as after a restart.
          const other = await Services.open({ ...options, store: services.store });
          for (const [index, step] of all.entries()) {
            const before = services.store.revision;
            const message = await run(index % 3 === 0 ? other : services, giveUp, step);
            const mayWrite = (step.does === 'put' && message === undefined) || step.does === 'delete';
            if (!mayWrite) expect(services.store.revision).toBe(before);
            checkAddresses(services);
            checkPorts(services);
            checkRepair(services);
            if (message?.includes('range is full')) {
              fullPools += 1;
              checkFull(services, message);
            }
          }
          await checkUnchanged(services);
        },
      ),
      { numRuns: 150 },
    );
    expect(fullPools).toBeGreaterThan(0);
  });

  it('are so too while writes are under way, and when the disk refuses some of them', async () => {
    const groups = fc.array(fc.array(steps, { minLength: 1, maxLength: 12, size: 'max' }), {
      maxLength: 8,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(groups, fc.infiniteStream(fc.nat()), async (all, numbers) => {
        const next = () => Number(numbers.next().value);
        const store = openFaultyStore(() => next() % 4 === 0);
        const services = await openUntilItWorks(store, () => (next() % 1000) / 1000);
        for (const group of all) {
          await Promise.allSettled(group.map((step) => run(services, { now: false }, step)));
          checkAddresses(services);
          checkPorts(services);
          checkRepair(services);
        }
        await store.close();
      }),
      { numRuns: 60 },
    );
  });
});

/** Its disk refuses a write now and then, after a while. */
function openFaultyStore(isRefused: () => boolean): Store {
  const journal: Journal = {
    write: async () => {
      await setImmediate();
      return isRefused() ? 'no space left on device' : undefined;
    },
    probe: async () => undefined,
    close: async () => undefined,
  };
  const start = { revision: FIRST_REVISION, floor: FIRST_REVISION, lastKnown: FIRST_REVISION };
  return new LocalStore(
    { ...start, objects: Objects.EMPTY, events: [] },
    { journal, base: FIRST_REVISION, reserved: FIRST_REVISION },
    {},
  );
}

async function openUntilItWorks(store: Store, random: Random): Promise<Services> {
  for (;;) {
    try {
      return await Services.open({ store, cidrs: CIDRS, nodePorts: NODE_PORTS, random });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
    }
  }
}
