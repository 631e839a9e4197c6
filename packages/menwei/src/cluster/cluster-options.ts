/** What `menwei cluster up` runs with: its flags, checked. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type HostPort, isLoopback, parseHostPort, parseIp } from '@menwei/addresses/ip.ts';
import { parseNodePortRange } from '../config/node-flags.ts';
import { AUTO_MODE, MODE_NAMES, type PortRange, type ProxyMode } from '../config/settings.ts';
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

export function parseClusterFlags(flags: ClusterFlags): ParsedClusterFlags {
  const errors: string[] = [];
  const read = <Value>(name: string, text: string, value: Value | undefined, what: string): Value => {
    if (value === undefined) errors.push(`--${name}: ${text} is not ${what}`);
    // Nobody looks at it when there are errors.
    return value as Value;
  };
  const choose = <Value extends string>(name: string, text: string, ...choices: readonly Value[]): Value => {
    const found = choices.find((choice) => choice === text);
    return read(name, text, found, `one of ${choices.join(', ')}`);
  };
  const { listen: listenText, serviceClusterIpRange: rangesText, serviceNodePortRange: portsText } = flags;
  const listen = read(
    'listen',
    listenText,
    parseHostPort(listenText),
    'an address and port such as 127.0.0.1:6443',
  );
  const ranges = read(
    'service-cluster-ip-range',
    rangesText,
    parseServiceRanges(rangesText),
    'one network, or one of each IP family, such as 10.96.0.0/16,fd00:96::/112',
  );
  const given = flags.advertiseAddress;
  const advertised = given === undefined ? undefined : parseAdvertised(given);
  if (given !== undefined)
    read('advertise-address', given, advertised, 'an IP address that others can reach');
  const slices = Number(flags.maxEndpointsPerSlice);
  const isInBounds = Number.isInteger(slices) && slices >= 1 && slices <= 1000;
  if (flags.store.startsWith('etcd=')) errors.push('--store: etcd can not be used yet: file or memory');
  errors.push(...contradictions(flags, listen));
  const options = {
    dataFolder: resolve(flags.data ?? defaultDataFolder()),
    listen,
    advertiseAddress: advertised ?? (listen && ranges && advertisedFor(listen.ip, ranges[0].family)),
    serviceRanges: ranges,
    nodePorts: read(
      'service-node-port-range',
      portsText,
      parseNodePortRange(portsText),
      'a range of ports such as 30000-32767',
    ),
    kubeconfig: flags.kubeconfig,
    store: flags.store.startsWith('etcd=')
      ? ('file' as const)
      : choose('store', flags.store, 'file', 'memory'),
    storeSync: choose('store-sync', flags.storeSync, 'full', 'normal'),
    manifests: flags.manifests,
    proxy:
      flags.proxy === undefined
        ? undefined
        : {
            mode: choose('proxy', flags.proxy, ...MODE_NAMES, AUTO_MODE),
            config: flags.config,
            nodeName: flags.hostnameOverride ?? '',
          },
    tls: flags.insecureLoopback === true ? undefined : serverTls(flags),
    auditLog: flags.auditLog,
    maxEndpointsPerSlice: read(
      'max-endpoints-per-slice',
      flags.maxEndpointsPerSlice,
      isInBounds ? slices : undefined,
      'a number from 1 to 1000',
    ),
    legacyEndpoints: choose('legacy-endpoints', flags.legacyEndpoints, 'true', 'false') === 'true',
    verbosity: read('v', flags.v, /^\d{1,2}$/.test(flags.v) ? Number(flags.v) : undefined, 'a number'),
  };
  return errors.length > 0 ? { errors } : { options };
}

export function defaultDataFolder(): string {
  if (process.getuid?.() === 0) return '/var/lib/menwei/cluster';
  const state = process.env.XDG_STATE_HOME || join(homedir(), '.local/state');
  return join(state, 'menwei/cluster');
}

function serverTls({ tlsCertFile, tlsPrivateKeyFile, clientCaFile, tlsSan = [] }: ClusterFlags): ServerTls {
  return { certFile: tlsCertFile, keyFile: tlsPrivateKeyFile, clientCaFile, names: tlsSan };
}

function contradictions(flags: ClusterFlags, listen: HostPort | undefined): readonly string[] {
  const errors: string[] = [];
  const { tlsCertFile, tlsPrivateKeyFile, clientCaFile, insecureLoopback, proxy } = flags;
  if ((tlsCertFile === undefined) !== (tlsPrivateKeyFile === undefined)) {
    errors.push('--tls-cert-file and --tls-private-key-file: one is given without the other');
  }
  if (insecureLoopback === true) {
    if (listen !== undefined && !isLoopback(listen.ip)) {
      errors.push(
        `--insecure-loopback: ${listen.ip} is not a loopback address, and is not served without TLS`,
      );
    }
    if (tlsCertFile !== undefined || clientCaFile !== undefined) {
      errors.push('--insecure-loopback: contradicts --tls-cert-file and --client-ca-file');
    }
  }
  if (proxy === undefined && flags.config !== undefined)
    errors.push('--config: is for the proxy: give --proxy');
  if (proxy === undefined && flags.hostnameOverride !== undefined) {
    errors.push('--hostname-override: is for the proxy: give --proxy');
  }
  for (const name of flags.tlsSan ?? []) {
    if (parseIp(name) === undefined && !/^(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(name)) {
      errors.push(`--tls-san: ${name} is neither a DNS name nor an IP address`);
    }
  }
  return errors;
}
