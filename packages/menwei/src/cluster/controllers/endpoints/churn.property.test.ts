/** Whatever happens, in whatever order, with writes that fail and restarts in between: in the end, endpoints are the pods selected. */
import { ControlledCluster } from '@menwei/testing/cluster/controlled-cluster.ts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Registry } from '../../registry/registry.ts';

const APPS = ['a', 'b', 'c'];
const NODES = ['n1', 'n2'];
const SERVICES = ['s1', 's2', 's3'];

type Step = (world: World) => Promise<void>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

class World {
  readonly cluster: ControlledCluster;
  /** Of 10 writes of a controller, so many fail. */
  failures = 0;
  #writes = 0;

  constructor() {
    this.cluster = new ControlledCluster({
      only: ['endpoint-controllers', 'garbage-collector'],
      wrap: (registry) => this.#failing(registry),
    });
  }

  async begin(): Promise<void> {
    for (const name of ['default', 'other']) await this.cluster.create('namespaces', { metadata: { name } });
    for (const name of NODES) await this.node(name);
    await this.cluster.start();
  }

  async node(name: string): Promise<void> {
    await this.#toggle('nodes', name, {
      metadata: { name, labels: { 'topology.kubernetes.io/zone': `z-${name}` } },
    });
  }

  async service(name: string, namespace: string, app: string): Promise<void> {
    const spec = {
      clusterIP: 'None',
      ipFamilies: ['IPv4'],
      selector: { app },
      ports: [{ port: 80, targetPort: 8080 }],
    };
    const key = `${namespace}/${name}`;
    if (this.cluster.get('services', key) === undefined)
      await this.cluster.create('services', { metadata: { name, namespace }, spec });
    else
      await this.cluster.change('services', key, (current) => ({
        spec: { ...current.spec, selector: { app } },
      }));
  }

  async pod(index: number, namespace: string, app: string, nodeName: string, ready: boolean): Promise<void> {
    const name = `p${index}`;
    const key = `${namespace}/${name}`;
    if (this.cluster.get('pods', key) === undefined) {
      await this.cluster.create('pods', {
        metadata: { name, namespace, labels: { app } },
        spec: { nodeName, containers: [{ name: 'c', image: 'i' }] },
      });
    } else {
      await this.cluster.change('pods', key, ({ metadata }) => ({
        metadata: { ...metadata, labels: { app } },
      }));
    }
    const ip = `10.0.${namespace.length}.${index}`;
    const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
    await this.cluster.change(
      'pods',
      key,
      () => ({ status: { podIP: ip, podIPs: [{ ip }], conditions } }),
      true,
    );
  }

  async remove(name: 'pods' | 'services' | 'endpoints' | 'endpointslices', key: string): Promise<void> {
    if (this.cluster.get(name, key) !== undefined)
      await this.cluster.delete(name, key, { gracePeriodSeconds: 0 });
  }

  async removeSlices(): Promise<void> {
    for (const { metadata } of this.cluster.list('endpointslices'))
      await this.remove('endpointslices', `${metadata.namespace}/${metadata.name}`);
  }

  async restart(): Promise<void> {
    await this.cluster.stop();
    await this.cluster.start();
  }

  /** Until nothing is written any more. */
  async settle(): Promise<void> {
    for (let quiet = 0, revision = -1; quiet < 40; ) {
      await vi.advanceTimersByTimeAsync(1_100);
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      quiet = revision === this.cluster.store.revision ? quiet + 1 : 0;
      revision = this.cluster.store.revision;
    }
  }

  /**
   * `address ready`, of each Service.
   *
   * @param onUnknownNodes pods on Nodes that are not there count, too
   */
  wanted(onUnknownNodes: boolean): Readonly<Record<string, readonly string[]>> {
    const nodes = new Set(
      onUnknownNodes ? NODES : this.cluster.list('nodes').map(({ metadata }) => metadata.name),
    );
    return this.#byService((namespace, selector) =>
      this.cluster
        .list('pods', namespace)
        .filter(
          ({ metadata, spec }) => metadata.labels?.app === selector?.app && nodes.has(spec?.nodeName ?? ''),
        )
        .map(({ status }) => `${status?.podIP} ${status?.conditions?.[0]?.status === 'True'}`),
    );
  }

  endpoints(): Readonly<Record<string, readonly string[]>> {
    return this.#byService((namespace, _, name) => {
      const subsets = this.cluster.get('endpoints', `${namespace}/${name}`)?.subsets ?? [];
      return subsets.flatMap(({ addresses, notReadyAddresses }) => [
        ...(addresses ?? []).map(({ ip }) => `${ip} true`),
        ...(notReadyAddresses ?? []).map(({ ip }) => `${ip} false`),
      ]);
    });
  }

  slices(): Readonly<Record<string, readonly string[]>> {
    return this.#byService((namespace, _, name) =>
      this.cluster
        .list('endpointslices', namespace)
        .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name)
        .flatMap(({ endpoints }) => endpoints ?? [])
        .map(({ addresses, conditions }) => `${addresses?.[0]} ${conditions?.ready}`),
    );
  }

  /** All that the controllers keep; an Event that could not be written is written later. */
  written(): readonly object[] {
    return [...this.cluster.list('endpointslices'), ...this.cluster.list('endpoints')];
  }

  #byService(
    listOf: (
      namespace: string,
      selector: { readonly [key: string]: string } | undefined,
      name: string,
    ) => string[],
  ): Readonly<Record<string, readonly string[]>> {
    const entries = this.cluster.list('services').map(({ metadata, spec }) => {
      const { namespace = '', name = '' } = metadata;
      return [`${namespace}/${name}`, listOf(namespace, spec?.selector, name).sort()] as const;
    });
    return Object.fromEntries(entries);
  }

  async #toggle(resource: 'nodes', name: string, object: { readonly metadata: object }): Promise<void> {
    if (this.cluster.get(resource, name) === undefined)
      await this.cluster.create(resource, { ...object, metadata: { ...object.metadata } });
    else await this.cluster.delete(resource, name);
  }

  #failing(registry: Registry): Registry {
    return new Proxy(registry, {
      get: (target, key: keyof Registry) => {
        const method: unknown = target[key];
        if (typeof method !== 'function') return method;
        return async (...args: readonly unknown[]) => {
          if (++this.#writes % 10 < this.failures) throw new Error('disk full');
          return method.apply(target, args);
        };
      },
    });
  }
}

const namespace = fc.constantFrom('default', 'other');
const app = fc.constantFrom(...APPS);
const index = fc.nat({ max: 8 });
const service = fc.constantFrom(...SERVICES);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(service, namespace, app).map(
    ([name, space, label]): Step =>
      (world) =>
        world.service(name, space, label),
  ),
  fc.tuple(index, namespace, app, fc.constantFrom(...NODES), fc.boolean()).map(
    ([number, ...rest]): Step =>
      (world) =>
        world.pod(number, ...rest),
  ),
  fc.tuple(index, namespace, app, fc.constantFrom(...NODES), fc.boolean()).map(
    ([number, ...rest]): Step =>
      (world) =>
        world.pod(number, ...rest),
  ),
  fc.tuple(index, namespace).map(
    ([number, space]): Step =>
      (world) =>
        world.remove('pods', `${space}/p${number}`),
  ),
  fc.tuple(service, namespace).map(
    ([name, space]): Step =>
      (world) =>
        world.remove('services', `${space}/${name}`),
  ),
  fc.tuple(service, namespace).map(
    ([name, space]): Step =>
      (world) =>
        world.remove('endpoints', `${space}/${name}`),
  ),
  fc.constantFrom(...NODES).map(
    (name): Step =>
      (world) =>
        world.node(name),
  ),
  fc.constant<Step>((world) => world.removeSlices()),
  fc.constant<Step>((world) => world.restart()),
  fc.constant<Step>(async () => {
    await vi.advanceTimersByTimeAsync(1_500);
  }),
  fc.nat({ max: 5 }).map(
    (failures): Step =>
      async (world) => {
        world.failures = failures;
      },
  ),
);

describe('endpoints under churn', () => {
  it('are the pods selected, in the end, and a restart writes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const world = new World();
        await world.begin();
        try {
          for (const each of steps) await each(world);
          world.failures = 0;
          await world.settle();
          expect(world.slices()).toEqual(world.wanted(false));
          expect(world.endpoints()).toEqual(world.wanted(true));
          const count = world.cluster.list('services').length;
          expect(world.cluster.list('endpoints')).toHaveLength(count);
          expect(world.cluster.list('endpointslices')).toHaveLength(count);
          const written = world.written();
          await world.restart();
          await world.settle();
          expect(world.written()).toEqual(written);
        } finally {
          await world.cluster.stop();
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
