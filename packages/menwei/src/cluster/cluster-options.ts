/** What `menwei cluster up` runs with: its flags, checked. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type HostPort, isLoopback, parseHostPort, parseIp, parseKnownCidr } from '@menwei/addresses/ip.ts';
import { parseNodePortRange } from '../config/node-flags.ts';
import { AUTO_MODE, MODE_NAMES, type PortRange, type ProxyMode } from '../config/settings.ts';
import { type DnsOptions, parseDnsFlags } from '../dns/process/dns-options.ts';
import { L2_CLASS } from '../loadbalancer/claim.ts';
import { isClassName } from '../loadbalancer/process/lb-options.ts';
import {
  advertisedFor,
  parseAdvertised,
  parseServiceRanges,
  type ServiceRanges,
} from './cluster-addresses.ts';

/** As the command line has them; those with a default are always there. */
export interface ClusterFlags {
  readonly data?: string;
  readonly listen: string;
  readonly advertiseAddress?: string;
  readonly serviceClusterIpRange: string;
  readonly serviceNodePortRange: string;
  readonly kubeconfig?: string;
  readonly store: string;
  readonly storeSync: string;
  readonly manifests?: string;
  readonly proxy?: string;
  readonly config?: string;
  readonly hostnameOverride?: string;
  readonly tlsSan?: readonly string[];
  readonly tlsCertFile?: string;
  readonly tlsPrivateKeyFile?: string;
  readonly clientCaFile?: string;
  readonly auditLog?: string;
  readonly insecureLoopback?: true;
  readonly loadBalancer?: true;
  readonly lbConfig?: readonly string[];
  readonly lbBindAddress?: string;
  readonly defaultLoadBalancer?: string;
  readonly dns?: true;
  readonly dnsBind?: readonly string[];
  readonly dnsForward?: readonly string[];
  readonly maxEndpointsPerSlice: string;
  readonly legacyEndpoints: string;
  readonly v: string;
}

export interface ClusterOptions {
  /** An absolute path. */
  readonly dataFolder: string;
  readonly listen: HostPort;
  /** Where others reach the API server; undefined: nobody but this machine does. */
  readonly advertiseAddress: string | undefined;
  readonly serviceRanges: ServiceRanges;
  readonly nodePorts: PortRange;
  /** A file to merge the admin's access into. */
  readonly kubeconfig: string | undefined;
  readonly store: 'file' | 'memory';
  /** How durable a write is when it is answered: `normal` may lose the last 100 ms when the power fails. */
  readonly storeSync: 'full' | 'normal';
  readonly manifests: string | undefined;
  readonly proxy: ProxyOptions | undefined;
  readonly loadBalancer: LoadBalancerOptions | undefined;
  /** Undefined: it answers for no names. */
  readonly dns: DnsOptions | undefined;
  readonly tls: ServerTls | undefined;
  readonly auditLog: string | undefined;
  readonly maxEndpointsPerSlice: number;
  readonly legacyEndpoints: boolean;
  readonly verbosity: number;
}

export interface ProxyOptions {
  readonly mode: ProxyMode | typeof AUTO_MODE;
  /** A KubeProxyConfiguration. */
  readonly config: string | undefined;
  /** Of the Node; empty: the host's. */
  readonly nodeName: string;
}

export interface LoadBalancerOptions {
  /** Files and folders with pools and advertisements, besides those in the cluster. */
  readonly configuration: readonly string[];
  /** By whose rules Services without a class are served; undefined: they are others'. */
  readonly classlessAs: string | undefined;
  /** Where its health, metrics and status are told; undefined: nowhere. */
  readonly bindAddress: HostPort | undefined;
}

/** Undefined are those that the cluster makes itself. */
export interface ServerTls {
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** Authorities of clients' certificates, besides the cluster's own. */
  readonly clientCaFile: string | undefined;
  /** More names and addresses of the server. */
  readonly names: readonly string[];
}

type ParsedClusterFlags = { readonly options: ClusterOptions } | { readonly errors: readonly string[] };

/** All errors together, each with the name of its flag. */
export function parseClusterFlags(flags: ClusterFlags): ParsedClusterFlags {
  const reader = new FlagReader();
  const network = networkOptions(flags, reader);
  const options: ClusterOptions = {
    dataFolder: resolve(flags.data ?? defaultDataFolder()),
    ...network,
    kubeconfig: flags.kubeconfig,
    ...storeOptions(flags, reader),
    manifests: flags.manifests,
    proxy: proxyOptions(flags, reader),
    loadBalancer: loadBalancerOptions(flags, reader),
    dns: dnsOptions(flags, network, reader),
    tls: flags.insecureLoopback === true ? undefined : serverTls(flags),
    auditLog: flags.auditLog,
    ...controllerOptions(flags, reader),
    verbosity: reader.read('v', flags.v, parseWhole(flags.v, 0, 99), 'a number', 0),
  };
  const errors = [...reader.errors, ...contradictions(flags, network.listen)];
  return errors.length > 0 ? { errors } : { options };
}

/** Collects what is wrong with flags; in its place goes a value that nobody looks at. */
class FlagReader {
  readonly errors: string[] = [];

  /** @param what it should be: `a number` */
  read<Value>(name: string, text: string, value: Value | undefined, what: string, otherwise: Value): Value {
    if (value !== undefined) return value;
    this.errors.push(`--${name}: ${text} is not ${what}`);
    return otherwise;
  }

  choose<Value extends string>(name: string, text: string, ...choices: readonly [Value, ...Value[]]): Value {
    const found = choices.find((choice) => choice === text);
    return this.read(name, text, found, `one of ${choices.join(', ')}`, choices[0]);
  }
}

type NetworkOptions = Pick<ClusterOptions, 'listen' | 'advertiseAddress' | 'serviceRanges' | 'nodePorts'>;

function networkOptions(flags: ClusterFlags, reader: FlagReader): NetworkOptions {
  const { listen: listenText, serviceClusterIpRange: rangesText, serviceNodePortRange: portsText } = flags;
  const listen = reader.read(
    'listen',
    listenText,
    parseHostPort(listenText),
    'an address and port such as 127.0.0.1:6443',
    { ip: '127.0.0.1', port: 0 },
  );
  const serviceRanges = reader.read<ServiceRanges>(
    'service-cluster-ip-range',
    rangesText,
    parseServiceRanges(rangesText),
    'one network, or one of each IP family, such as 10.96.0.0/16,fd00:96::/112',
    [parseKnownCidr('10.96.0.0/16')],
  );
  const nodePorts = reader.read(
    'service-node-port-range',
    portsText,
    parseNodePortRange(portsText),
    'a range of ports such as 30000-32767',
    { first: 30_000, last: 32_767 },
  );
  const given = flags.advertiseAddress;
  const advertiseAddress =
    given === undefined
      ? advertisedFor(listen.ip, serviceRanges[0].family)
      : reader.read(
          'advertise-address',
          given,
          parseAdvertised(given),
          'an IP address that others can reach',
          '',
        );
  return { listen, advertiseAddress, serviceRanges, nodePorts };
}

function storeOptions(
  { store, storeSync }: ClusterFlags,
  reader: FlagReader,
): Pick<ClusterOptions, 'store' | 'storeSync'> {
  const isEtcd = store.startsWith('etcd=');
  if (isEtcd) reader.errors.push('--store: etcd can not be used yet: file or memory');
  return {
    store: isEtcd ? 'file' : reader.choose('store', store, 'file', 'memory'),
    storeSync: reader.choose('store-sync', storeSync, 'full', 'normal'),
  };
}

function proxyOptions(
  { proxy, config, hostnameOverride }: ClusterFlags,
  reader: FlagReader,
): ProxyOptions | undefined {
  if (proxy === undefined) return undefined;
  const mode = reader.choose('proxy', proxy, AUTO_MODE, ...MODE_NAMES);
  return { mode, config, nodeName: hostnameOverride ?? '' };
}

/** As the command line has them, too. */
const DEFAULT_LB_ADDRESS = '127.0.0.1:10264';

/** The only controller of load balancers that there is: so Services without a class are its own, unless it is told otherwise. */
function loadBalancerOptions(
  { loadBalancer, lbConfig = [], lbBindAddress = DEFAULT_LB_ADDRESS, ...flags }: ClusterFlags,
  reader: FlagReader,
): LoadBalancerOptions | undefined {
  if (loadBalancer === undefined) return undefined;
  const { defaultLoadBalancer = L2_CLASS } = flags;
  const isClass = defaultLoadBalancer === 'none' || isClassName(defaultLoadBalancer);
  const given = isClass ? defaultLoadBalancer : undefined;
  const chosen = reader.read(
    'default-load-balancer',
    defaultLoadBalancer,
    given,
    'a class such as menwei.dev/l2, nor none',
    'none',
  );
  const address = lbBindAddress === '' ? undefined : parseHostPort(lbBindAddress);
  const what = 'an address and port such as 127.0.0.1:10264';
  const bindAddress =
    lbBindAddress === ''
      ? undefined
      : reader.read('lb-bind-address', lbBindAddress, address, what, { ip: '127.0.0.1', port: 0 });
  return {
    configuration: lbConfig.map((path) => resolve(path)),
    classlessAs: chosen === 'none' ? undefined : chosen,
    bindAddress,
  };
}

/** Where pods reach it, as far as that is known. */
function dnsOptions(
  { dns, dnsBind, dnsForward }: ClusterFlags,
  { advertiseAddress = '127.0.0.1' }: NetworkOptions,
  reader: FlagReader,
): DnsOptions | undefined {
  if (dns === undefined) return undefined;
  const given = dnsForward === undefined ? {} : { dnsForward };
  const parsed = parseDnsFlags(
    { v: '0', dnsBind: dnsBind ?? [advertiseAddress], bindAddress: [], ...given },
    undefined,
  );
  if ('options' in parsed) return parsed.options;
  reader.errors.push(...parsed.errors);
  return undefined;
}

function controllerOptions(
  { maxEndpointsPerSlice: most, legacyEndpoints }: ClusterFlags,
  reader: FlagReader,
): Pick<ClusterOptions, 'maxEndpointsPerSlice' | 'legacyEndpoints'> {
  return {
    maxEndpointsPerSlice: reader.read(
      'max-endpoints-per-slice',
      most,
      parseWhole(most, 1, 1000),
      'a number from 1 to 1000',
      100,
    ),
    legacyEndpoints: reader.choose('legacy-endpoints', legacyEndpoints, 'true', 'false') === 'true',
  };
}

/** Undefined: it is no whole number, or out of bounds. */
function parseWhole(text: string, least: number, most: number): number | undefined {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return number >= least && number <= most ? number : undefined;
}

/** Of root, that of the system; of others, in `$XDG_STATE_HOME`. */
export function defaultDataFolder(): string {
  if (process.getuid?.() === 0) return '/var/lib/menwei/cluster';
  const state = process.env.XDG_STATE_HOME || join(homedir(), '.local/state');
  return join(state, 'menwei/cluster');
}

function serverTls({ tlsCertFile, tlsPrivateKeyFile, clientCaFile, tlsSan = [] }: ClusterFlags): ServerTls {
  return { certFile: tlsCertFile, keyFile: tlsPrivateKeyFile, clientCaFile, names: tlsSan };
}

function contradictions(flags: ClusterFlags, listen: HostPort): readonly string[] {
  const errors: string[] = [];
  const { tlsCertFile, tlsPrivateKeyFile, clientCaFile, tlsSan = [], insecureLoopback, proxy } = flags;
  // As from a variable that is not set: it would stand for the folder that the process was started in.
  if (flags.data === '') errors.push('--data: is empty');
  if ((tlsCertFile === undefined) !== (tlsPrivateKeyFile === undefined)) {
    errors.push('--tls-cert-file and --tls-private-key-file: one is given without the other');
  }
  if (insecureLoopback === true) {
    if (!isLoopback(listen.ip)) {
      errors.push(
        `--insecure-loopback: ${listen.ip} is not a loopback address, and is not served without TLS`,
      );
    }
    if (tlsCertFile !== undefined || clientCaFile !== undefined || tlsSan.length > 0) {
      errors.push('--insecure-loopback: contradicts --tls-cert-file, --client-ca-file and --tls-san');
    }
  }
  if (proxy === undefined && flags.config !== undefined)
    errors.push('--config: is for the proxy: give --proxy');
  if (proxy === undefined && flags.hostnameOverride !== undefined) {
    errors.push('--hostname-override: is for the proxy: give --proxy');
  }
  if (flags.loadBalancer === undefined && flags.lbConfig !== undefined) {
    errors.push('--lb-config: is for the load-balancer controller: give --load-balancer');
  }
  if (flags.dns === undefined && (flags.dnsBind ?? flags.dnsForward) !== undefined) {
    errors.push('--dns-bind and --dns-forward: are for the DNS server: give --dns');
  }
  for (const name of tlsSan) {
    if (parseIp(name) === undefined && !/^(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(name)) {
      errors.push(`--tls-san: ${name} is neither a DNS name nor an IP address`);
    }
  }
  return errors;
}
