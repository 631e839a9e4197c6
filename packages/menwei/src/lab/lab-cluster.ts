/** The cluster of a lab: API server, store and controllers, in the process that holds the lab. */
import { cpus, release, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseKnownCidr } from '@menwei/addresses/ip.ts';
import type { Lab } from '@menwei/lab/lab.ts';
import { type LabSpec, SERVICE_RANGES, wireGateway } from '@menwei/lab/topology.ts';
import type { Component } from '../agent/component.ts';
import { parseServiceRanges } from '../cluster/cluster-addresses.ts';
import type { ClusterOptions } from '../cluster/cluster-options.ts';
import { kubeDnsAddress } from '../cluster/kube-dns.ts';
import type { Registry } from '../cluster/registry/registry.ts';
import { runCluster } from '../cluster/run-cluster.ts';
import type { Store, StoreView } from '../cluster/store/store.ts';
import { parseDnsFlags } from '../dns/process/dns-options.ts';
import { L2_CLASS } from '../loadbalancer/claim.ts';
import { createLogger } from '../log/pino-logger.ts';
import { readNodePortRangeOrFail } from '../setup/manifests-input.ts';
import { ARCHITECTURE, VERSION } from '../setup/version.ts';
import { unsettledServices } from './endpoints-settled.ts';
import { clusterFolder } from './lab-kubeconfig.ts';
import { LabKubelet } from './lab-kubelet.ts';
import { type LabManifest, putManifests } from './lab-manifests.ts';
import type { Machine } from './lab-objects.ts';
import { poolManifests } from './lab-pools.ts';

const API_PORT = 6443;
const LB_PORT = 10264;
const SETTLED_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 10;

interface LabClusterOptions {
  readonly spec: LabSpec;
  readonly lab: Lab;
  /** For keys and kubeconfigs. */
  readonly folder: string;
  /** What else is in it from the start. */
  readonly manifests: readonly LabManifest[];
}

export interface LabCluster {
  readonly kubelet: LabKubelet;
  readonly store: StoreView;
  /** Resolves, or rejects with UserError, when the cluster has ended. */
  readonly ended: Promise<void>;
}

/**
 * Resolves when all objects of the lab and of the manifests are there, and controllers have made the rest. The cluster runs until
 * the signal fires. The process must be in the network namespace of the lab's wire.
 *
 * @throws UserError when it can't begin
 */
export async function startLabCluster(options: LabClusterOptions, signal: AbortSignal): Promise<LabCluster> {
  const ready = Promise.withResolvers<void>();
  const joined = Promise.withResolvers<{ readonly store: Store; readonly kubelet: LabKubelet }>();
  const ended = runCluster(
    clusterOptions(options),
    {
      logger: createLogger({ format: 'text', verbosity: 0 }),
      print: () => ready.resolve(),
      residents: (store, registry, needs) => {
        const removePod = (name: string) => options.lab.removePod(name);
        const kubelet = new LabKubelet({
          store,
          registry,
          machine: thisMachine(),
          nowMs: Date.now,
          removePod,
        });
        joined.resolve({ store, kubelet });
        return [labComponent(kubelet, needs, () => putLab(registry, kubelet, options))];
      },
    },
    signal,
  );
  await Promise.race([ready.promise, ended]);
  const { store, kubelet } = await joined.promise;
  await untilSettled(store);
  return { kubelet, store, ended };
}

function clusterOptions({ spec, folder }: LabClusterOptions): ClusterOptions {
  const { loadBalancer, nodes } = spec;
  const [node] = nodes;
  if (node === undefined) throw new Error('BUG: a lab without a node was not refused');
  const text = node.ip6 === undefined ? SERVICE_RANGES.IPv4 : Object.values(SERVICE_RANGES).join();
  const serviceRanges = parseServiceRanges(text);
  if (serviceRanges === undefined) throw new Error(`BUG: ${text} are no ranges for Services`);
  const address = wireGateway(node.ip);
  return {
    dataFolder: clusterFolder(folder),
    listen: { ip: address, port: API_PORT },
    advertiseAddress: address,
    serviceRanges,
    nodePorts: readNodePortRangeOrFail(undefined),
    kubeconfig: undefined,
    store: 'memory',
    storeSync: 'normal',
    manifests: undefined,
    proxy: undefined,
    tls: { certFile: undefined, keyFile: undefined, clientCaFile: undefined, names: [] },
    auditLog: undefined,
    // Nobody else is there for Services without a class.
    loadBalancer: loadBalancer && {
      configuration: [],
      classlessAs: L2_CLASS,
      bindAddress: { ip: '127.0.0.1', port: LB_PORT },
    },
    dns: labDns(address),
    maxEndpointsPerSlice: 100,
    legacyEndpoints: true,
    verbosity: 0,
  };
}

/** On the wire; what is outside of the lab can't be reached from there. */
function labDns(address: string): ClusterOptions['dns'] {
  const parsed = parseDnsFlags(
    { v: '0', dnsBind: [address], dnsForward: ['none'], bindAddress: [] },
    undefined,
  );
  if ('errors' in parsed) throw new Error(`BUG: ${parsed.errors.join('; ')}`);
  return parsed.options;
}

/** What the resolv.conf of a pod says, as a kubelet writes it. @param hasProxy a proxy leads to the ClusterIP of kube-dns */
export function podResolvConf({ nodes }: LabSpec, namespace: string, hasProxy: boolean): string {
  const [node] = nodes;
  if (node === undefined) throw new Error('BUG: a lab without a node was not refused');
  const server = hasProxy ? kubeDnsAddress(parseKnownCidr(SERVICE_RANGES.IPv4)) : wireGateway(node.ip);
  const search = `${namespace}.svc.cluster.local svc.cluster.local cluster.local`;
  return `nameserver ${server}\nsearch ${search}\noptions ndots:5\n`;
}

/** Pods first, so that a Service finds them. */
async function putLab(
  registry: Registry,
  kubelet: LabKubelet,
  { spec, manifests }: LabClusterOptions,
): Promise<void> {
  await kubelet.register(spec.nodes, spec.pods ?? []);
  const pools = spec.loadBalancer === undefined ? [] : poolManifests(spec.loadBalancer);
  await putManifests(registry, [...pools, ...manifests]);
}

/** Started anew with a controller, it finds its objects there, and what users have made of them. */
function labComponent(kubelet: LabKubelet, needs: readonly string[], put: () => Promise<void>): Component {
  let isPut = false;
  return {
    name: 'lab',
    needs,
    onFailure: 'end the process',
    run: async (signal, ready) => {
      if (!isPut) await put();
      isPut = true;
      ready();
      await kubelet.run(signal);
    },
  };
}

function thisMachine(): Machine {
  return {
    cpus: cpus().length,
    memoryBytes: totalmem(),
    kernelVersion: release(),
    architecture: ARCHITECTURE,
    version: VERSION,
  };
}

/** What a controller can't settle is for `kubectl describe` to tell: the lab is as far as it gets. */
async function untilSettled(store: Store): Promise<void> {
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  while (unsettledServices(store).length > 0 && performance.now() < deadline) await sleep(LOOK_EVERY_MS);
}
