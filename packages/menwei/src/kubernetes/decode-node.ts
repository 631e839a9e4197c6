import type {
  V1Node,
  V1NodeAddress,
  V1NodeCondition,
  V1NodeSpec,
  V1NodeStatus,
  V1Taint,
} from '@kubernetes/client-node';
import { parseCidr } from '@menwei/addresses/ip.ts';
import { canonicalIp } from './decode-address.ts';
import { openObject, readTags, tagOf, unreadableTag } from './decode-metadata.ts';
import { type Decoded, isAbsent, isFields, type ObjectReader, type Unchecked } from './decode-reader.ts';
import { intern, show } from './decode-text.ts';
import type { Node } from './objects.ts';

const ZONE = 'topology.kubernetes.io/zone';

/** A core/v1 Node (spec § 1.1). */
export function decodeNode(value: unknown): Decoded<Node> {
  const { reader, raw, metadata } = openObject<V1Node>('Node', value);
  const spec = reader.fields<V1NodeSpec>('spec', raw.spec);
  const status = reader.fields<V1NodeStatus>('status', raw.status);
  const podCIDRs = readPodCIDRs(reader, spec);
  const { internalIPs, externalIPs } = readAddresses(reader, status.addresses);
  const conditions = readConditions(reader, status.conditions);
  const taintKeys = readTaintKeys(reader, spec.taints);
  const badZone = unreadableTag(metadata.labels, ZONE);
  if (badZone !== undefined) reader.ignore(`metadata.labels.${ZONE}`, badZone);
  const labels = readTags(reader, 'metadata.labels', metadata.labels);
  return reader.finish(() => ({
    kind: 'Node',
    namespace: '',
    name: reader.ref.name,
    zone: intern(tagOf(metadata.labels, ZONE)),
    podCIDRs,
    addresses: [...internalIPs, ...externalIPs],
    deleting: !isAbsent(metadata.deletionTimestamp),
    taintKeys,
    labels,
    internalIPs,
    externalIPs,
    isReady: (conditions.get('Ready') ?? 'True') === 'True',
    isNetworkUnavailable: conditions.get('NetworkUnavailable') === 'True',
  }));
}

function readPodCIDRs(reader: ObjectReader, spec: Unchecked<V1NodeSpec>): readonly string[] {
  const cidrs: string[] = [];
  const add = (text: string, field: string) => {
    const cidr = parseCidr(text);
    if (cidr !== undefined) cidrs.push(cidr.text);
    else reader.ignore(field, `${show(text)} is not a CIDR`);
  };
  if (reader.list('spec.podCIDRs', spec.podCIDRs).length > 0) {
    reader.eachText('spec.podCIDRs', spec.podCIDRs, add);
  } else {
    // The one field of the time before dual stack; the API server keeps both equal, an author may give just this.
    const single = reader.text('spec.podCIDR', spec.podCIDR);
    if (single !== '') add(single, 'spec.podCIDR');
  }
  return cidrs;
}

function readAddresses(reader: ObjectReader, value: unknown): Pick<Node, 'internalIPs' | 'externalIPs'> {
  const internalIPs: string[] = [];
  const externalIPs: string[] = [];
  reader.list('status.addresses', value).forEach((entry, index) => {
    const field = `status.addresses[${index}]`;
    if (!isFields<V1NodeAddress>(entry)) {
      reader.ignore(field, `${show(entry)} is not an object`);
      return;
    }
    if (entry.type !== 'InternalIP' && entry.type !== 'ExternalIP') return;
    const ip = typeof entry.address === 'string' ? canonicalIp(entry.address) : undefined;
    if (ip === undefined) reader.ignore(`${field}.address`, `${show(entry.address)} is not an IP address`);
    else (entry.type === 'InternalIP' ? internalIPs : externalIPs).push(ip);
  });
  return { internalIPs, externalIPs };
}

/** The status of each condition by its type. When it was last looked at is left out: kubelets write that all the time. */
function readConditions(reader: ObjectReader, value: unknown): ReadonlyMap<unknown, unknown> {
  const conditions = new Map<unknown, unknown>();
  if (!isAbsent(value) && !Array.isArray(value)) {
    reader.ignore('status.conditions', `${show(value)} is not a list`);
  }
  for (const entry of Array.isArray(value) ? value : []) {
    if (isFields<V1NodeCondition>(entry)) conditions.set(entry.type, entry.status);
  }
  return conditions;
}

function readTaintKeys(reader: ObjectReader, value: unknown): readonly string[] {
  return reader.list('spec.taints', value).flatMap((entry, index) => {
    const key = isFields<V1Taint>(entry) ? entry.key : undefined;
    if (typeof key === 'string') return [intern(key)];
    reader.ignore(`spec.taints[${index}].key`, isAbsent(key) ? 'missing' : `${show(key)} is not a string`);
    return [];
  });
}
