/**
 * Who announces which addresses on the segment, as people have it already (load-balancer § 4.2): MetalLB's kind, which is also the
 * native one, and Cilium's. What can't be read announces less, never more.
 */
import { type ConfigurationObject, readSpec } from './decode-address-pool.ts';
import { openObject, readUid } from './decode-metadata.ts';
import { type Decoded, isAbsent, type ObjectReader } from './decode-reader.ts';
import { readSelector, readSelectors } from './decode-selector.ts';
import { show } from './decode-text.ts';
import type { L2Advertisement, LabelSelector } from './load-balancer-objects.ts';

interface AdvertisementSpec {
  readonly ipAddressPools: readonly string[];
  readonly ipAddressPoolSelectors: readonly object[];
  readonly nodeSelectors: readonly object[];
  readonly serviceSelectors: readonly object[];
  readonly interfaces: readonly string[] | string;
}

const ADVERTISEMENT_FIELDS = [
  'ipAddressPools',
  'ipAddressPoolSelectors',
  'nodeSelectors',
  'serviceSelectors',
  'interfaces',
];
/** Instead of names: every usable interface, as MetalLB does where none is named. */
const ALL_INTERFACES = 'all';
/** As the kernel takes them (dev_valid_name, IFNAMSIZ). */
const INTERFACE_NAME = /^(?!\.{1,2}$)[^\s/:]{1,15}$/u;

/** `L2Advertisement` of metallb.io/v1beta1 and menwei.dev/v1alpha1; `interfaces: [all]` is ours. */
export function decodeL2Advertisement(value: unknown): Decoded<L2Advertisement> {
  const { reader, raw, metadata } = openObject<ConfigurationObject>('L2Advertisement', value);
  const spec = readSpec<AdvertisementSpec>(reader, raw, ADVERTISEMENT_FIELDS);
  const pools = reader.texts('spec.ipAddressPools', spec.ipAddressPools);
  const selectorsOf = (field: keyof AdvertisementSpec) => readSelectors(reader, `spec.${field}`, spec[field]);
  const poolSelectors = selectorsOf('ipAddressPoolSelectors');
  const nodeSelectors = selectorsOf('nodeSelectors');
  const serviceSelectors = selectorsOf('serviceSelectors');
  const interfaces = readInterfaces(reader, spec.interfaces);
  return reader.finish(() => ({
    kind: 'L2Advertisement',
    namespace: reader.ref.namespace,
    name: reader.ref.name,
    ...readUid(metadata),
    pools,
    poolSelectors,
    serviceSelectors,
    nodeSelectors,
    interfaces,
    externalIPs: false,
    loadBalancerIPs: true,
  }));
}

function readInterfaces(reader: ObjectReader, value: unknown): L2Advertisement['interfaces'] {
  const field = 'spec.interfaces';
  const given = value === ALL_INTERFACES ? [ALL_INTERFACES] : reader.texts(field, value);
  if (given.length === 0) return { by: 'on-link' };
  if (given.includes(ALL_INTERFACES)) return { by: 'all' };
  const names = given.filter((name, index) => {
    const isName = INTERFACE_NAME.test(name);
    if (!isName) reader.ignore(`${field}[${index}]`, `${show(name)} is not the name of an interface`);
    return isName;
  });
  return { by: 'name', names };
}

interface CiliumPolicySpec {
  readonly nodeSelector: object;
  readonly serviceSelector: object;
  readonly loadBalancerIPs: boolean;
  readonly externalIPs: boolean;
  readonly interfaces: readonly string[];
}

const POLICY_FIELDS = ['nodeSelector', 'serviceSelector', 'loadBalancerIPs', 'externalIPs', 'interfaces'];

/** `CiliumL2AnnouncementPolicy` of cilium.io/v2alpha1: for the addresses of all pools. */
export function decodeCiliumPolicy(value: unknown): Decoded<L2Advertisement> {
  const { reader, raw, metadata } = openObject<ConfigurationObject>('CiliumL2AnnouncementPolicy', value);
  const spec = readSpec<CiliumPolicySpec>(reader, raw, POLICY_FIELDS);
  const serviceSelectors = readOptional(reader, 'spec.serviceSelector', spec.serviceSelector);
  const nodeSelectors = readOptional(reader, 'spec.nodeSelector', spec.nodeSelector);
  const interfaces = readPatterns(reader, spec.interfaces);
  const externalIPs = reader.flag('spec.externalIPs', spec.externalIPs);
  const loadBalancerIPs = reader.flag('spec.loadBalancerIPs', spec.loadBalancerIPs);
  return reader.finish(() => ({
    kind: 'CiliumL2AnnouncementPolicy',
    namespace: '',
    name: reader.ref.name,
    ...readUid(metadata),
    pools: [],
    poolSelectors: [],
    serviceSelectors,
    nodeSelectors,
    interfaces,
    externalIPs,
    loadBalancerIPs,
  }));
}

function readOptional(reader: ObjectReader, field: string, value: unknown): readonly LabelSelector[] {
  return isAbsent(value) ? [] : [readSelector(reader, field, value)];
}

function readPatterns(reader: ObjectReader, value: unknown): L2Advertisement['interfaces'] {
  const field = 'spec.interfaces';
  const given = reader.texts(field, value);
  if (given.length === 0) return { by: 'all' };
  const patterns = given.filter((pattern, index) => {
    const isPattern = parseInterfacePattern(pattern) !== undefined;
    if (!isPattern) reader.ignore(`${field}[${index}]`, `${show(pattern)} is not a regular expression`);
    return isPattern;
  });
  return { by: 'pattern', patterns };
}

const MOST_PATTERN_LENGTH = 200;

/**
 * The regular expression of a pattern, to be tried on names of interfaces; it need not fit all of a name, as in Go. Undefined
 * for what is none here: the strict syntax refuses what means something else in Go (`(?i)`, `[[:alpha:]]`, `\z`).
 */
export function parseInterfacePattern(pattern: string): RegExp | undefined {
  if (pattern.length > MOST_PATTERN_LENGTH) return undefined;
  try {
    return new RegExp(pattern, 'u');
  } catch {
    return undefined;
  }
}
