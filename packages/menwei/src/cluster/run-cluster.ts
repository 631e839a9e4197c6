/** `menwei cluster up`: the parts of a cluster, put together and supervised until a signal ends them. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Component, ComponentStates } from '../agent/component.ts';
import { supervise } from '../agent/supervisor.ts';
import { formatErrorChain } from '../log/error-text.ts';
import type { Logger } from '../log/logger.ts';
import { untilAborted } from '../scheduling/pause.ts';
import { UserError } from '../setup/failure.ts';
import { requireManifestsOrFail } from '../setup/manifests-input.ts';
import { openAccessFiles } from './access-files.ts';
import type { Stamp } from './allocation/ip-address.ts';
import { ServiceHook } from './allocation/service-hook.ts';
import { allocationRepair } from './allocation-repair.ts';
import { apiComponent } from './api-component.ts';
import { serverUrl, withPort } from './cluster-addresses.ts';
import type { ClusterOptions } from './cluster-options.ts';
import type { ClusterProxy } from './cluster-proxy.ts';
import { clusterControllers } from './controllers/cluster-controllers.ts';
import type { ControllerQueues } from './controllers/controller.ts';
import { RegistryEventRecorder } from './controllers/event-recorder.ts';
import { explained } from './explained.ts';
import { KUBE_DNS } from './kube-dns.ts';
import { kubeconfigPath, writeKubeconfigs } from './kubeconfigs.ts';
import { manifestsComponent } from './manifests/manifests-component.ts';
import { ownNodeComponent, registerNode } from './own-node.ts';
import { clusterHooks } from './registry/cluster-hooks.ts';
import { ObjectRegistry } from './registry/object-registry.ts';
import type { Registry } from './registry/registry.ts';
import { type AuditLog, openAuditLog } from './security/audit-log.ts';
import { ClusterAccess } from './security/cluster-access.ts';
import { changing, FileError } from './security/file-error.ts';
import { ensureTokenKey, PKI_FOLDER } from './security/pki.ts';
import { makePrivateFolder } from './security/private-file.ts';
import { type ServingTls, tlsLoader } from './serving-tls.ts';
import { startObjects } from './start-objects.ts';
import { openFileStore } from './store/file-store.ts';
import { lockFolder } from './store/folder-lock.ts';
import { openMemoryStore } from './store/local-store.ts';
import type { Store } from './store/store.ts';

interface Surroundings {
  readonly logger: Logger;
  /** Where it is said that the cluster is ready. */
  readonly print: (line: string) => void;
  /**
   * What else runs on the cluster, and must be there before it is ready: the nodes of a lab.
   *
   * @param needs names of components, once they are ready objects can be made
   */
  readonly residents?: (store: Store, registry: Registry, needs: readonly string[]) => readonly Component[];
}

/**
 * Runs until the signal fires.
 *
 * @throws UserError when it can't begin, or can't go on
 */
export async function runCluster(
  given: ClusterOptions,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  await explained(async () => {
    const options = { ...given, listen: await withPort(given.listen) };
    if (options.manifests !== undefined) await requireManifestsOrFail([options.manifests]);
    await requireManifestsOrFail(options.loadBalancer?.configuration ?? []);
    const proxy = await openOwnProxy(options, surroundings.logger, signal);
    try {
      await runWithStore(options, proxy, surroundings, signal);
    } finally {
      proxy?.close();
    }
  });
}

/** What it takes is loaded by who wants one. */
async function openOwnProxy(
  { proxy, dataFolder }: ClusterOptions,
  logger: Logger,
  signal: AbortSignal,
): Promise<ClusterProxy | undefined> {
  if (proxy === undefined) return undefined;
  const { prepareProxy } = await import('./cluster-proxy.ts');
  return await prepareProxy(proxy, kubeconfigPath(dataFolder, 'proxy'), logger, signal);
}

async function runWithStore(
  options: ClusterOptions,
  proxy: ClusterProxy | undefined,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  const { dataFolder: folder, storeSync: sync } = options;
  const { logger } = surroundings;
  const isInMemory = options.store === 'memory';
  // Keys and kubeconfigs are in it all the same.
  if (isInMemory) await changing(folder, () => makePrivateFolder(folder));
  using _lock = isInMemory ? lockFolder(folder) : undefined;
  const store = isInMemory ? openMemoryStore() : await openFileStore({ folder, sync, logger });
  try {
    const auditLog =
      options.auditLog === undefined ? undefined : await openAuditLog({ path: options.auditLog, logger });
    try {
      await superviseAll({ options, store, proxy, auditLog, ...surroundings }, signal);
    } finally {
      await auditLog?.close();
    }
  } finally {
    await store.close();
  }
}

interface Parts extends Surroundings {
  readonly options: ClusterOptions;
  readonly store: Store;
  readonly proxy: ClusterProxy | undefined;
  readonly auditLog: AuditLog | undefined;
}

async function superviseAll(parts: Parts, signal: AbortSignal): Promise<void> {
  const { options, store, proxy, auditLog, logger } = parts;
  const registry = openRegistry(options, store);
  const loadTls = tlsLoader(options);
  const tls = await loadTls();
  const access = new ClusterAccess({
    tokenKey: await ensureTokenKey(join(options.dataFolder, PKI_FOLDER)),
    objects: store,
    nowMs: Date.now,
    isUnsecured: tls === undefined,
  });
  const accessFiles = await openAccessFiles(options.dataFolder, access, logger);
  const ownNode = proxy && {
    registry,
    name: proxy.settings.nodeName,
    listenIp: options.listen.ip,
    nowMs: Date.now,
    logger,
  };
  const isRegistered = ownNode !== undefined && (await registerNode(ownNode));
  const queues: ControllerQueues = new Map();
  const controllers = controllerComponents(parts, registry, tls, queues);
  const needs = controllers.map(({ name }) => name);
  const opened = await proxy?.open(store);
  const states = opened?.states ?? new ComponentStates();
  const api = apiComponent({
    ...{ options, store, registry, access, auditLog, logger, queues, states, needed: needs, tls, loadTls },
    onServing: (inUse) => writeOwnKubeconfigs(options, inUse),
  });
  const ofDns = await dnsOf(parts, registry, states, api, needs);
  // Its address is taken before somebody else asks for it.
  const basis = [...needs, ...ofDns.map(({ name }) => name).filter((name) => name === KUBE_DNS)];
  const residents = parts.residents?.(store, registry, basis) ?? [];
  const manifests = manifestComponents(parts, registry, basis);
  const own = [accessFiles, ...controllers, api, ...ofDns, ...manifests, ...residents];
  const ofProxy = opened?.components.map((component) => after(api, component)) ?? [];
  const ofLoadBalancer = await loadBalancerOf(parts, states, api);
  const ofNode = ownNode === undefined ? [] : [ownNodeComponent(ownNode, isRegistered)];
  const components = [...own, readyComponent(parts, own), ...ofLoadBalancer, ...ofNode, ...ofProxy];
  try {
    await supervise(components, { states, logger }, signal);
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new UserError(formatErrorChain(error));
  }
}

/** None unless it is asked for; what it takes is loaded by who wants one. */
async function loadBalancerOf(
  { options, store, logger }: Parts,
  states: ComponentStates,
  api: Component,
): Promise<readonly Component[]> {
  const { loadBalancer, dataFolder } = options;
  if (loadBalancer === undefined) return [];
  const { clusterLoadBalancer } = await import('./cluster-load-balancer.ts');
  const kubeconfig = kubeconfigPath(dataFolder, 'load-balancer');
  const components = clusterLoadBalancer(loadBalancer, { store, kubeconfig, states, logger });
  return components.map((component) => after(api, component));
}

/** None unless it is asked for; what it takes is loaded by who wants one. */
async function dnsOf(
  { options, store, logger }: Parts,
  registry: Registry,
  states: ComponentStates,
  api: Component,
  needs: readonly string[],
): Promise<readonly Component[]> {
  if (options.dns === undefined) return [];
  const { clusterDns } = await import('./cluster-dns.ts');
  const components = await clusterDns(options, { store, registry, needs, states, logger });
  return components.map((component) => after(api, component));
}

/** A cluster that can't serve, as where its port is another one's, leaves the rules of the machine alone. */
function after({ name }: Component, component: Component): Component {
  return { ...component, needs: [...(component.needs ?? []), name] };
}

const STAMP: Stamp = { nowMs: Date.now, newUid: () => randomUUID() };

function openRegistry({ serviceRanges, nodePorts }: ClusterOptions, store: Store): ObjectRegistry {
  const [first, ...others] = serviceRanges;
  const services = new ServiceHook(store, {
    families: [first.family, ...others.map(({ family }) => family)],
    nodePorts,
    random: Math.random,
    stamp: STAMP,
  });
  return new ObjectRegistry({
    store,
    hooks: clusterHooks(services),
    ...STAMP,
    random: Math.random,
  });
}

function controllerComponents(
  { options, store, logger }: Parts,
  registry: ObjectRegistry,
  tls: ServingTls | undefined,
  queues: ControllerQueues,
): readonly Component[] {
  const { advertiseAddress, listen, serviceRanges, maxEndpointsPerSlice, legacyEndpoints } = options;
  const controllers = clusterControllers({
    ...{ store, registry, logger, queues, maxEndpointsPerSlice, legacyEndpoints },
    serviceClusterIpRanges: serviceRanges.map(({ text }) => text),
    apiServer: { advertiseAddress, port: listen.port },
    caCertificate: tls?.trusted ?? '',
  });
  const events = new RegistryEventRecorder({ store, registry, logger, now: Date.now });
  const start = startObjects(
    store,
    controllers.map(({ name }) => name),
  );
  const { nodePorts } = options;
  const needs = [start.name];
  return [...controllers, start, allocationRepair({ store, events, nodePorts, stamp: STAMP, logger, needs })];
}

/** None unless a folder of manifests is given. */
function manifestComponents(
  { options: { manifests: folder }, store, logger }: Parts,
  registry: Registry,
  needs: readonly string[],
): readonly Component[] {
  return folder === undefined ? [] : [manifestsComponent({ folder, store, registry, logger, needs })];
}

async function writeOwnKubeconfigs(
  { listen, dataFolder, kubeconfig }: ClusterOptions,
  tls: ServingTls | undefined,
): Promise<void> {
  await writeKubeconfigs(dataFolder, kubeconfig, serverUrl(listen, tls !== undefined), tls);
}

/** Says once that all is there. */
function readyComponent({ options, print }: Parts, needed: readonly Component[]): Component {
  let isTold = false;
  return {
    name: 'ready',
    needs: needed.map(({ name }) => name),
    onFailure: 'restart',
    run: async (signal, ready) => {
      if (!isTold) print(`ready; kubeconfig: ${describeKubeconfig(options)}`);
      isTold = true;
      ready();
      await untilAborted(signal);
    },
  };
}

function describeKubeconfig({ kubeconfig, dataFolder }: ClusterOptions): string {
  return kubeconfig === undefined ? kubeconfigPath(dataFolder, 'admin') : `${kubeconfig} (context menwei)`;
}
