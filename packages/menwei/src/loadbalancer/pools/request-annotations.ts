/** What annotations say about the addresses of a Service: names of this project and of others, in the order in which they count (load-balancer § 4.3). */
import { parseIp } from '@menwei/addresses/ip.ts';
import { quote } from '../../kubernetes/decode-text.ts';

/** Where a value stands. */
interface Source {
  /** `annotation metallb.io/loadBalancerIPs`, `spec.loadBalancerIP` */
  readonly where: string;
  /** Trimmed, and not empty. */
  readonly text: string;
}

/** What one kind of wish comes to: `invalid` says what can't be read, or which two contradict each other. */
interface Wish<Value> {
  /** Of the first source that has one. */
  readonly value: Value | undefined;
  readonly source: Source | undefined;
  readonly invalid: string | undefined;
}

type Annotations = ReadonlyMap<string, string>;

const ADDRESSES = [
  'menwei.dev/load-balancer-ips',
  'metallb.io/loadBalancerIPs',
  'metallb.universe.tf/loadBalancerIPs',
  'lbipam.cilium.io/ips',
  'io.cilium/lb-ipam-ips',
  'kube-vip.io/loadbalancerIPs',
  'purelb.io/addresses',
];
const POOL = [
  'menwei.dev/address-pool',
  'metallb.io/address-pool',
  'metallb.universe.tf/address-pool',
  'purelb.io/service-group',
];
const SHARING_KEY = [
  'menwei.dev/allow-shared-ip',
  'metallb.io/allow-shared-ip',
  'metallb.universe.tf/allow-shared-ip',
  'lbipam.cilium.io/sharing-key',
  'io.cilium/lb-ipam-sharing-key',
  'purelb.io/allow-shared-ip',
];
const SHARING_NAMESPACES = [
  'menwei.dev/allow-shared-ip-namespaces',
  'lbipam.cilium.io/sharing-cross-namespace',
  'io.cilium/lb-ipam-sharing-cross-namespace',
];
/** kube-vip's word for an address by DHCP, which pools don't have. */
const DHCP = '0.0.0.0';
const KUBE_VIP = 'kube-vip.io/';
const METALLB = /^annotation metallb\./;

/** Canonical, each once, in the order in which they stand there. */
export function readAddresses(annotations: Annotations, loadBalancerIP: string): Wish<readonly string[]> {
  const sources = sourcesIn(annotations, ADDRESSES).filter(
    ({ where, text }) => !(where.includes(KUBE_VIP) && text === DHCP),
  );
  const field = loadBalancerIP.trim();
  if (field !== '') sources.push({ where: 'spec.loadBalancerIP', text: field });
  return agree(sources, parseAddresses, (addresses) => addresses.toSorted().join());
}

export function readPool(annotations: Annotations): Wish<string> {
  return agree(sourcesIn(annotations, POOL), ({ text }) => ({ value: text }), String);
}

export function readSharingKey(annotations: Annotations): Wish<string> {
  return agree(sourcesIn(annotations, SHARING_KEY), ({ text }) => ({ value: text }), String);
}

export function readSharingNamespaces(annotations: Annotations): Wish<readonly string[] | 'all'> {
  const parse = ({ text }: Source) => ({ value: text === '*' ? ('all' as const) : partsOf(text) });
  return agree(sourcesIn(annotations, SHARING_NAMESPACES), parse, (namespaces) =>
    namespaces === 'all' ? '*' : namespaces.toSorted().join(),
  );
}

/** Each is taken from the others, programmed and announced on its own. */
const MOST_ADDRESSES = 16;

/** MetalLB's Services share with those of all namespaces. */
export function isOfMetalLB(source: Source | undefined): boolean {
  return source !== undefined && METALLB.test(source.where);
}

/** `p` and `q` of `p,q`. */
export function partsOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function sourcesIn(annotations: Annotations, names: readonly string[]): Source[] {
  return names.flatMap((name) => {
    const text = annotations.get(name)?.trim() ?? '';
    return text === '' ? [] : [{ where: `annotation ${name}`, text }];
  });
}

type Parsed<Value> = { readonly value: Value } | { readonly invalid: string };

function parseAddresses({ where, text }: Source): Parsed<readonly string[]> {
  const addresses = new Set<string>();
  for (const part of partsOf(text)) {
    const address = parseIp(part);
    if (address === undefined) return { invalid: `${where}: ${quote(part)} is no IP address` };
    addresses.add(address);
  }
  if (addresses.size > MOST_ADDRESSES) {
    return { invalid: `${where} names ${addresses.size} addresses, and ${MOST_ADDRESSES} are the most` };
  }
  return { value: [...addresses] };
}

/** @param identify equal texts for what is the same wish */
function agree<Value>(
  sources: readonly Source[],
  parse: (source: Source) => Parsed<Value>,
  identify: (value: Value) => string,
): Wish<Value> {
  let first: { readonly value: Value; readonly source: Source } | undefined;
  let invalid: string | undefined;
  for (const source of sources) {
    const parsed = parse(source);
    if ('invalid' in parsed) invalid ??= parsed.invalid;
    else if (first === undefined) first = { value: parsed.value, source };
    else if (identify(parsed.value) !== identify(first.value))
      invalid ??= contradiction(first.source, source);
  }
  return { value: first?.value, source: first?.source, invalid };
}

function contradiction(a: Source, b: Source): string {
  return `${a.where} says ${quote(a.text)}, and ${b.where} says ${quote(b.text)}`;
}
