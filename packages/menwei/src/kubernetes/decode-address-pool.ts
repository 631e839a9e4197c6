/**
 * Pools of addresses as people have them already: MetalLB's kind, which is also the native one, and Cilium's (load-balancer
 * § 4.2). A range that can't be read costs just itself; anything else that is wrong, and a field that is unknown, costs the
 * object, since what was meant to restrict a pool must not widen it by being misspelt.
 */
import type { V1ObjectMeta } from '@kubernetes/client-node';
import { parseAddressRange, rangeBetween } from './decode-address-range.ts';
import { openObject, readTags, readTimeMs, readUid } from './decode-metadata.ts';
import { type Decoded, isAbsent, isFields, type ObjectReader, type Unchecked } from './decode-reader.ts';
import { readSelector, readSelectors } from './decode-selector.ts';
import { show } from './decode-text.ts';
import type { AddressPool, AddressRange, ServiceAllocation } from './load-balancer-objects.ts';

/** What both kinds of objects that are set up for load balancing look like from outside. */
export interface ConfigurationObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: V1ObjectMeta;
  readonly spec?: object;
  readonly status?: object;
}

const CONFIGURATION_FIELDS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

/** The spec of such an object; a field that is not among the `known` ones, or is unknown beside the spec, rejects the object. */
export function readSpec<Spec>(
  reader: ObjectReader,
  raw: Unchecked<ConfigurationObject>,
  known: readonly string[],
): Unchecked<Spec> {
  reader.onlyFields('', raw, CONFIGURATION_FIELDS);
  const spec = reader.fields<Spec>('spec', raw.spec);
  reader.onlyFields('spec', spec, known);
  return spec;
}

interface PoolSpec {
  readonly addresses: readonly string[];
  readonly autoAssign: boolean;
  readonly allowExplicit: boolean;
  readonly avoidBuggyIPs: boolean;
  readonly serviceAllocation: object;
}

const POOL_FIELDS = ['addresses', 'autoAssign', 'allowExplicit', 'avoidBuggyIPs', 'serviceAllocation'];
const ALLOCATION_FIELDS = ['priority', 'namespaces', 'namespaceSelectors', 'serviceSelectors'];
const INT32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };

/** `IPAddressPool` of metallb.io/v1beta1 and menwei.dev/v1alpha1; `allowExplicit` is ours. */
export function decodeAddressPool(value: unknown): Decoded<AddressPool> {
  const { reader, raw, metadata } = openObject<ConfigurationObject>('IPAddressPool', value);
  const identity = readIdentity(reader, metadata);
  const spec = readSpec<PoolSpec>(reader, raw, POOL_FIELDS);
  if (isAbsent(spec.addresses)) reader.reject('spec.addresses', 'missing');
  const ranges = reader.list('spec.addresses', spec.addresses).flatMap((entry, index) => {
    return keepRange(reader, `spec.addresses[${index}]`, parseEntry(entry));
  });
  const autoAssign = reader.flag('spec.autoAssign', spec.autoAssign, true);
  const allowExplicit = reader.flag('spec.allowExplicit', spec.allowExplicit, true);
  const avoidBuggyIPs = reader.flag('spec.avoidBuggyIPs', spec.avoidBuggyIPs);
  const serviceAllocation = readAllocation(reader, spec.serviceAllocation);
  return reader.finish(() => ({
    kind: 'IPAddressPool',
    ...identity,
    ranges,
    autoAssign,
    allowExplicit,
    avoidBuggyIPs,
    avoidEnds: false,
    serviceAllocation,
  }));
}

interface CiliumPoolSpec {
  readonly serviceSelector: object;
  readonly allowFirstLastIPs: string;
  readonly blocks: readonly object[];
  readonly cidrs: readonly object[];
  readonly disabled: boolean;
}

const CILIUM_POOL_FIELDS = ['serviceSelector', 'allowFirstLastIPs', 'blocks', 'cidrs', 'disabled'];

/** `CiliumLoadBalancerIPPool` of cilium.io/v2alpha1, whose ranges were `cidrs` once, and cilium.io/v2. */
export function decodeCiliumPool(value: unknown): Decoded<AddressPool> {
  const { reader, raw, metadata } = openObject<ConfigurationObject>('CiliumLoadBalancerIPPool', value);
  const identity = readIdentity(reader, metadata);
  const spec = readSpec<CiliumPoolSpec>(reader, raw, CILIUM_POOL_FIELDS);
  const ranges = (['blocks', 'cidrs'] as const).flatMap((field) =>
    reader.list(`spec.${field}`, spec[field]).flatMap((entry, index) => {
      return keepRange(reader, `spec.${field}[${index}]`, parseBlock(entry));
    }),
  );
  const ends = reader.choice('spec.allowFirstLastIPs', spec.allowFirstLastIPs, ['Yes', 'No']);
  const isDisabled = reader.flag('spec.disabled', spec.disabled);
  const { serviceSelector } = spec;
  const serviceAllocation = isAbsent(serviceSelector)
    ? undefined
    : { ...ANY_SERVICE, serviceSelectors: [readSelector(reader, 'spec.serviceSelector', serviceSelector)] };
  return reader.finish(() => ({
    kind: 'CiliumLoadBalancerIPPool',
    ...identity,
    ranges,
    autoAssign: !isDisabled,
    // Nothing new comes from a pool that is disabled, whoever asks.
    allowExplicit: !isDisabled,
    avoidBuggyIPs: false,
    avoidEnds: ends === 'No',
    serviceAllocation,
  }));
}

const ANY_SERVICE: ServiceAllocation = {
  priority: 0,
  namespaces: [],
  namespaceSelectors: [],
  serviceSelectors: [],
};

function readIdentity(reader: ObjectReader, metadata: Unchecked<V1ObjectMeta>) {
  return {
    namespace: reader.ref.namespace,
    name: reader.ref.name,
    ...readUid(metadata),
    createdAtMs: readTimeMs(metadata.creationTimestamp),
    labels: readTags(reader, 'metadata.labels', metadata.labels),
  };
}

/** @param range a text says why it is none */
function keepRange(
  reader: ObjectReader,
  field: string,
  range: AddressRange | string,
): readonly AddressRange[] {
  if (typeof range !== 'string') return [range];
  reader.note(field, `${range}; none of its addresses is used`);
  return [];
}

function parseEntry(entry: unknown): AddressRange | string {
  return typeof entry === 'string' ? parseAddressRange(entry) : `${show(entry)} is not a string`;
}

interface CiliumBlock {
  readonly cidr: string;
  readonly start: string;
  readonly stop: string;
}

function parseBlock(entry: unknown): AddressRange | string {
  if (!isFields<CiliumBlock>(entry)) return `${show(entry)} is not an object`;
  const unknown = Object.keys(entry).find((name) => !['cidr', 'start', 'stop'].includes(name));
  if (unknown !== undefined) return `${show(unknown)} is not a field that is known`;
  const cidr: unknown = entry.cidr ?? '';
  const start: unknown = entry.start ?? '';
  const stop: unknown = entry.stop ?? '';
  if (typeof cidr !== 'string' || typeof start !== 'string' || typeof stop !== 'string') {
    return 'cidr, start and stop must be strings';
  }
  if (cidr === '')
    return rangeBetween(start, stop === '' ? start : stop, `${start}${stop === '' ? '' : `-${stop}`}`);
  if (start !== '' || stop !== '') return 'a block has either a cidr, or a start and a stop';
  return cidr.includes('/') ? parseAddressRange(cidr) : `${show(cidr)} is not a CIDR`;
}

function readAllocation(reader: ObjectReader, value: unknown): ServiceAllocation | undefined {
  if (isAbsent(value)) return undefined;
  const field = 'spec.serviceAllocation';
  const fields = reader.fields<ServiceAllocation>(field, value);
  reader.onlyFields(field, fields, ALLOCATION_FIELDS);
  const { priority } = fields;
  return {
    priority: isAbsent(priority) ? 0 : reader.integer(`${field}.priority`, priority, INT32.min, INT32.max),
    namespaces: reader.texts(`${field}.namespaces`, fields.namespaces),
    namespaceSelectors: readSelectors(reader, `${field}.namespaceSelectors`, fields.namespaceSelectors),
    serviceSelectors: readSelectors(reader, `${field}.serviceSelectors`, fields.serviceSelectors),
  };
}
