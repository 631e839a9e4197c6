/** Cases of Kubernetes' end-to-end tests, `[sig-api-machinery]`, of Leases and of Events. */
import { describe, expect, it } from 'vitest';
import type { AnyObject } from './api-client.ts';
import { useCluster } from './use-cluster.ts';

const cluster = useCluster();
const configMapsIn = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`;
const configMap = (name: string, labels: object = {}, data: object = {}) => ({
  metadata: { name, labels },
  data,
});

describe('Watchers', () => {
  const label = (value: string) => ({ 'watch-this-configmap': value });
  const selector = (...values: readonly string[]) =>
    `labelSelector=${encodeURIComponent(`watch-this-configmap in (${values.join(',')})`)}`;

  it('should observe add, update, and delete watch notifications on configmaps', async () => {
    const { api } = cluster;
    const maps = configMapsIn(await cluster.namespace());
    const watches = await Promise.all(
      [selector('A'), selector('B'), selector('A', 'B')].map((query) => api.watch(`${maps}?${query}`)),
    );
    await api.create(maps, configMap('a', label('A')));
    await api.patch(`${maps}/a`, { data: { mutation: '1' } });
    await api.patch(`${maps}/a`, { data: { mutation: '2' } });
    await api.delete(`${maps}/a`);
    await api.create(maps, configMap('b', label('B')));
    await api.delete(`${maps}/b`);
    const ofA = ['ADDED a', 'MODIFIED a', 'MODIFIED a', 'DELETED a'];
    const ofB = ['ADDED b', 'DELETED b'];
    const [a, b, both] = watches;
    expect(await a?.take(4)).toEqual(ofA);
    expect(await b?.take(2)).toEqual(ofB);
    expect(await both?.take(6)).toEqual([...ofA, ...ofB]);
    for (const watch of watches) watch.stop();
  });

  it('should be able to start watching from a specific resource version', async () => {
    const { api } = cluster;
    const maps = configMapsIn(await cluster.namespace());
    await api.create(maps, configMap('c'));
    const { metadata } = await api.patch(`${maps}/c`, { data: { mutation: '1' } });
    await api.patch(`${maps}/c`, { data: { mutation: '2' } });
    await api.delete(`${maps}/c`);
    const watch = await api.watch(
      `${maps}?resourceVersion=${metadata.resourceVersion}&fieldSelector=metadata.name%3Dc`,
    );
    expect(await watch.take(2)).toEqual(['MODIFIED c', 'DELETED c']);
    watch.stop();
  });

  it('should be able to restart watching from the last resource version observed by the previous watch', async () => {
    const { api } = cluster;
    const maps = configMapsIn(await cluster.namespace());
    const query = 'fieldSelector=metadata.name%3Dc';
    const first = await api.watch(`${maps}?${query}`);
    await api.create(maps, configMap('c'));
    await api.patch(`${maps}/c`, { data: { mutation: '1' } });
    await first.take(1);
    const last = (await first.next()).object.metadata.resourceVersion;
    first.stop();
    await api.patch(`${maps}/c`, { data: { mutation: '2' } });
    const second = await api.watch(`${maps}?${query}&resourceVersion=${last}`);
    await api.delete(`${maps}/c`);
    expect(await second.take(2)).toEqual(['MODIFIED c', 'DELETED c']);
    second.stop();
  });

  it('should observe an object deletion if it stops meeting the requirements of the selector', async () => {
    const { api } = cluster;
    const maps = configMapsIn(await cluster.namespace());
    const watch = await api.watch(`${maps}?${selector('x')}`);
    await api.create(maps, configMap('c', label('x')));
    await api.patch(`${maps}/c`, { data: { mutation: '1' } });
    await api.patch(`${maps}/c`, { metadata: { labels: label('other') } });
    await api.patch(`${maps}/c`, { data: { mutation: '2' } });
    await api.patch(`${maps}/c`, { metadata: { labels: label('x') } });
    await api.delete(`${maps}/c`);
    const seen: string[] = [];
    for (let i = 0; i < 5; i++) {
      const { type, object } = await watch.next();
      seen.push(`${type} ${object.data?.mutation ?? '-'}`);
    }
    // The first deletion tells the object as it was when it matched last.
    expect(seen).toEqual(['ADDED -', 'MODIFIED 1', 'DELETED 1', 'ADDED 2', 'DELETED 2']);
    watch.stop();
  });

  it('should receive events on concurrent watches in same order', async () => {
    const { api } = cluster;
    const maps = configMapsIn(await cluster.namespace());
    const { metadata } = await api.get(maps);
    const watches = await Promise.all(
      Array.from({ length: 20 }, () => api.watch(`${maps}?resourceVersion=${metadata.resourceVersion}`)),
    );
    await Promise.all(Array.from({ length: 50 }, (_, i) => api.create(maps, configMap(`c${i}`))));
    const orders = await Promise.all(watches.map((watch) => watch.take(50)));
    expect(new Set(orders.map((order) => order.join())).size).toBe(1);
    for (const watch of watches) watch.stop();
  });
});

// Upstream takes PodTemplates, which this API does not have. Its case of a compacted version is in golden-lists.test.ts.
describe('Servers with support for API chunking', () => {
  it('should return chunks of results for list calls', async () => {
    const { api } = cluster;
    const maps = configMapsIn(await cluster.namespace());
    await expect.poll(async () => (await api.get(maps)).items.length).toBe(1);
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        api.create(maps, configMap(`template-${String(i).padStart(4, '0')}`)),
      ),
    );
    const names: string[] = [];
    let query = 'limit=17';
    for (let page: AnyObject | undefined; page === undefined || page.metadata.continue !== undefined; ) {
      page = await api.get(`${maps}?${query}`);
      names.push(...page.items.map(nameOf));
      expect(page.metadata.remainingItemCount ?? 0).toBe(41 - names.length);
      query = `limit=17&continue=${page.metadata.continue}`;
    }
    expect(names).toHaveLength(41);
    expect(names).toEqual(names.toSorted());
  });
});

describe('Servers with support for Table transformation', () => {
  it('should return a 406 for a backend which does not implement metadata', async () => {
    const review = { spec: { nonResourceAttributes: { path: '/', verb: 'get' } } };
    const { status } = await cluster.api.send(
      'POST',
      '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      review,
      {
        accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
      },
    );
    expect(status).toBe(406);
  });
});

describe('Discovery', () => {
  it('should locate the groupVersion and a resource within each APIGroup, and validate PreferredVersion', async () => {
    const { groups } = await cluster.api.get('/apis');
    expect(groups.length).toBeGreaterThan(4);
    for (const { name, preferredVersion, versions } of groups) {
      expect(versions).toContainEqual(preferredVersion);
      const { groupVersion, resources } = await cluster.api.get(`/apis/${preferredVersion.groupVersion}`);
      expect(preferredVersion.groupVersion).toBe(`${name}/${preferredVersion.version}`);
      expect(groupVersion).toBe(preferredVersion.groupVersion);
      expect(resources.length).toBeGreaterThan(0);
      expect((await cluster.api.get(`/apis/${name}`)).preferredVersion).toEqual(preferredVersion);
    }
  });

  it('server version should find the server version', async () => {
    expect(await cluster.api.get('/version')).toMatchObject({ major: '1', minor: '36' });
  });
});

describe('Namespaces', () => {
  it('should patch, update and apply a finalizer to a Namespace', async () => {
    const { api } = cluster;
    const namespace = `/api/v1/namespaces/${await cluster.namespace()}`;
    const patched = await api.patch(namespace, { metadata: { labels: { testLabel: 'testValue' } } });
    expect(patched.metadata.labels).toMatchObject({ testLabel: 'testValue' });
    const updated = await api.put(namespace, {
      ...patched,
      metadata: { ...patched.metadata, labels: { ...patched.metadata.labels, updated: 'yes' } },
    });
    const withFinalizer = await api.put(`${namespace}/finalize`, {
      ...updated,
      spec: { finalizers: [...updated.spec.finalizers, 'e2e.example.com/fakeFinalizer'] },
    });
    expect(withFinalizer.spec.finalizers).toContain('e2e.example.com/fakeFinalizer');
    await api.put(`${namespace}/finalize`, { ...withFinalizer, spec: { finalizers: ['kubernetes'] } });
    await api.delete(namespace);
    await expect.poll(async () => (await api.send('GET', namespace)).status).toBe(404);
  });

  it('should ensure that all services are removed when a namespace is deleted', async () => {
    const { api } = cluster;
    const name = await cluster.namespace();
    await api.create(`/api/v1/namespaces/${name}/services`, {
      metadata: { name: 's' },
      spec: { ports: [{ port: 80 }] },
    });
    await api.delete(`/api/v1/namespaces/${name}`);
    await expect.poll(async () => (await api.send('GET', `/api/v1/namespaces/${name}`)).status).toBe(404);
    await api.create('/api/v1/namespaces', { metadata: { name } });
    expect((await api.get(`/api/v1/namespaces/${name}/services`)).items).toEqual([]);
  });

  it('OrderedNamespaceDeletion: namespace deletion should delete pod first', async () => {
    const { api } = cluster;
    const name = await cluster.namespace();
    const path = `/api/v1/namespaces/${name}`;
    const finalizers = ['e2e.example.com/finalizer'];
    await api.create(`${path}/pods`, {
      metadata: { name: 'p', finalizers },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    await api.create(`${path}/configmaps`, configMap('c'));
    await api.delete(path);
    const remaining = async () =>
      (await api.get(path)).status.conditions?.find(
        ({ type }: { type: string }) => type === 'NamespaceContentRemaining',
      )?.message;
    await expect.poll(remaining).toBe('Some resources are remaining: pods. has 1 resource instances');
    expect((await api.get(`${path}/pods/p`)).metadata.deletionTimestamp).toBeDefined();
    expect((await api.get(`${path}/configmaps/c`)).metadata.deletionTimestamp).toBeUndefined();
    await api.patch(`${path}/pods/p`, { metadata: { finalizers: null } });
    await expect.poll(async () => (await api.send('GET', path)).status).toBe(404);
  });
});

it('Lease: lease API should be available', async () => {
  const { api } = cluster;
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${await cluster.namespace()}/leases`;
  const spec = { holderIdentity: 'holder', leaseDurationSeconds: 30, leaseTransitions: 0 };
  const times = { acquireTime: '2026-11-30T05:00:00.000000Z', renewTime: '2026-11-30T05:00:05.123456Z' };
  const created = await api.create(leases, { metadata: { name: 'l' }, spec: { ...spec, ...times } });
  expect(created.spec).toEqual({ ...spec, ...times });
  const updated = await api.put(`${leases}/l`, {
    ...created,
    spec: { ...created.spec, holderIdentity: 'other' },
  });
  expect(updated.spec.holderIdentity).toBe('other');
  expect(
    (await api.patch(`${leases}/l`, { spec: { leaseDurationSeconds: 60 } })).spec.leaseDurationSeconds,
  ).toBe(60);
  await api.create(leases, { metadata: { name: 'm', labels: { deletecollection: 'true' } }, spec });
  expect((await api.get(leases)).items).toHaveLength(2);
  await api.delete(`${leases}?labelSelector=deletecollection%3Dtrue`);
  expect((await api.get(leases)).items.map(nameOf)).toEqual(['l']);
  await api.delete(`${leases}/l`);
  expect(await api.refusal('GET', `${leases}/l`)).toMatch(/^404 /);
});

describe('Events', () => {
  it('should manage the lifecycle of an event, and delete a collection of events', async () => {
    const { api } = cluster;
    const namespace = await cluster.namespace();
    const events = `/api/v1/namespaces/${namespace}/events`;
    const event = (name: string) => ({
      metadata: { name, labels: { 'testevent-set': 'true' } },
      message: 'This is a test event',
      reason: 'Test',
      type: 'Normal',
      count: 1,
      involvedObject: { namespace },
    });
    await api.create(events, event('one'));
    expect((await api.get('/api/v1/events?labelSelector=testevent-set%3Dtrue')).items).toHaveLength(1);
    const patched = await api.patch(`${events}/one`, { message: 'This is a test event - patched' });
    expect(patched.message).toBe('This is a test event - patched');
    await api.delete(`${events}/one`);
    for (const name of ['two', 'three']) await api.create(events, event(name));
    await api.delete(`${events}?labelSelector=testevent-set%3Dtrue`);
    expect((await api.get(events)).items).toEqual([]);
  });

  it('Events API should ensure that an event can be fetched, patched, deleted, and listed', async () => {
    const { api } = cluster;
    const namespace = await cluster.namespace();
    const events = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    const event = (name: string) => ({
      metadata: { name, labels: { 'testevent-set': 'true' } },
      regarding: { namespace, kind: 'Pod', name: 'p' },
      eventTime: '2026-11-30T05:00:00.505000Z',
      note: 'This is event',
      type: 'Normal',
      action: 'Do',
      reason: 'Test',
      reportingController: 'test-controller',
      reportingInstance: 'test-node',
    });
    const created = await api.create(events, event('one'));
    expect(created).toMatchObject(event('one'));
    const all = await api.get('/apis/events.k8s.io/v1/events?labelSelector=testevent-set%3Dtrue');
    expect(all.items.map(nameOf)).toEqual(['one']);
    // The same object in its older form.
    expect(await api.get(`/api/v1/namespaces/${namespace}/events/one`)).toMatchObject({
      message: 'This is event',
      involvedObject: { kind: 'Pod', name: 'p' },
    });
    const series = { count: 2, lastObservedTime: '2026-11-30T05:01:00.000000Z' };
    expect((await api.patch(`${events}/one`, { series })).series).toEqual(series);
    const current = await api.get(`${events}/one`);
    const more = { count: 100, lastObservedTime: '2026-11-30T05:02:00.000000Z' };
    expect((await api.put(`${events}/one`, { ...current, series: more })).series).toEqual(more);
    await api.delete(`${events}/one`);
    for (const name of ['two', 'three']) await api.create(events, event(name));
    await api.delete(`${events}?labelSelector=testevent-set%3Dtrue`);
    expect((await api.get(events)).items).toEqual([]);
  });
});

const nameOf = ({ metadata }: { readonly metadata: { readonly name: string } }) => metadata.name;
