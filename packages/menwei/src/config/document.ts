/**
 * KubeProxyConfiguration, `kubeproxy.config.k8s.io/v1alpha1`: names and types of its fields (spec § 10.1). Every field
 * may be absent; durations become milliseconds. Flags are turned into the same document.
 */
import * as v from 'valibot';
import { parseDuration } from './duration.ts';

export const API_VERSION = 'kubeproxy.config.k8s.io/v1alpha1';
export const KIND = 'KubeProxyConfiguration';

const text = v.string('must be a text');
const flag = v.boolean('must be true or false');
const number = v.number('must be a number');
const texts = v.array(text, 'must be a list');

const integer = v.pipe(
  v.number('must be a whole number'),
  v.check(
    (value) => Number.isInteger(value) && Math.abs(value) < 2 ** 31,
    'must be a whole number of 32 bits',
  ),
);

const durationMs = v.pipe(
  v.string('must be a duration like 30s'),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const value = parseDuration(dataset.value);
    if (value !== undefined) return value;
    addIssue({ message: 'must be a duration like 30s' });
    return NEVER;
  }),
);

const durationOrNanoseconds = v.union(
  [
    durationMs,
    v.pipe(
      number,
      v.transform((ns) => ns / 1e6),
    ),
  ],
  'must be a duration like 5s',
);

const DURATIONS: readonly unknown[] = [durationMs, durationOrNanoseconds];

/** An object of which each field may be absent. Unknown fields are dropped: see unknownFields. */
function section<const Entries extends Readonly<Record<string, v.GenericSchema>>>(entries: Entries) {
  // To valibot a list is an object, too.
  const anyObject = v.custom<Readonly<Record<string, unknown>>>(isRecord, 'must be an object');
  return v.pipe(anyObject, v.partial(v.object(entries)));
}

const outputOptions = section({
  splitStream: flag,
  infoBufferSize: v.union([text, number], 'must be a quantity'),
});

const documentSchema = section({
  apiVersion: text,
  kind: text,
  mode: text,
  clientConnection: section({
    kubeconfig: text,
    acceptContentTypes: text,
    contentType: text,
    qps: number,
    burst: integer,
  }),
  hostnameOverride: text,
  bindAddress: text,
  bindAddressHardFail: flag,
  healthzBindAddress: text,
  metricsBindAddress: text,
  enableProfiling: flag,
  showHiddenMetricsForVersion: text,
  clusterCIDR: text,
  detectLocalMode: text,
  detectLocal: section({ bridgeInterface: text, interfaceNamePrefix: text }),
  nodePortAddresses: texts,
  iptables: section({
    masqueradeBit: integer,
    masqueradeAll: flag,
    localhostNodePorts: flag,
    syncPeriod: durationMs,
    minSyncPeriod: durationMs,
  }),
  nftables: section({
    masqueradeBit: integer,
    masqueradeAll: flag,
    syncPeriod: durationMs,
    minSyncPeriod: durationMs,
  }),
  ipvs: section({
    syncPeriod: durationMs,
    minSyncPeriod: durationMs,
    scheduler: text,
    excludeCIDRs: texts,
    strictARP: flag,
    tcpTimeout: durationMs,
    tcpFinTimeout: durationMs,
    udpTimeout: durationMs,
    // These two are no part of kube-proxy's format.
    drainTimeout: durationMs,
    required: flag,
  }),
  // No part of kube-proxy's format either; kube-proxy 1.20 had the mode, and portRange.
  userspace: section({
    threads: integer,
    udpTimeout: durationMs,
    idleTimeout: durationMs,
    halfClosedTimeout: durationMs,
    drainTimeout: durationMs,
    shutdownTimeout: durationMs,
  }),
  conntrack: section({
    maxPerCore: integer,
    min: integer,
    tcpEstablishedTimeout: durationMs,
    tcpCloseWaitTimeout: durationMs,
    tcpBeLiberal: flag,
    udpTimeout: durationMs,
    udpStreamTimeout: durationMs,
  }),
  oomScoreAdj: integer,
  configSyncPeriod: durationMs,
  portRange: text,
  featureGates: v.record(v.string(), flag, 'must be an object'),
  logging: section({
    format: text,
    flushFrequency: durationOrNanoseconds,
    verbosity: integer,
    vmodule: v.array(section({ filePattern: text, verbosity: integer }), 'must be a list'),
    options: section({ text: outputOptions, json: outputOptions }),
  }),
  winkernel: section({
    networkName: text,
    sourceVip: text,
    enableDSR: flag,
    rootHnsEndpointName: text,
    forwardHealthCheckVip: flag,
  }),
  windowsRunAsService: flag,
});

export type ConfigDocument = v.InferOutput<typeof documentSchema>;

/** A value that is refused: `iptables.masqueradeBit`, 32, `must be within 0-31`. */
export interface FieldError {
  readonly field: string;
  readonly value: unknown;
  readonly allowed: string;
}

/** Collects refusals. */
export type Refuse = (error: FieldError) => void;

/** Checks the types of the fields that are known; what they mean together is checked later. */
export function decodeDocument(
  value: unknown,
): { readonly document: ConfigDocument } | { readonly errors: readonly FieldError[] } {
  const { success, output, issues } = v.safeParse(documentSchema, value);
  if (success) return { document: output };
  return {
    errors: issues.map((issue) => ({
      field: (v.getDotPath(issue) ?? '').replace(/\.(\d+)(?=\.|$)/g, '[$1]'),
      value: issue.input,
      allowed: issue.message,
    })),
  };
}

/** `iptables.masqueradeBit: 32: must be within 0-31` */
export function formatFieldError({ field, value, allowed }: FieldError): string {
  return `${field}: ${value === undefined ? '(absent)' : JSON.stringify(value)}: ${allowed}`;
}

/** Paths of the fields of `value` that the schema doesn't have: `iptables.masqeradeAll`. */
export function unknownFields(value: unknown): readonly string[] {
  return findUnknown(documentSchema, value, '');
}

function findUnknown(schema: unknown, value: unknown, prefix: string): readonly string[] {
  const entries = entriesOf(schema);
  if (entries === undefined || !isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = `${prefix}${key}`;
    return Object.hasOwn(entries, key) ? findUnknown(entries[key], inner, `${path}.`) : [path];
  });
}

/** Whether a field holds a duration, which is a text in the document: `['iptables', 'syncPeriod']`. */
export function isDuration(path: readonly string[]): boolean {
  let schema: unknown = documentSchema;
  for (const name of path) schema = unwrapped(entriesOf(schema)?.[name]);
  return DURATIONS.includes(schema);
}

/** Of a field that may be absent. */
function unwrapped(schema: unknown): unknown {
  return isRecord(schema) && schema.wrapped !== undefined ? schema.wrapped : schema;
}

/** The fields of an object's schema, if it is one, whether or not the object itself may be absent. */
function entriesOf(schema: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!isRecord(schema)) return undefined;
  if (isRecord(schema.entries)) return schema.entries;
  if (Array.isArray(schema.pipe)) return schema.pipe.map(entriesOf).find((entries) => entries !== undefined);
  return schema.wrapped === undefined ? undefined : entriesOf(schema.wrapped);
}

/** A plain object: neither null nor a list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
