/** Core v1 Endpoints as EndpointSlices, as the mirroring controller of Kubernetes makes them. */
import type {
  CoreV1EndpointPort,
  V1EndpointAddress,
  V1EndpointSubset,
  V1Endpoints,
  V1ObjectMeta,
} from '@kubernetes/client-node';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { tagOf, unreadableTag } from '../../kubernetes/decode-metadata.ts';
import { isAbsent, isFields, type Unchecked } from '../../kubernetes/decode-reader.ts';
import { show } from '../../kubernetes/decode-text.ts';

/** A slice as raw JSON, still to be decoded. */
interface MirroredSlice {
  readonly value: unknown;
  /** The field of the Endpoints object that a field of the slice comes from. */
  sourceField(sliceField: string): string;
}

interface MirroredEndpoints {
  readonly slices: readonly MirroredSlice[];
  /** What keeps the object from being read at all. */
  readonly problem: { readonly field: string; readonly message: string } | undefined;
}

interface Address {
  readonly address: unknown;
  readonly ready: boolean;
  readonly field: string;
}

const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER = 'control-plane.alpha.kubernetes.io/leader';

/** One slice for each subset and family. Objects that say they are not to be mirrored give none. */
export function mirrorEndpoints(value: unknown): MirroredEndpoints {
  const endpoints: Unchecked<V1Endpoints> = isFields<V1Endpoints>(value) ? value : {};
  const metadata: Unchecked<V1ObjectMeta> = isFields<V1ObjectMeta>(endpoints.metadata)
    ? endpoints.metadata
    : {};
  if (!isAbsent(metadata.labels) && !isFields(metadata.labels)) {
    return refuse('metadata.labels', `${show(metadata.labels)} is not an object`);
  }
  const badSkip = unreadableTag(metadata.labels, SKIP_MIRROR);
  if (badSkip !== undefined) return refuse(`metadata.labels.${SKIP_MIRROR}`, badSkip);
  if (tagOf(metadata.labels, SKIP_MIRROR) === 'true' || tagOf(metadata.annotations, LEADER) !== '') {
    return { slices: [], problem: undefined };
  }
  const subsets: unknown = endpoints.subsets ?? [];
  if (!Array.isArray(subsets)) return refuse('subsets', `${show(subsets)} is not a list`);
  const slices: MirroredSlice[] = [];
  for (const [index, subset] of subsets.entries()) {
    const field = `subsets[${index}]`;
    if (!isFields<V1EndpointSubset>(subset)) return refuse(field, `${show(subset)} is not an object`);
    const { ports } = subset;
    if (!isAbsent(ports) && !Array.isArray(ports))
      return refuse(`${field}.ports`, `${show(ports)} is not a list`);
    for (const list of ['addresses', 'notReadyAddresses'] as const) {
      if (!isAbsent(subset[list]) && !Array.isArray(subset[list])) {
        return refuse(`${field}.${list}`, `${show(subset[list])} is not a list`);
      }
    }
    const addresses = [
      ...addressesOf(subset.addresses, true, `${field}.addresses`),
      ...addressesOf(subset.notReadyAddresses, false, `${field}.notReadyAddresses`),
    ];
    for (const family of ['IPv4', 'IPv6'] as const) {
      const own = addresses.filter(({ address }) => familyOfAddress(address) === family);
      if (own.length > 0) slices.push(mirrorSubset(metadata, index, ports, family, own));
    }
  }
  return { slices, problem: undefined };
}

function refuse(field: string, message: string): MirroredEndpoints {
  return { slices: [], problem: { field, message } };
}

function addressesOf(list: unknown, ready: boolean, field: string): readonly Address[] {
  if (!Array.isArray(list)) return [];
  return list.map((address: unknown, index) => ({ address, ready, field: `${field}[${index}]` }));
}

/** Anything that is no address at all is taken for IPv4, where the decoder will report it. */
function familyOfAddress(address: unknown): IpFamily {
  const ip = isFields<V1EndpointAddress>(address) ? address.ip : undefined;
  return typeof ip === 'string' && ip.includes(':') ? 'IPv6' : 'IPv4';
}

function mirrorSubset(
  metadata: Unchecked<V1ObjectMeta>,
  index: number,
  ports: unknown,
  family: IpFamily,
  addresses: readonly Address[],
): MirroredSlice {
  const { name } = metadata;
  const labels = isFields<Record<string, string>>(metadata.labels) ? metadata.labels : {};
  return {
    value: {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        ...metadata,
        // Not a name the controllers could choose for a slice of the same Service.
        name: typeof name === 'string' ? `${name}.subset-${index}.${family.toLowerCase()}` : name,
        labels: { ...labels, 'kubernetes.io/service-name': typeof name === 'string' ? name : '' },
      },
      addressType: family,
      ports: Array.isArray(ports) ? ports.map(mirrorPort) : [],
      endpoints: addresses.map(mirrorAddress),
    },
    sourceField: (field) => sourceField(field, index, addresses),
  };
}

function mirrorPort(port: unknown): unknown {
  if (!isFields<CoreV1EndpointPort>(port)) return port;
  return { name: port.name, port: port.port, protocol: port.protocol };
}

function mirrorAddress({ address, ready }: Address): unknown {
  if (!isFields<V1EndpointAddress>(address)) return address;
  return {
    addresses: [address.ip],
    conditions: { ready, serving: ready, terminating: false },
    nodeName: address.nodeName,
    hostname: address.hostname,
    targetRef: address.targetRef,
  };
}

function sourceField(field: string, subset: number, addresses: readonly Address[]): string {
  if (field.startsWith('ports')) return `subsets[${subset}].${field}`;
  const endpoint = /^endpoints\[(\d+)\](.*)$/.exec(field);
  if (endpoint === null) return field;
  const [, index, rest = ''] = endpoint;
  const place = addresses[Number(index)]?.field ?? `subsets[${subset}]`;
  return `${place}${rest.replace(/^\.addresses(\[0\])?/, '.ip')}`;
}
