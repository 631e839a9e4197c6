/** What `menwei dns` runs with: its flags, and a Corefile where there is one. A flag that is given comes before the Corefile. */
import { resolve } from 'node:path';
import { isLoopback, isWildcard, parseCidr, parseHostPort, parseIp } from '@menwei/addresses/ip.ts';
import type { HostPort } from '../../config/settings.ts';
import { isDnsSubdomain } from '../../kubernetes/decode-names.ts';
import type { CorefileOptions } from '../corefile/options.ts';
import { DEFAULT_CACHE, type ForwardOptions } from '../forward/forwarder.ts';
import type { StubUpstreams } from '../forward/stub-domains.ts';
import { parseUpstream, type UpstreamAddress } from '../forward/upstream-address.ts';
import type { Fallthrough } from '../zone/fallthrough.ts';
import { POD_MODES, type PodMode } from '../zone/zone-options.ts';

/** As the command line has them; undefined: not given. */
export interface DnsFlags {
  readonly kubeconfig?: string;
  readonly master?: string;
  readonly manifests?: readonly string[];
  readonly corefile?: string;
  readonly dnsZone?: string;
  readonly dnsBind?: readonly string[];
  readonly nodeLocal?: boolean;
  readonly nodeLocalAddress?: readonly string[];
  readonly nodeLocalService?: string;
  readonly dnsTtl?: string;
  readonly dnsNegativeTtl?: string;
  readonly dnsPods?: string;
  readonly dnsForward?: readonly string[];
  readonly dnsStub?: readonly string[];
  readonly dnsAllow?: readonly string[];
  readonly dnsUdpSize?: string;
  readonly dnsCacheTtl?: string;
  readonly dnsOwnAddress?: readonly string[];
  readonly bindAddress?: readonly string[];
  readonly v: string;
}

export interface DnsOptions {
  readonly objects: ObjectsFrom;
  /** Domains of the cluster; the first is the one that reverse names lead to. */
  readonly domains: readonly string[];
  /** Where questions are answered. */
  readonly bind: readonly HostPort[];
  /** Queries of this node's pods are answered at addresses of its own interface and of the Service; undefined: they are not. */
  readonly nodeLocal: NodeLocalOptions | undefined;
  readonly ttlSeconds: number;
  readonly negativeTtlSeconds: number;
  readonly pods: PodMode;
  readonly endpointPodNames: boolean;
  /** Which names that the zones do not have others are asked for. */
  readonly fallthrough: Fallthrough;
  /** A file in the form of resolv.conf names upstreams; `none`: others are not asked. */
  readonly upstreams: readonly UpstreamAddress[] | { readonly file: string } | 'none';
  readonly forward: Omit<ForwardOptions, 'upstreams'>;
  readonly hosts: CorefileOptions['hosts'];
  readonly rewrites: ReadonlyMap<string, string>;
  /** Who may ask; undefined: private addresses. */
  readonly allow: readonly string[] | undefined;
  readonly udpSize: number;
  /** Addresses at which others reach this server: those of Services that lead here. Addresses of the machine are found. */
  readonly ownAddresses: readonly string[];
  /** Where metrics, health and status are told. */
  readonly tell: readonly HostPort[];
  /** How long questions are answered after SIGTERM. */
  readonly lameduckMs: number;
  readonly verbosity: number;
}

export interface NodeLocalOptions {
  /** Canonical; they stay, whatever becomes of the Service. */
  readonly addresses: readonly string[];
  /** `kube-system/kube-dns`: its ClusterIPs are answered at as well. */
  readonly service: string;
}

export type ObjectsFrom =
  | { readonly from: 'manifests'; readonly paths: readonly string[] }
  | {
      readonly from: 'api-server';
      readonly kubeconfig: string | undefined;
      readonly master: string | undefined;
    };

const DEFAULT_DOMAIN = 'cluster.local';
const DNS_PORT = 53;
const DEFAULT_TTL = 5;
const MOST_TTL = 3600;
const DEFAULT_UDP_SIZE = 1232;
/** As NodeLocal DNSCache has it. */
const NODE_LOCAL_IP = '169.254.20.10';
const NODE_LOCAL_SERVICE = 'kube-system/kube-dns';
const RESOLV_CONF = '/etc/resolv.conf';
const MOST_CONCURRENT = 1_000;
const LAMEDUCK_MS = 5_000;
const DEFAULT_TELL: readonly HostPort[] = [{ host: '127.0.0.1', port: 9153 }];

/** All errors together, each with the name of its flag. */
export function parseDnsFlags(
  flags: DnsFlags,
  corefile: CorefileOptions | undefined,
): { readonly options: DnsOptions } | { readonly errors: readonly string[] } {
  const reader = new FlagReader();
  const nodeLocal = reader.nodeLocal(flags);
  const kubernetes = corefile?.kubernetes;
  const options: DnsOptions = {
    objects: reader.objects(flags),
    domains: reader.domains(flags.dnsZone, kubernetes?.zones),
    bind: nodeLocal?.addresses.map((host) => ({ host, port: DNS_PORT })) ?? reader.bind(flags, corefile),
    nodeLocal,
    ttlSeconds: reader.number('dns-ttl', flags.dnsTtl, MOST_TTL) ?? kubernetes?.ttlSeconds ?? DEFAULT_TTL,
    negativeTtlSeconds: reader.number('dns-negative-ttl', flags.dnsNegativeTtl, MOST_TTL) ?? DEFAULT_TTL,
    pods: reader.pods(flags.dnsPods) ?? kubernetes?.pods ?? 'insecure',
    endpointPodNames: kubernetes?.endpointPodNames ?? false,
    fallthrough: { to: kubernetes?.fallthrough ?? [], claimed: kubernetes?.reverseZones ?? [] },
    upstreams: reader.upstreams(flags.dnsForward) ?? corefileUpstreams(corefile),
    forward: reader.forward(flags, corefile),
    hosts: corefile?.hosts,
    rewrites: corefile?.rewrites ?? new Map(),
    allow: reader.allow(flags.dnsAllow),
    udpSize: reader.udpSize(flags.dnsUdpSize),
    ownAddresses: reader.addresses('dns-own-address', flags.dnsOwnAddress),
    tell: reader.tell(flags.bindAddress, corefile),
    lameduckMs: corefile?.lameduckMs ?? LAMEDUCK_MS,
    verbosity: reader.number('v', flags.v, 10) ?? 0,
  };
  const { errors } = reader;
  return errors.length > 0 ? { errors } : { options };
}

/** Without a line `forward` CoreDNS asks nobody; without a Corefile it is as in the node's own file. */
function corefileUpstreams(corefile: CorefileOptions | undefined): DnsOptions['upstreams'] {
  if (corefile === undefined) return { file: RESOLV_CONF };
  return corefile.forward?.upstreams ?? 'none';
}

class FlagReader {
  readonly errors: string[] = [];

  objects({ manifests = [], kubeconfig, master }: DnsFlags): ObjectsFrom {
    if (manifests.length === 0) return { from: 'api-server', kubeconfig, master };
    if (kubeconfig !== undefined || master !== undefined) {
      this.errors.push('--manifests: contradicts --kubeconfig and --master');
    }
    return { from: 'manifests', paths: manifests.map((path) => resolve(path)) };
  }

  domains(flag: string | undefined, given: readonly string[] | undefined): readonly string[] {
    if (flag === undefined) return given ?? [DEFAULT_DOMAIN];
    const domain = flag.toLowerCase().replace(/\.$/, '');
    if (!isDnsSubdomain(domain))
      this.errors.push(`--dns-zone: ${JSON.stringify(flag)} is not a domain such as ${DEFAULT_DOMAIN}`);
    return [domain];
  }

  bind({ dnsBind }: DnsFlags, corefile: CorefileOptions | undefined): readonly HostPort[] {
    const port = corefile?.port ?? DNS_PORT;
    if (dnsBind !== undefined) {
      return listOf(dnsBind).flatMap((text) => this.#hostPort('dns-bind', text, port));
    }
    const hosts = corefile?.bind ?? [];
    return (hosts.length === 0 ? ['0.0.0.0', '::'] : hosts).map((host) => ({ host, port }));
  }

  nodeLocal(flags: DnsFlags): NodeLocalOptions | undefined {
    const { nodeLocalAddress, nodeLocalService: service = NODE_LOCAL_SERVICE } = flags;
    if (flags.nodeLocal !== true) {
      for (const name of ['nodeLocalAddress', 'nodeLocalService'] as const) {
        const flag = name === 'nodeLocalAddress' ? 'node-local-address' : 'node-local-service';
        if (flags[name] !== undefined) this.errors.push(`--${flag}: needs --node-local`);
      }
      return undefined;
    }
    if (flags.dnsBind !== undefined) this.errors.push('--dns-bind: contradicts --node-local');
    const [namespace = '', name = '', ...more] = service.split('/');
    if (!isDnsSubdomain(namespace) || !isDnsSubdomain(name) || more.length > 0) {
      this.errors.push(`--node-local-service: ${JSON.stringify(service)} is not NAMESPACE/NAME`);
    }
    const addresses = this.addresses('node-local-address', nodeLocalAddress ?? [NODE_LOCAL_IP]);
    for (const ip of addresses.filter((each) => isWildcard(each) || isLoopback(each))) {
      this.errors.push(`--node-local-address: ${ip} can't be an address of an interface of its own`);
    }
    return { addresses: [...new Set(addresses)], service };
  }

  tell(flag: readonly string[] | undefined, corefile: CorefileOptions | undefined): readonly HostPort[] {
    if (flag !== undefined) {
      return listOf(flag)
        .filter((text) => text !== '')
        .flatMap((text) => this.#hostPort('bind-address', text, undefined));
    }
    if (corefile === undefined) return DEFAULT_TELL;
    const texts = new Set([corefile.prometheus, corefile.health, corefile.ready]);
    return [...texts].flatMap((text) => (text === undefined ? [] : this.#corefileAddress(text)));
  }

  number(name: string, text: string | undefined, most: number): number | undefined {
    if (text === undefined) return undefined;
    if (/^\d{1,6}$/.test(text) && Number(text) <= most) return Number(text);
    this.errors.push(`--${name}: ${JSON.stringify(text)} is not a number from 0 to ${most}`);
    return 0;
  }

  udpSize(text: string | undefined): number {
    const size = this.number('dns-udp-size', text, 4096) ?? DEFAULT_UDP_SIZE;
    if (size < 512) this.errors.push(`--dns-udp-size: every client takes 512 bytes, ${size} is less`);
    return size;
  }

  pods(text: string | undefined): PodMode | undefined {
    const mode = POD_MODES.find((each) => each === text);
    if (text !== undefined && mode === undefined) {
      this.errors.push(`--dns-pods: ${JSON.stringify(text)} is none of ${POD_MODES.join(', ')}`);
    }
    return mode;
  }

  /** `none`, a list of addresses, or a file. */
  upstreams(texts: readonly string[] | undefined): DnsOptions['upstreams'] | undefined {
    if (texts === undefined) return undefined;
    const list = listOf(texts);
    const [first = ''] = list;
    if (list.length <= 1 && (first === 'none' || first === '')) return 'none';
    if (list.length === 1 && first.startsWith('/')) return { file: first };
    return this.#upstreamList('dns-forward', list);
  }

  forward(flags: DnsFlags, corefile: CorefileOptions | undefined): DnsOptions['forward'] {
    const positive = this.number('dns-cache-ttl', flags.dnsCacheTtl, MOST_TTL);
    return {
      stubs: flags.dnsStub === undefined ? (corefile?.stubs ?? []) : this.#stubs(flags.dnsStub),
      policy: corefile?.forward?.policy ?? 'random',
      maxConcurrent: corefile?.forward?.maxConcurrent ?? MOST_CONCURRENT,
      cache: withTtl(cacheOf(corefile), positive),
    };
  }

  allow(texts: readonly string[] | undefined): readonly string[] | undefined {
    if (texts === undefined) return undefined;
    return listOf(texts).flatMap((text) => {
      const cidr = parseCidr(text);
      if (cidr === undefined) this.errors.push(`--dns-allow: ${JSON.stringify(text)} is not a CIDR`);
      return cidr === undefined ? [] : [cidr.text];
    });
  }

  addresses(name: string, texts: readonly string[] | undefined): readonly string[] {
    return listOf(texts ?? []).flatMap((text) => {
      const ip = parseIp(text);
      if (ip === undefined) this.errors.push(`--${name}: ${JSON.stringify(text)} is not an IP address`);
      return ip === undefined ? [] : [ip];
    });
  }

  /** `example.local=10.0.0.5,10.0.0.6` */
  #stubs(texts: readonly string[]): readonly StubUpstreams[] {
    return texts.flatMap((text) => {
      const [name = '', list = ''] = text.split('=', 2);
      const domain = name.toLowerCase().replace(/\.$/, '');
      if (!isDnsSubdomain(domain) || list === '') {
        this.errors.push(`--dns-stub: ${JSON.stringify(text)} is not DOMAIN=ADDRESS,ADDRESS`);
        return [];
      }
      return [{ domain, upstreams: this.#upstreamList('dns-stub', list.split(',')) }];
    });
  }

  #upstreamList(name: string, texts: readonly string[]): readonly UpstreamAddress[] {
    return texts.flatMap((text) => {
      const upstream = parseUpstream(text);
      if (typeof upstream !== 'string') return [upstream];
      this.errors.push(`--${name}: ${upstream}`);
      return [];
    });
  }

  #hostPort(name: string, text: string, defaultPort: number | undefined): readonly HostPort[] {
    const ip = defaultPort === undefined ? undefined : parseIp(text);
    if (ip !== undefined && defaultPort !== undefined) return [{ host: ip, port: defaultPort }];
    const parsed = parseHostPort(text);
    if (parsed !== undefined) return [{ host: parsed.ip, port: parsed.port }];
    this.errors.push(`--${name}: ${JSON.stringify(text)} is not an address and port such as 127.0.0.1:9153`);
    return [];
  }

  /** `:9153` is at all addresses. */
  #corefileAddress(text: string): readonly HostPort[] {
    const place = text.startsWith(':') ? `[::]${text}` : text.replace(/^localhost:/, '127.0.0.1:');
    return this.#hostPort('corefile', place, undefined);
  }
}

function cacheOf(corefile: CorefileOptions | undefined): ForwardOptions['cache'] {
  if (corefile === undefined) return DEFAULT_CACHE;
  const { cache } = corefile;
  // Without a line `cache` CoreDNS keeps nothing.
  if (cache === undefined) return { ...DEFAULT_CACHE, maxEntries: 0 };
  const { positiveSeconds: positive, negativeSeconds: negative, maxEntries, staleMs } = cache;
  return { ...DEFAULT_CACHE, positive, negative, maxEntries, ...(staleMs === undefined ? {} : { staleMs }) };
}

/** 0: nothing is kept. */
function withTtl(cache: ForwardOptions['cache'], seconds: number | undefined): ForwardOptions['cache'] {
  if (seconds === undefined) return cache;
  if (seconds === 0) return { ...cache, maxEntries: 0 };
  return { ...cache, positive: seconds, negative: Math.min(cache.negative, seconds) };
}

/** Each value may be a list. */
function listOf(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text) => text.split(','));
}

/** For an address that stands for all: those that the machine has. */
export function isEverywhere(bind: readonly HostPort[]): boolean {
  return bind.some(({ host }) => isWildcard(host));
}
