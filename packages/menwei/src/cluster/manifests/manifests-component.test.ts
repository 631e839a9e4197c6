import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../../log/logger.ts';
import { resourceOf } from '../kinds/resources.ts';
import { ObjectRegistry } from '../registry/object-registry.ts';
import type { ApiObject } from '../schema/object.ts';
import { openMemoryStore } from '../store/local-store.ts';
import type { Store } from '../store/store.ts';
import { parseStored } from '../store/stored-object.ts';
import { manifestsComponent } from './manifests-component.ts';

const CONFIG_MAPS = resourceOf('', 'configmaps');
const configMap = (name: string, value: string) =>
  `---\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: ${name}}\ndata: {a: "${value}"}\n`;

let folder: string;
let store: Store;
let registry: ObjectRegistry;
let end: AbortController;
let running: Promise<void>;
const told: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manifests-'));
  store = openMemoryStore();
  let uid = 0;
  registry = new ObjectRegistry({
    store,
    hooks: {},
    nowMs: Date.now,
    newUid: () => `uid-${uid++}`,
    random: Math.random,
  });
  const namespace: ApiObject = { kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'default' } };
  await registry.create(resourceOf('', 'namespaces'), '', namespace);
  const account: ApiObject = { kind: 'ServiceAccount', apiVersion: 'v1', metadata: { name: 'default' } };
  await registry.create(resourceOf('', 'serviceaccounts'), 'default', account);
  end = new AbortController();
  told.length = 0;
});

afterEach(async () => {
  end.abort();
  await running;
  await rm(folder, { recursive: true });
});

const write = (file: string, text: string) => writeFile(join(folder, file), text);

async function start(): Promise<void> {
  const logger = { ...silentLogger, error: (_: object, message: string) => void told.push(message) };
  const component = manifestsComponent({ folder, store, registry, logger, needs: [] });
  const ready = Promise.withResolvers<void>();
  running = component.run(end.signal, ready.resolve);
  await Promise.race([ready.promise, running]);
}

/** Of all ConfigMaps, by their names. */
function values(): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Array.from(store.list('configmaps'), (stored) => {
      const { data }: { readonly data?: { readonly a: string } } = parseStored(stored) as object;
      return [stored.name, data?.a];
    }),
  );
}

async function until(expected: Readonly<Record<string, unknown>>): Promise<void> {
  for (let tries = 0; tries < 200 && JSON.stringify(values()) !== JSON.stringify(expected); tries++)
    await sleep(20);
  expect(values()).toEqual(expected);
}

it('objects are as the files have them, and a file that changes changes them', async () => {
  await write('a.yaml', configMap('one', '1') + configMap('two', '1'));
  await start();
  expect(values()).toEqual({ one: '1', two: '1' });
  await write('a.yaml', configMap('one', '2'));
  await until({ one: '2' });
});

it('what somebody changes is set back, and what is not of a file is left alone', async () => {
  await write('a.yaml', configMap('one', '1'));
  const other = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'other' }, data: { a: '9' } };
  await registry.create(CONFIG_MAPS, 'default', other);
  await start();
  const change = (current: ApiObject) => ({ ...current, data: { a: 'mine' } });
  await registry.change(CONFIG_MAPS, 'default', 'one', change);
  await until({ one: '1', other: '9' });
  await registry.delete(CONFIG_MAPS, 'default', 'one');
  await until({ one: '1', other: '9' });
});

it('a file that can’t be understood deletes nothing', async () => {
  await write('a.yaml', configMap('one', '1') + configMap('two', '1'));
  await start();
  await write('a.yaml', `${configMap('one', '2')}---\nkind: Nothing\napiVersion: v1\n`);
  await until({ one: '2', two: '1' });
  expect(told.join()).toContain('a.yaml:7: the cluster has no kind "Nothing" of "v1"');
});

it('a file with another name is no reason to delete', async () => {
  await write('a.yaml', configMap('one', '1'));
  await start();
  const [before] = store.list('configmaps');
  await rename(join(folder, 'a.yaml'), join(folder, 'b.yaml'));
  await sleep(700);
  const [after] = store.list('configmaps');
  expect(after?.uid).toBe(before?.uid);
});

it('what is gone from the files while nothing ran is deleted', async () => {
  await write('a.yaml', configMap('one', '1'));
  await write('b.yaml', configMap('two', '1'));
  await start();
  end.abort();
  await running;
  end = new AbortController();
  await rm(join(folder, 'b.yaml'));
  await start();
  await until({ one: '1' });
});

it('a pod stands for a process that runs elsewhere', async () => {
  const pod = (name: string, annotations: string) =>
    `---\nkind: Pod\napiVersion: v1\nmetadata: {name: ${name}, annotations: {${annotations}}}\nspec: {nodeName: node-1, containers: [{name: c, image: x}]}\n`;
  await write('a.yaml', pod('good', 'menwei.dev/pod-ip: 192.0.2.1') + pod('bad', ''));
  await start();
  const found = Array.from(store.list('pods'), (stored): unknown => parseStored(stored));
  expect(found, told.join()).toMatchObject([
    {
      metadata: { name: 'good', annotations: { 'menwei.dev/source': 'manifests/a.yaml' } },
      status: { podIP: '192.0.2.1', podIPs: [{ ip: '192.0.2.1' }], conditions: [{ status: 'True' }, {}] },
    },
  ]);
  expect(told.join()).toContain('its address is not known');
});

it('an Event of the newer group is kept whole', async () => {
  const event = `kind: Event
apiVersion: events.k8s.io/v1
metadata: {name: told}
eventTime: "2026-11-30T05:41:54.123000Z"
reportingController: example.com/teller
reportingInstance: teller-1
type: Normal
reason: Told
action: Tell
note: it was told
regarding: {kind: Service, apiVersion: v1, namespace: default, name: web}
`;
  await write('a.yaml', event);
  await start();
  const found = Array.from(store.list('events'), (stored): unknown => parseStored(stored));
  expect(found, told.join()).toMatchObject([
    { apiVersion: 'v1', message: 'it was told', involvedObject: { kind: 'Service', name: 'web' } },
  ]);
});

it('a pool of either group is kept in one, and is changed and deleted by its file', async () => {
  const pool = (address: string) =>
    `kind: IPAddressPool\napiVersion: menwei.dev/v1alpha1\nmetadata: {name: p, namespace: default}\nspec: {addresses: [${address}]}\n`;
  const kept = (): readonly unknown[] =>
    Array.from(store.list('ipaddresspools'), (stored) => parseStored(stored));
  const untilKept = (expected: readonly unknown[]) =>
    expect.poll(kept, { timeout: 4_000 }).toMatchObject(expected);
  await write('a.yaml', pool('192.0.2.1'));
  await start();
  await untilKept([{ apiVersion: 'metallb.io/v1beta1', spec: { addresses: ['192.0.2.1'] } }]);
  await write('a.yaml', pool('192.0.2.2'));
  await untilKept([{ apiVersion: 'metallb.io/v1beta1', spec: { addresses: ['192.0.2.2'] } }]);
  await rm(join(folder, 'a.yaml'));
  await untilKept([]);
});
