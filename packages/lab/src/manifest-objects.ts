/** Kubernetes objects of a lab's Services, as the demos write them into manifest files. */

import { familyOf } from '@menwei/addresses/ip.ts';
import { stringify } from 'yaml';
import type { NodeSpec } from './topology.ts';

export interface ManifestPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
}

interface ManifestMetadata {
  readonly namespace: string;
  readonly name: string;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** One file of several documents. */
export function documents(objects: readonly object[]): string {
  return objects.map((object) => stringify(object)).join('---\n');
}

export function nodeObject(node: NodeSpec): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: node.name, labels: { 'kubernetes.io/hostname': node.name } },
    spec: { podCIDR: node.podCIDR, podCIDRs: [node.podCIDR] },
    status: {
      addresses: [
        { type: 'InternalIP', address: node.ip },
        { type: 'Hostname', address: node.name },
      ],
    },
  };
}

export function serviceObject(
  metadata: ManifestMetadata,
  spec: object,
  ingress: readonly string[] = [],
): object {
  const status = { loadBalancer: { ingress: ingress.map((ip) => ({ ip })) } };
  return { apiVersion: 'v1', kind: 'Service', metadata, spec, ...(ingress.length === 0 ? {} : { status }) };
}

/** The part of a Service's specification that says its one address. */
export function clusterIp(ip: string): object {
  return { type: 'ClusterIP', clusterIP: ip, clusterIPs: [ip], ipFamilies: [familyOf(ip)] };
}

/** A slice named like its Service. */
export function sliceObject(
  { namespace, name }: ManifestMetadata,
  ports: readonly ManifestPort[],
  endpoints: readonly object[],
): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports,
    endpoints,
  };
}

export function endpoint(address: string, nodeName: string, isReady = true): object {
  return {
    addresses: [address],
    conditions: { ready: isReady, serving: isReady, terminating: false },
    nodeName,
  };
}
