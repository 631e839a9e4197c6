/** What golden rows are sent to: a cluster in this process, or, with MENWEI_GOLDEN_URL, one that runs elsewhere. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestApi } from '@menwei/testing/cluster/api-server.ts';
import { ServiceHook } from 'menwei/cluster/allocation/service-hook.ts';
import { clusterControllers } from 'menwei/cluster/controllers/cluster-controllers.ts';
import { clusterHooks } from 'menwei/cluster/registry/cluster-hooks.ts';
import { ObjectRegistry } from 'menwei/cluster/registry/object-registry.ts';
import { ClusterAccess } from 'menwei/cluster/security/cluster-access.ts';
import { parseTokens } from 'menwei/cluster/security/static-tokens.ts';
import { TokenKey } from 'menwei/cluster/security/web-token.ts';
import { openMemoryStore, type StoreOptions } from 'menwei/cluster/store/local-store.ts';
import type { Store } from 'menwei/cluster/store/store.ts';
import { silentLogger } from 'menwei/log/logger.ts';

/** Of a kube-apiserver with the ranges 10.96.0.0/16 and fd00:96::/112, and tokens as {@link TOKENS}. */
const ELSEWHERE = process.env.MENWEI_GOLDEN_URL;

export const ADMIN_TOKEN = 'admin-token';
const TOKENS = `${ADMIN_TOKEN},admin,1,"system:masters"\nreader-token,reader,2,""\n`;

export interface GoldenServer {
  readonly url: string;
  /** Undefined: it is not in this process. */
  readonly store: Store | undefined;
  close(): Promise<void>;
}

interface GoldenServerOptions extends StoreOptions {
  /** Milliseconds since the epoch; the real clock unless given. */
  readonly clock?: () => number;
  /** Without what a cluster has from the start. */
  readonly isEmpty?: boolean;
}

export async function openGoldenServer({
  clock = Date.now,
  isEmpty = false,
  ...options
}: GoldenServerOptions = {}): Promise<GoldenServer> {
  if (ELSEWHERE !== undefined) return { url: ELSEWHERE, store: undefined, close: async () => undefined };
  const store = openMemoryStore(options);
  const registry = openRegistry(store, clock);
  const parsed = parseTokens(TOKENS);
  if ('errors' in parsed) throw new Error(parsed.errors.join());
  const access = new ClusterAccess({
    tokenKey: new TokenKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
    objects: store,
    nowMs: clock,
    staticTokens: parsed.tokens,
  });
  if (!isEmpty) await runControllers(store, registry);
  return { ...(await startTestApi({ store, registry, access, now: clock })), store };
}

/** Those that make what a cluster has from the start: the rows were captured where no others ran. */
const CONTROLLERS: readonly string[] = [
  'namespace-contents',
  'service-cidr-controller',
  'kubernetes-service',
];

/** Until they have made it. */
async function runControllers(store: Store, registry: ObjectRegistry): Promise<void> {
  const stop = new AbortController();
  const components = clusterControllers({
    ...{ store, registry, logger: silentLogger },
    serviceClusterIpRanges: ['10.96.0.0/16', 'fd00:96::/112'],
    apiServer: { advertiseAddress: '192.0.2.10', port: 16_443 },
    caCertificate: 'CA',
  }).filter(({ name }) => CONTROLLERS.includes(name));
  const runs = components.map((component) => component.run(stop.signal, () => undefined));
  while (!MADE.every((key) => store.get(...key) !== undefined)) await sleep(5);
  stop.abort();
  await Promise.all(runs);
}

const MADE: readonly (readonly [resource: string, namespace: string, name: string])[] = [
  ['serviceaccounts', 'default', 'default'],
  ['endpoints', 'default', 'kubernetes'],
  ['endpointslices', 'default', 'kubernetes'],
  ['services', 'default', 'kubernetes'],
];

function openRegistry(store: Store, clock: () => number): ObjectRegistry {
  const services = new ServiceHook(store, {
    families: ['IPv4', 'IPv6'],
    nodePorts: { first: 30_000, last: 32_767 },
    // The lowest that is free: captured rows name addresses and ports from all over, which must not be taken by chance.
    random: () => 0,
    stamp: { nowMs: clock, newUid: randomUUID },
  });
  return new ObjectRegistry({
    store,
    hooks: clusterHooks(services),
    nowMs: clock,
    newUid: randomUUID,
    random: Math.random,
  });
}
