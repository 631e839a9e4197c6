/** `--dns`: the DNS server in the same process as the cluster: it reads the store. */
import { isLoopback, isWildcard } from '@menwei/addresses/ip.ts';
import type { Component, ComponentStates } from '../agent/component.ts';
import { DnsProcess } from '../dns/process/dns-process.ts';
import { openNameTables } from '../dns/process/dns-sources.ts';
import { formatProblem, type Problem } from '../kubernetes/objects.ts';
import type { Logger } from '../log/logger.ts';
import { createClusterSource } from '../sources/cluster.ts';
import { NAMES } from '../sources/following.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { kubeDnsAddress, kubeDnsComponent } from './kube-dns.ts';
import type { Registry } from './registry/registry.ts';
import type { Store } from './store/store.ts';

interface Surroundings {
  readonly store: Store;
  readonly registry: Registry;
  /** Names of components, once they are ready objects can be made. */
  readonly needs: readonly string[];
  readonly states: ComponentStates;
  readonly logger: Logger;
}

export async function clusterDns(
  {
    dns,
    serviceRanges,
    advertiseAddress,
  }: Pick<ClusterOptions, 'dns' | 'serviceRanges' | 'advertiseAddress'>,
  { store, registry, needs, states, logger }: Surroundings,
): Promise<readonly Component[]> {
  if (dns === undefined) return [];
  const report = (problem: Problem) => logger.warn({}, formatProblem(problem));
  const source = createClusterSource({ store, nodeName: '', following: NAMES, report });
  const [range] = serviceRanges;
  const options = { ...dns, ownAddresses: [kubeDnsAddress(range)] };
  const server = await DnsProcess.open({ options, tables: openNameTables(options), source, states, logger });
  const components = server.components();
  const [place] = dns.bind;
  const ip = place !== undefined && isWildcard(place.host) ? advertiseAddress : place?.host;
  if (place === undefined || ip === undefined || isLoopback(ip)) {
    logger.warn({}, 'pods can not reach the DNS server; --dns-bind may name an address that they reach');
    return components;
  }
  const kubeDns = kubeDnsComponent({ registry, range, server: { ip, port: place.port }, needs, logger });
  return [...components, kubeDns];
}
