import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ObjectRegistry } from '../cluster/registry/object-registry.ts';
import { openMemoryStore } from '../cluster/store/local-store.ts';
import { objectOf } from '../cluster/store/stored-object.ts';
import { putManifests, readLabManifests } from './lab-manifests.ts';

const folder = mkdtempSync(join(tmpdir(), 'menwei-lab-manifests-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(text: string): string {
  const file = join(folder, 'objects.yaml');
  writeFileSync(file, text);
  return file;
}

const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, clusterIP: 10.96.0.7, clusterIPs: [10.96.0.7], selector: {app: web}, ports: [{port: 80}]}
status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}
`;

describe('manifests of a lab', () => {
  it('are put into the cluster, Namespaces first, status included', async () => {
    const file = write(`${SERVICE}---\n{apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n`);
    const store = openMemoryStore();
    const registry = new ObjectRegistry({
      ...{ store, hooks: {}, nowMs: Date.now, newUid: () => crypto.randomUUID(), random: Math.random },
    });
    const manifests = await readLabManifests(file);
    await putManifests(registry, manifests);
    const service = store.get('services', 'shop', 'web');
    expect(service && objectOf('services', service)).toMatchObject({
      spec: { selector: { app: 'web' } },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
    });
    const { revision } = store;
    await putManifests(registry, manifests);
    expect(store.revision).toBe(revision);
  });

  it('of a kind that two groups share are kept as those of one', async () => {
    const file = write(`apiVersion: menwei.dev/v1alpha1
kind: IPAddressPool
metadata: {name: lab, namespace: default}
spec: {addresses: [192.0.2.1]}
`);
    const [manifest] = await readLabManifests(file);
    expect(manifest?.resource.group).toBe('metallb.io');
    expect(manifest?.object.apiVersion).toBe('metallb.io/v1beta1');
  });

  it('are refused with a line for each mistake', async () => {
    const file = write(`${SERVICE.replace('selector', 'selektor')}---
apiVersion: apps/v1beta1
kind: Deployment
metadata: {name: x}
`);
    await expect(readLabManifests(file)).rejects.toThrow(
      `${file}:1: Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "spec.selektor"
menwei: ${file}:7: the cluster has no kind "Deployment" of "apps/v1beta1"`,
    );
    await expect(readLabManifests(write('kind: ['))).rejects.toThrow(`${file}:1: `);
    await expect(readLabManifests(join(folder, 'none'))).rejects.toThrow(/none: no such file or folder/);
  });

  it('that the cluster refuses are named, and the others are there', async () => {
    const file = write(`${SERVICE}---\n${SERVICE.replaceAll('shop', 'default').replace('web', 'ok')}`);
    const store = openMemoryStore();
    const registry = new ObjectRegistry({
      ...{ store, hooks: {}, nowMs: Date.now, newUid: () => crypto.randomUUID(), random: Math.random },
    });
    await putManifests(
      registry,
      await readLabManifests(write('{apiVersion: v1, kind: Namespace, metadata: {name: default}}')),
    );
    writeFileSync(file, `${SERVICE}---\n${SERVICE.replaceAll('shop', 'default').replace('web', 'ok')}`);
    await expect(putManifests(registry, await readLabManifests(file))).rejects.toThrow(
      `${file}:1: namespaces "shop" not found`,
    );
    expect(store.get('services', 'default', 'ok')).toBeDefined();
  });
});
