/** Services that nobody uses: once one is programmed, so is everything that was put in force together with it. */
import type { V1Service } from '@kubernetes/client-node';
import type { ServicePortKey } from 'menwei/state/service-port.ts';
import { FAMILIES } from './topology.ts';

const NAMESPACE = 'sentinels';

/** The only port of a sentinel; it exists in every family. */
export function sentinelKey(number: number): ServicePortKey {
  return `${NAMESPACE}/${nameOf(number)}/TCP`;
}

function nameOf(number: number): string {
  return `sentinel-${number}`;
}

export function describeSentinel(number: number): V1Service {
  const clusterIP = `172.30.${128 + (number >> 8)}.${number & 255}`;
  const clusterIP6 = `fd00:172:30::5:${number.toString(16)}`;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: NAMESPACE, name: nameOf(number) },
    spec: {
      type: 'ClusterIP',
      clusterIP,
      clusterIPs: [clusterIP, clusterIP6],
      ipFamilies: [...FAMILIES],
      ipFamilyPolicy: 'RequireDualStack',
      ports: [{ port: 1, protocol: 'TCP', targetPort: 1 }],
    },
  };
}
