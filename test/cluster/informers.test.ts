/** Informers of the official JavaScript client, which nobody here wrote, follow a churn of objects and end equal to the store. */
import { connect, createServer, type Socket } from 'node:net';
import {
  CoreV1Api,
  DiscoveryV1Api,
  type Informer,
  KubeConfig,
  type KubernetesObject,
  makeInformer,
  type ObjectCache,
} from '@kubernetes/client-node';
import { startTestApi, type TestApi } from '@menwei/testing/cluster/api-server.ts';
import { seededRandom } from '@menwei/testing/kernel/faults.ts';
import { resourceOf } from 'menwei/cluster/kinds/resources.ts';
import { openMemoryStore } from 'menwei/cluster/store/local-store.ts';
import type { StoredObject } from 'menwei/cluster/store/store.ts';
import { parseStored } from 'menwei/cluster/store/stored-object.ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

const CHANGES = 10_000;
/** Longer than the history reaches at most times. */
const AWAY_MS = 20;
const SEED = 20_261_130;
const CONFIG_MAPS = resourceOf('', 'configmaps');
const SLICES = resourceOf('discovery.k8s.io', 'endpointslices');
const NAMESPACES = ['default', 'a', 'b'];

type Cache = Informer<KubernetesObject> & ObjectCache<KubernetesObject>;

let api: TestApi;
let line: Line;
const informers: Cache[] = [];
let lists = 0;

beforeEach(async () => {
  // So short a history that a watch which was cut off for long is told to list again (410).
  const limits = { minEvents: 50, minMs: 0, maxEvents: 50, maxBytes: 2 ** 30 };
  api = await startTestApi({ store: openMemoryStore({ limits }) });
  line = await openLine(api.port);
  for (const name of NAMESPACES.slice(1)) {
    await api.registry.create(resourceOf('', 'namespaces'), '', {
      kind: 'Namespace',
      apiVersion: 'v1',
      metadata: { name },
    });
  }
});

afterEach(async () => {
  await Promise.all(informers.splice(0).map((informer) => informer.stop()));
  line.close();
  await api.close();
});

it(`follow ${CHANGES} changes, with connections cut and histories lost`, { timeout: 120_000 }, async () => {
  const client = new KubeConfig();
  client.loadFromClusterAndUser(
    { name: 'menwei', server: `http://127.0.0.1:${line.port}`, skipTLSVerify: true },
    { name: 'admin' },
  );
  const core = client.makeApiClient(CoreV1Api);
  const discovery = client.makeApiClient(DiscoveryV1Api);
  const labelSelector = 'odd=yes';
  const all = follow(
    makeInformer(client, '/api/v1/configmaps', () => {
      lists++;
      return core.listConfigMapForAllNamespaces();
    }),
  );
  const odd = follow(
    makeInformer(
      client,
      '/api/v1/configmaps',
      () => core.listConfigMapForAllNamespaces({ labelSelector }),
      labelSelector,
    ),
  );
  const slices = follow(
    makeInformer(client, '/apis/discovery.k8s.io/v1/endpointslices', () =>
      discovery.listEndpointSliceForAllNamespaces(),
    ),
  );
  await Promise.all(informers.map((informer) => informer.start()));

  const expectEqual = async () => {
    const configMaps = [...api.store.list('configmaps')];
    const oddOnes = configMaps.filter(({ labels }) => labels.odd === 'yes');
    await expectSeen(all, configMaps);
    await expectSeen(odd, oddOnes);
    await expectSeen(slices, [...api.store.list('endpointslices')]);
  };
  const random = seededRandom(SEED);
  for (let done = 0; done < CHANGES; done += 20) {
    if (done % 4000 === 1000) {
      // Before that, all must be connected. With each cut the client doubles the seconds that it waits.
      await expectEqual();
      line.cut();
    }
    await Promise.all(Array.from({ length: 20 }, () => changeSomething(random)));
    if (random() < 0.3) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await expectEqual();
  // Some were told that what they had seen last is no longer known.
  expect(lists).toBeGreaterThan(1);
});

/** After an error, the client waits for seconds. */
function expectSeen(informer: Cache, stored: readonly StoredObject[]): Promise<void> {
  return vi.waitFor(() => expect(seenBy(informer)).toEqual(told(stored)), { timeout: 45_000, interval: 50 });
}

/** As its documentation says: it ends at an error, and who uses it starts it again. */
function follow(informer: Cache): Cache {
  informer.on('error', () => void setTimeout(() => void informer.start(), AWAY_MS));
  informers.push(informer);
  return informer;
}

async function changeSomething(random: () => number): Promise<void> {
  const pick = <Value>(values: readonly Value[]): Value | undefined =>
    values[Math.floor(random() * values.length)];
  const isSlice = random() < 0.3;
  const resource = isSlice ? SLICES : CONFIG_MAPS;
  const namespace = pick(NAMESPACES) ?? '';
  const name = `o${Math.floor(random() * 100)}`;
  const odd = random() < 0.5 ? 'yes' : 'no';
  const metadata = { name, labels: { odd } };
  const value = String(random());
  const object = isSlice
    ? {
        kind: 'EndpointSlice',
        apiVersion: 'discovery.k8s.io/v1',
        metadata,
        addressType: 'IPv4',
        endpoints: [{ addresses: [`10.0.0.${1 + Math.floor(random() * 250)}`] }],
      }
    : { kind: 'ConfigMap', apiVersion: 'v1', metadata, data: { value } };
  // What was picked may be there or not: a third each is created, changed, deleted.
  const isThere = api.store.get(resource.resource, namespace, name) !== undefined;
  const work = !isThere
    ? api.registry.create(resource, namespace, object)
    : random() < 0.6
      ? api.registry.update(resource, namespace, name, object)
      : api.registry.delete(resource, namespace, name);
  await work.catch((error: Error & { readonly code?: number }) => {
    // Another change of the same batch was faster.
    if (error.code !== 404 && error.code !== 409) throw error;
  });
}

function seenBy(informer: Cache): readonly unknown[] {
  return sorted(informer.list().map((object) => JSON.parse(JSON.stringify(object))));
}

function told(stored: readonly StoredObject[]): readonly unknown[] {
  return sorted(stored.map((one) => JSON.parse(JSON.stringify(parseStored(one)))));
}

interface Named {
  readonly metadata: { readonly namespace: string; readonly name: string; readonly resourceVersion: string };
}

/** By name; who it is and at which version says all. */
function sorted(objects: readonly Named[]): readonly string[] {
  return objects
    .map(({ metadata: { namespace, name, resourceVersion } }) => `${namespace}/${name}@${resourceVersion}`)
    .sort();
}

/** What lies between a client and the server, and can be cut. */
interface Line {
  readonly port: number;
  cut(): void;
  close(): void;
}

async function openLine(port: number): Promise<Line> {
  const sockets = new Set<Socket>();
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('BUG: it listens on no port');
  const close = () => {
    cut();
    server.close();
  };
  return { port: address.port, cut, close };
}
