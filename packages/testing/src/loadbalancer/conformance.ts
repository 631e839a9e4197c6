/**
 * What the controller relies on in a provider, checked on the fake and on real load balancers alike. What is there is
 * asked of a provider of its own, never of the one under test.
 */
import { familyOf } from '@menwei/addresses/ip.ts';
import {
  aLoadBalancer,
  aNode,
  aService,
  aSlice,
  type ServiceFields,
} from '@menwei/testing/services/testing.ts';
import type { SliceEndpoint } from 'menwei/kubernetes/objects.ts';
import { BalancerEngine, type BalancerOutcome } from 'menwei/loadbalancer/providers/balancer-engine.ts';
import { type BalancerWish, balancerRequest } from 'menwei/loadbalancer/providers/balancer-request.ts';
import type { Provider } from 'menwei/loadbalancer/providers/provider.ts';
import { type ObjectKey, objectKey } from 'menwei/state/object-key.ts';
import { readSlice } from 'menwei/state/stored-slice.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** A load balancer without anything of ours, and what a test may do to it. */
export interface ProviderBench<Spec> extends AsyncDisposable {
  /** A provider as a process has it that has just begun; of another cluster, where one is named. */
  open(cluster?: string): Provider<Spec>;
  /** Its interface answers nobody any more, or does again. */
  setAway(isAway: boolean): Promise<void>;
  /** Somebody changes what it has for a Service, by hand. */
  meddle(service: ObjectKey): Promise<void>;
}

const { signal } = new AbortController();
const PODS = { 'menwei.dev/backends': 'pods' };
const NODES = [1, 2, 3].map((number) =>
  aNode({ name: `n${number}`, internalIPs: [`127.0.1.${number}`, `fd00:1::${number}`] }),
);

/** A text is the address of one that is ready. */
type WishedEndpoint = string | Partial<SliceEndpoint>;

/** A Service with a NodePort, and with endpoints where they are named. */
export function aWish(
  {
    annotations = {},
    ...fields
  }: ServiceFields & { readonly annotations?: Readonly<Record<string, string>> } = {},
  endpoints: readonly WishedEndpoint[] = [],
  addresses: readonly string[] = ['192.0.2.1'],
): BalancerWish {
  const families = [...new Set(addresses.map(familyOf))];
  const loadBalancer = aLoadBalancer({
    annotations: new Map(Object.entries(annotations)),
    ipFamilies: families,
  });
  const service = aService({
    type: 'LoadBalancer',
    ports: [{ port: 80, nodePort: 30_080 }],
    loadBalancer,
    ...fields,
  });
  const slice = aSlice({ namespace: service.namespace, serviceName: service.name, endpoints });
  const slices = [
    readSlice(slice, undefined, { nodeName: '', endpointNodes: false, names: false, podNames: false }),
  ];
  return { service, addresses, nodes: NODES, slices };
}

export function describeProvider<Spec>(title: string, openBench: () => Promise<ProviderBench<Spec>>): void {
  describe(`the provider ${title}`, () => {
    let bench: ProviderBench<Spec>;
    let provider: Provider<Spec>;
    let engine: BalancerEngine<Spec>;
    beforeEach(async () => {
      bench = await openBench();
      provider = bench.open();
      engine = new BalancerEngine(provider);
      await engine.look(() => true, signal);
    });
    afterEach(async () => await bench[Symbol.asyncDispose]());

    async function put(wish: BalancerWish): Promise<BalancerOutcome> {
      const outcome = await engine.put(wish, signal);
      expect(outcome).toMatchObject({ outcome: 'done' });
      return outcome;
    }

    /** The wishes are all that is there, and as they should be. */
    async function expectThere(...wishes: readonly BalancerWish[]): Promise<void> {
      const observer = bench.open();
      const observed = await observer.observe(signal);
      expect(observed.map(({ drift }) => drift).filter((drift) => drift !== '')).toEqual([]);
      const there = new Map(observed.map(({ service, spec }) => [service, spec]));
      expect([...there.keys()].sort()).toEqual(wishes.map(keyOf).sort());
      for (const wish of wishes) {
        const decision = balancerRequest(wish, observer.supports);
        const spec = there.get(keyOf(wish));
        const wanted = 'request' in decision ? observer.compile(decision.request) : undefined;
        expect(spec).toEqual(wanted);
      }
    }

    it('makes what is asked for, once', async () => {
      const wish = aWish();
      expect(await put(wish)).toMatchObject({
        isChanged: true,
        ingress: [{ ip: '192.0.2.1', ipMode: 'Proxy' }],
        trouble: undefined,
      });
      await expectThere(wish);
      expect(await put(wish)).toMatchObject({
        isChanged: false,
        ingress: [{ ip: '192.0.2.1', ipMode: 'Proxy' }],
      });
    });

    it('follows ports of a Service', async () => {
      await put(aWish());
      const two = aWish({
        ports: [
          { name: 'a', port: 81, nodePort: 30_081 },
          { name: 'b', port: 443, nodePort: 30_443 },
        ],
      });
      await put(two);
      await expectThere(two);
    });

    it('follows nodes', async () => {
      await put(aWish());
      const fewer = { ...aWish(), nodes: NODES.slice(1) };
      await put(fewer);
      await expectThere(fewer);
      await put(aWish());
      await expectThere(aWish());
    });

    it('follows endpoints through their lives', async () => {
      const at = (...endpoints: readonly WishedEndpoint[]) => aWish({ annotations: PODS }, endpoints);
      const ending = { ip: '127.0.2.1', ready: false, serving: true, terminating: true };
      const lives = [
        at(),
        at('127.0.2.1', '127.0.2.2'),
        at(ending, '127.0.2.2'),
        at('127.0.2.2', '127.0.2.3'),
        at('127.0.2.1'),
        at(),
      ];
      for (const wish of lives) {
        await put(wish);
        await expectThere(wish);
      }
    });

    it('goes from nodes to pods and back', async () => {
      const pods = aWish({ annotations: PODS }, ['127.0.2.1']);
      for (const wish of [aWish(), pods, aWish()]) {
        await put(wish);
        await expectThere(wish);
      }
    });

    it('follows the policy of a Service', async () => {
      const local = aWish({ externalTrafficPolicy: 'Local', healthCheckNodePort: 31_000 });
      for (const wish of [aWish(), local, aWish()]) {
        await put(wish);
        await expectThere(wish);
      }
    });

    it('follows source ranges, affinity, PROXY protocol and checks', async () => {
      const http = 'http path=/it%27s port=8081 interval=500ms timeout=300ms fall=2 rise=1 expect=204';
      const lives = [
        aWish({ loadBalancerSourceRanges: ['10.0.0.0/8', '2001:db8::/32'] }),
        aWish({ hasUnreadableSourceRange: true }),
        aWish({ sessionAffinitySeconds: 60 }),
        aWish({ annotations: { 'menwei.dev/proxy-protocol': 'v1' } }),
        aWish(
          { annotations: { ...PODS, 'menwei.dev/proxy-protocol': 'v2', 'menwei.dev/health-check': http } },
          ['127.0.2.1'],
        ),
        aWish({ annotations: { ...PODS, 'menwei.dev/health-check': 'none' } }, ['127.0.2.1']),
        aWish(),
      ];
      for (const wish of lives) {
        await put(wish);
        await expectThere(wish);
      }
    });

    it('has both families', async () => {
      const dual = aWish({}, [], ['192.0.2.1', '2001:db8::1']);
      expect(await put(dual)).toMatchObject({ ingress: [{ ip: '192.0.2.1' }, { ip: '2001:db8::1' }] });
      await expectThere(dual);
      const six = aWish({}, [], ['2001:db8::1']);
      await put(six);
      await expectThere(six);
    });

    it('serves what it can of a Service, and says of which ports it can not', async () => {
      const mixed = aWish({
        ports: [
          { port: 80, nodePort: 30_080 },
          { port: 53, protocol: 'UDP', nodePort: 30_053 },
        ],
      });
      expect(await put(mixed)).toMatchObject({
        ingress: [
          {
            ports: [
              { port: 80, protocol: 'TCP', error: '' },
              { port: 53, protocol: 'UDP', error: 'menwei.dev/UnsupportedProtocol' },
            ],
          },
        ],
        portsError: {
          reason: 'LoadBalancerMixedProtocolNotSupported',
          message: expect.stringContaining('53/UDP'),
        },
        trouble: { reason: 'InvalidRequest' },
      });
      await expectThere(mixed);
      await put(aWish({ ports: [{ port: 53, protocol: 'UDP', nodePort: 30_053 }] }));
      await expectThere();
    });

    it('keeps what it had while a Service asks for what can not be', async () => {
      await put(aWish());
      const wrong = aWish({ annotations: { 'menwei.dev/proxy-protocol': 'v3' } });
      expect(await engine.put(wrong, signal)).toMatchObject({
        outcome: 'failed',
        isPermanent: true,
        trouble: { reason: 'InvalidRequest' },
      });
      await expectThere(aWish());
    });

    it('has nothing of a Service any more that is deleted, or of another type', async () => {
      const [first, second] = [aWish(), aWish({ name: 'second' }, [], ['192.0.2.2'])];
      await put(first);
      await put(second);
      expect(await engine.remove('ns/web', signal)).toMatchObject({ outcome: 'done', isChanged: true });
      await expectThere(second);
      expect(await engine.remove('ns/web', signal)).toMatchObject({ outcome: 'done', isChanged: false });
      await engine.remove('ns/second', signal);
      await expectThere();
    });

    it("takes away what is another class now, or nobody's, and nothing of another cluster", async () => {
      const other = bench.open('other');
      const [kept, orphan] = [aWish(), aWish({ name: 'orphan' }, [], ['192.0.2.2'])];
      const foreign = new BalancerEngine(other);
      await foreign.put(aWish({ name: 'foreign' }, [], ['192.0.2.3']), signal);
      await put(kept);
      await put(orphan);
      const look = await engine.look((key) => key === keyOf(kept), signal);
      expect(look).toMatchObject({
        removed: [expect.stringContaining('orphan')],
        failures: [],
        drifted: new Map(),
      });
      await expectThere(kept);
      expect((await bench.open('other').observe(signal)).map(({ service }) => service)).toEqual([
        'ns/foreign',
      ]);
    });

    it('is taken over by the next process as it is', async () => {
      const wishes = [aWish(), aWish({ name: 'second' }, [], ['192.0.2.2'])];
      await Promise.all(wishes.map(put));
      const next = new BalancerEngine(bench.open());
      expect(await next.look(() => true, signal)).toMatchObject({
        drifted: new Map(),
        removed: [],
        failures: [],
      });
      for (const wish of wishes) {
        expect(await next.put(wish, signal)).toMatchObject({ outcome: 'done', isChanged: false });
      }
      const changed = { ...aWish(), nodes: NODES.slice(1) };
      expect(await next.put(changed, signal)).toMatchObject({ outcome: 'done', isChanged: true });
    });

    it('is not brought back to what it was before another process had its turn', async () => {
      const [first, second] = [aWish(), aWish({ name: 'second' }, [], ['192.0.2.2'])];
      await put(first);
      await put(second);
      const other = new BalancerEngine(bench.open());
      await other.look(() => true, signal);
      await other.remove(keyOf(second), signal);
      await engine.look((key) => key === keyOf(first), signal);
      const changed = { ...first, nodes: NODES.slice(1) };
      await put(changed);
      await expectThere(changed);
    });

    it('is put right when somebody has meddled with it', async () => {
      const wishes = [aWish(), aWish({ name: 'second' }, [], ['192.0.2.2'])];
      await Promise.all(wishes.map(put));
      await bench.meddle('ns/web');
      const { drifted } = await engine.look(() => true, signal);
      expect([...drifted.keys()]).toEqual(['ns/web']);
      await Promise.all(wishes.map(put));
      await expectThere(...wishes);
    });

    it('fails while its interface is away, says so, and works when that is back', async () => {
      await put(aWish());
      await bench.setAway(true);
      const changed = { ...aWish(), nodes: NODES.slice(1) };
      expect(await engine.put(changed, signal)).toMatchObject({
        outcome: 'failed',
        isPermanent: false,
        trouble: { reason: 'ProviderError', message: expect.stringMatching(/./) },
      });
      await expect(engine.look(() => true, signal)).rejects.toThrow();
      await bench.setAway(false);
      await put(changed);
      await expectThere(changed);
    });

    it('has 200 Services', async () => {
      const wishes = Array.from({ length: 200 }, (_, index) =>
        aWish({ name: `web-${index}` }, [], [`192.0.2.${1 + (index % 250)}`]),
      );
      await Promise.all(wishes.map(put));
      await expectThere(...wishes);
      const [first] = wishes;
      if (first === undefined) throw new Error('BUG: no wish');
      await put({ ...first, nodes: NODES.slice(1) });
      await Promise.all(wishes.map(async (wish) => await engine.remove(keyOf(wish), signal)));
      await expectThere();
    });
  });
}

function keyOf({ service }: BalancerWish): ObjectKey {
  return objectKey(service.namespace, service.name);
}
