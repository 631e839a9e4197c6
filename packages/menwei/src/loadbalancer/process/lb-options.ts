/** What `menwei lb` runs with: its flags, checked. */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { parseHostPort } from '@menwei/addresses/ip.ts';
import type { HostPort } from '../../config/settings.ts';
import { isDnsLabel } from '../../kubernetes/decode-names.ts';
import { L2_CLASS, NODE_CLASS } from '../claim.ts';
import {
  HAPROXY_CLASS,
  type HAProxyFlags,
  type HAProxyOptions,
  parseHAProxyFlags,
} from './haproxy-options.ts';

/** As the command line has them; those with a default are always there. */
export interface LbFlags extends HAProxyFlags {
  readonly loadBalancerClass?: readonly string[];
  /** True: it was given without a class. */
  readonly defaultLoadBalancer?: string | true;
  readonly kubeconfig?: string;
  readonly master?: string;
  readonly manifests?: readonly string[];
  readonly statusFile?: string;
  readonly lbConfig?: readonly string[];
  readonly leaderElect: string;
  readonly namespace: string;
  readonly ignoreExcludeLabel?: true;
  readonly releaseOnPoolChange?: true;
  readonly bindAddress: string;
  readonly kubeApiQps: string;
  readonly kubeApiBurst: string;
  readonly v: string;
}

export interface LbOptions {
  readonly classes: ReadonlySet<string>;
  /** Undefined: Services without a class are others'. */
  readonly classlessAs: string | undefined;
  readonly objects: ApiServerObjects | ManifestObjects;
  /** Files and folders with pools and advertisements. */
  readonly configuration: readonly string[];
  /** Where the Leases are. */
  readonly namespace: string;
  readonly ignoresExcludeLabel: boolean;
  readonly releaseOnPoolChange: boolean;
  /** Where health, metrics and status are told; undefined: nowhere. */
  readonly bindAddress: HostPort | undefined;
  /** Undefined: there is none. */
  readonly haproxy: HAProxyOptions | undefined;
  readonly verbosity: number;
}

export interface ApiServerObjects {
  readonly from: 'api-server';
  readonly kubeconfig: string | undefined;
  readonly master: string | undefined;
  readonly qps: number;
  readonly burst: number;
  readonly leaderElect: boolean;
}

export interface ManifestObjects {
  readonly from: 'manifests';
  readonly paths: readonly string[];
  /** An absolute path. */
  readonly statusFile: string;
}

type ParsedLbFlags = { readonly options: LbOptions } | { readonly errors: readonly string[] };

/** Where Leases are unless `--namespace` says otherwise. */
export const DEFAULT_NAMESPACE = 'kube-system';
/** Of those that the project has names for. */
const OWN_CLASSES = [L2_CLASS, NODE_CLASS];

/** All errors together, each with the name of its flag. */
export function parseLbFlags(flags: LbFlags): ParsedLbFlags {
  const errors: string[] = [];
  const haproxy = parseHAProxyFlags(flags, errors);
  const providerClasses = haproxy === undefined ? [] : [HAPROXY_CLASS];
  const given = flags.loadBalancerClass ?? [];
  for (const each of given) {
    if (!isClassName(each))
      errors.push(`--load-balancer-class: ${JSON.stringify(each)} is not a name such as example.com/lb`);
  }
  const classes = new Set(given.length > 0 ? given : [...OWN_CLASSES, ...providerClasses]);
  const classlessAs = flags.defaultLoadBalancer === true ? L2_CLASS : flags.defaultLoadBalancer;
  if (classlessAs !== undefined && !isClassName(classlessAs)) {
    errors.push(`--default-load-balancer: ${JSON.stringify(classlessAs)} is not a class such as ${L2_CLASS}`);
  }
  const options: LbOptions = {
    classes,
    classlessAs,
    objects: readObjects(flags, errors),
    configuration: (flags.lbConfig ?? []).map((path) => resolve(path)),
    namespace: readNamespace(flags.namespace, errors),
    ignoresExcludeLabel: flags.ignoreExcludeLabel === true,
    releaseOnPoolChange: flags.releaseOnPoolChange === true,
    bindAddress: readAddress(flags.bindAddress, errors),
    haproxy,
    verbosity: readNumber('v', flags.v, errors),
  };
  return errors.length > 0 ? { errors } : { options };
}

function readObjects(flags: LbFlags, errors: string[]): LbOptions['objects'] {
  const { manifests = [], statusFile, kubeconfig, master } = flags;
  if (manifests.length > 0) {
    if (statusFile === undefined || statusFile === '') {
      errors.push(
        '--manifests: needs --status-file: without an API server the status of Services has no other place',
      );
    }
    if (kubeconfig !== undefined || master !== undefined) {
      errors.push('--manifests: contradicts --kubeconfig and --master');
    }
    return { from: 'manifests', paths: manifests, statusFile: resolve(statusFile ?? '') };
  }
  if (statusFile !== undefined)
    errors.push('--status-file: is for --manifests; an API server has the status itself');
  return {
    from: 'api-server',
    kubeconfig,
    master,
    qps: readNumber('kube-api-qps', flags.kubeApiQps, errors),
    burst: readNumber('kube-api-burst', flags.kubeApiBurst, errors),
    leaderElect: readBoolean('leader-elect', flags.leaderElect, errors),
  };
}

function readNamespace(text: string, errors: string[]): string {
  if (!isDnsLabel(text)) {
    errors.push(`--namespace: ${JSON.stringify(text)} is not the name of a namespace`);
  }
  return text;
}

function readAddress(text: string, errors: string[]): HostPort | undefined {
  if (text === '') return undefined;
  const parsed = parseHostPort(text);
  if (parsed === undefined)
    errors.push(`--bind-address: ${text} is not an address and port such as 127.0.0.1:10264`);
  return parsed === undefined ? undefined : { host: parsed.ip, port: parsed.port };
}

function readNumber(name: string, text: string, errors: string[]): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  errors.push(`--${name}: ${text} is not a number`);
  return 0;
}

function readBoolean(name: string, text: string, errors: string[]): boolean {
  if (text !== 'true' && text !== 'false') errors.push(`--${name}: ${text} is neither true nor false`);
  return text === 'true';
}

/** As `spec.loadBalancerClass` may be. */
export function isClassName(text: string): boolean {
  const [name = '', prefix, ...more] = text.split('/').reverse();
  const isPrefix = prefix === undefined || /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(prefix);
  return more.length === 0 && isPrefix && /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(name);
}

/** Another one for every process, also on one machine. */
export function processIdentity(): string {
  return `${hostname()}_${crypto.randomUUID()}`;
}
