/** An API server over a store in memory, where everybody may do everything. */
import { randomUUID } from 'node:crypto';
import { type ApiServerOptions, startApiServer } from 'menwei/cluster/api/api-server.ts';
import { resourceOf } from 'menwei/cluster/kinds/resources.ts';
import { ObjectRegistry } from 'menwei/cluster/registry/object-registry.ts';
import type { Access } from 'menwei/cluster/security/access.ts';
import { openMemoryStore } from 'menwei/cluster/store/local-store.ts';
import type { Store } from 'menwei/cluster/store/store.ts';
import { silentLogger } from 'menwei/log/logger.ts';

export interface TestApi {
  readonly store: Store;
  readonly registry: ObjectRegistry;
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** With the namespace `default`, and nothing else but what the store has. */
export async function startTestApi(
  options: Partial<ApiServerOptions> & { readonly store?: Store } = {},
): Promise<TestApi> {
  const store = options.store ?? openMemoryStore();
  const registry = new ObjectRegistry({
    store,
    hooks: {},
    nowMs: Date.now,
    newUid: randomUUID,
    random: Math.random,
  });
  const listener = startApiServer({
    address: { host: '127.0.0.1', port: 0 },
    registry,
    access: OPEN,
    build: { major: '1', minor: '36', version: 'v1.36.2+menwei.0.1.0', platform: 'linux/amd64' },
    checks: [],
    serverAddress: () => '192.0.2.10:6443',
    logger: silentLogger,
    ...options,
    store,
  });
  const { port } = await listener.listening;
  if (store.get('namespaces', '', 'default') === undefined) {
    const metadata = { name: 'default' };
    await registry.create(resourceOf('', 'namespaces'), '', {
      kind: 'Namespace',
      apiVersion: 'v1',
      metadata,
    });
  }
  return { store, registry, port, url: `http://127.0.0.1:${port}`, close: () => listener.close() };
}

/** Everybody may do everything. */
export const OPEN: Access = {
  authenticate: () => ({ name: 'admin', uid: '', groups: ['system:masters'], extra: {} }),
  actFor: (sender) => sender,
  authorize: () => undefined,
  review: (_resource, _namespace, object) => object,
  issueToken: (_namespace, _name, request) => request,
};
