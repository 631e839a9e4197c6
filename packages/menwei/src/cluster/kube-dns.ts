/** The Service `kube-dns`, at the address that kubelets tell pods: it leads to the DNS server of the cluster's own process. */
import { type Cidr, cidrRange, familyOf, type HostPort, ipFromNumber } from '@menwei/addresses/ip.ts';
import type { Component } from '../agent/component.ts';
import type { Logger } from '../log/logger.ts';
import { pause, untilAborted } from '../scheduling/pause.ts';
import { SERVICE_NAME_LABEL } from './controllers/endpoints/names.ts';
import { TypedRegistry } from './controllers/typed-registry.ts';
import type { StoredKinds } from './kinds/stored-kinds.ts';
import type { Registry } from './registry/registry.ts';
import { StatusError } from './schema/status-error.ts';

/** Name of the component, and of the Service. */
export const KUBE_DNS = 'kube-dns';
const NAME = KUBE_DNS;
const NAMESPACE = 'kube-system';
const SLICE = `${NAME}-menwei`;
/** As kubeadm and others have it: the tenth address of the range. */
const PLACE = 10n;
const RETRY_MS = 5_000;

interface KubeDnsOptions {
  readonly registry: Registry;
  readonly range: Cidr;
  /** Where the server listens, as others reach it. */
  readonly server: HostPort;
  readonly needs: readonly string[];
  readonly logger: Logger;
}

export function kubeDnsAddress(range: Cidr): string {
  return ipFromNumber(cidrRange(range).first + PLACE, range.family);
}

/** Makes Service and slice where there are none. A Service with a selector is somebody's who runs a server of their own. */
export function kubeDnsComponent(options: KubeDnsOptions): Component {
  const { needs } = options;
  return {
    name: KUBE_DNS,
    needs,
    onFailure: 'restart',
    run: async (signal, ready) => {
      while (!(await tryPut(options))) {
        // The cluster is none the worse for it.
        ready();
        await pause(RETRY_MS, signal);
        if (signal.aborted) return;
      }
      ready();
      await untilAborted(signal);
    },
  };
}

async function tryPut(options: KubeDnsOptions): Promise<boolean> {
  try {
    await put(options);
    return true;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    options.logger.error({ err: error }, "the Service kube-system/kube-dns can't be written; retrying");
    return false;
  }
}

async function put({ registry, range, server, logger }: KubeDnsOptions): Promise<void> {
  const objects = new TypedRegistry(registry);
  await unlessThere(() => objects.create('services', kubeDnsService(range)));
  const slice = kubeDnsSlice(server);
  const isNew = await unlessThere(() => objects.create('endpointslices', slice));
  if (!isNew)
    await objects.change('endpointslices', NAMESPACE, SLICE, (current) => ({
      ...current,
      ...slice,
      metadata: current.metadata,
    }));
  logger.info(
    { clusterIP: kubeDnsAddress(range) },
    'the Service kube-system/kube-dns leads to the DNS server',
  );
}

/** Whether it was made. */
async function unlessThere(create: () => Promise<unknown>): Promise<boolean> {
  try {
    await create();
    return true;
  } catch (error) {
    if (error instanceof StatusError && error.refusal.reason === 'AlreadyExists') return false;
    throw error;
  }
}

function kubeDnsService(range: Cidr): StoredKinds['services'] {
  return {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: {
      name: NAME,
      namespace: NAMESPACE,
      labels: { 'k8s-app': NAME, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
    },
    spec: {
      type: 'ClusterIP',
      clusterIP: kubeDnsAddress(range),
      ipFamilies: [range.family],
      ipFamilyPolicy: 'SingleStack',
      ports: [
        { name: 'dns', protocol: 'UDP', port: 53 },
        { name: 'dns-tcp', protocol: 'TCP', port: 53 },
      ],
    },
  };
}

function kubeDnsSlice({ ip, port }: HostPort): StoredKinds['endpointslices'] {
  return {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: { name: SLICE, namespace: NAMESPACE, labels: { [SERVICE_NAME_LABEL]: NAME } },
    addressType: familyOf(ip),
    endpoints: [{ addresses: [ip], conditions: { ready: true } }],
    ports: [
      { name: 'dns', protocol: 'UDP', port },
      { name: 'dns-tcp', protocol: 'TCP', port },
    ],
  };
}
