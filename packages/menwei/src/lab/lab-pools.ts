/** The objects by which the Services of a lab get addresses of the ranges in its file, and its nodes announce them. Pure. */
import type { LoadBalancerSpec } from '@menwei/lab/topology.ts';
import { readManifestObjects } from '../cluster/manifests/manifest-objects.ts';
import type { LabManifest } from './lab-manifests.ts';

const METADATA = { name: 'lab', namespace: 'kube-system' } as const;
const PLACE = 'loadBalancer';

/** None where the file names no range: whoever makes pools by hand advertises them by hand. */
export function poolManifests({ pools = [] }: LoadBalancerSpec): readonly LabManifest[] {
  if (pools.length === 0) return [];
  const common = { apiVersion: 'menwei.dev/v1alpha1', metadata: METADATA };
  const items = [
    { ...common, kind: 'IPAddressPool', spec: { addresses: pools } },
    { ...common, kind: 'L2Advertisement', spec: { ipAddressPools: [METADATA.name] } },
  ];
  const { objects, faults } = readManifestObjects(
    PLACE,
    JSON.stringify({ kind: 'List', apiVersion: 'v1', items }),
  );
  if (faults.length > 0) throw new Error(`BUG: ${faults.join('; ')}`);
  return objects;
}
