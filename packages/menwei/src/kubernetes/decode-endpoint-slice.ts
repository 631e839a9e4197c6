import type {
  DiscoveryV1EndpointPort,
  V1Endpoint,
  V1EndpointConditions,
  V1EndpointHints,
  V1EndpointSlice,
  V1ForZone,
  V1ObjectReference,
} from '@kubernetes/client-node';
import { familyOf, type IpFamily } from '@menwei/addresses/ip.ts';
import { canonicalIp } from './decode-address.ts';
import { hasTag, openObject, readLabels, readTimeMs, tagOf, unreadableTag } from './decode-metadata.ts';
import { isDnsLabel, isDnsSubdomain } from './decode-names.ts';
import {
  type Decoded,
  isAbsent,
  isFields,
  MAX_PORT,
  type ObjectReader,
  type Unchecked,
} from './decode-reader.ts';
import { intern, show } from './decode-text.ts';
import { readWeights } from './decode-weights.ts';
import {
  type EndpointHost,
  type EndpointSlice,
  type EndpointSlicePort,
  type EndpointWeights,
  type SliceEndpoint,
  weightOf,
} from './objects.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';
const HEADLESS = 'service.kubernetes.io/headless';
const LAST_CHANGE_TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';
/** What the API server ends a name with that it makes up from `generateName` (k8s.io/apimachinery, util/rand). */
const GENERATED_END = /^-[bcdfghjklmnpqrstvwxz2456789]{5}$/;

/**
 * A discovery.k8s.io/v1 EndpointSlice (spec § 1.3). Slices of headless Services, without a Service's name or with
 * addresses of another type give neither an object nor a problem: they are not meant for a proxy.
 */
export function decodeEndpointSlice(value: unknown): Decoded<EndpointSlice> {
  return decodeSlice(value, { isForNames: false });
}

/** The same for who answers for names: those of headless Services, too, with the names of endpoints. */
export function decodeNamedEndpointSlice(value: unknown): Decoded<EndpointSlice> {
  return decodeSlice(value, { isForNames: true });
}

function decodeSlice(
  value: unknown,
  { isForNames }: { readonly isForNames: boolean },
): Decoded<EndpointSlice> {
  const { reader, raw, metadata } = openObject<V1EndpointSlice>('EndpointSlice', value);
  const labels = readLabels(reader, metadata);
  const serviceName = tagOf(labels, SERVICE_NAME);
  const badServiceName = unreadableTag(labels, SERVICE_NAME);
  if (badServiceName !== undefined) reader.reject(`metadata.labels.${SERVICE_NAME}`, badServiceName);
  const isForProxy = !hasTag(labels, HEADLESS);
  if (serviceName === '' || !(isForProxy || isForNames) || raw.addressType === 'FQDN') {
    return { object: undefined, problems: reader.problems };
  }
  if (!isDnsLabel(serviceName)) {
    reader.reject(`metadata.labels.${SERVICE_NAME}`, `${show(serviceName)} is not the name of a Service`);
  }
  if (isAbsent(raw.addressType)) reader.reject('addressType', 'missing');
  const addressType = reader.choice('addressType', raw.addressType, ['IPv4', 'IPv6']);
  const ports = readPorts(reader, raw.ports);
  const weights = readWeights(reader, metadata.annotations);
  const { endpoints, endpointNames } = readEndpoints(reader, raw.endpoints, addressType, weights);
  return reader.finish(() => ({
    kind: 'EndpointSlice',
    namespace: reader.ref.namespace,
    name: reader.ref.name,
    serviceName: intern(serviceName),
    addressType,
    ports,
    endpoints,
    endpointNames,
    hosts: isForNames ? readHosts(raw.endpoints, endpoints) : undefined,
    lastChangeTriggerTimeMs: readTimeMs(tagOf(metadata.annotations, LAST_CHANGE_TRIGGER_TIME)),
  }));
}

function readPorts(reader: ObjectReader, value: unknown): readonly EndpointSlicePort[] {
  const ports: EndpointSlicePort[] = [];
  reader.list('ports', value).forEach((entry, index) => {
    const field = `ports[${index}]`;
    if (!isFields<DiscoveryV1EndpointPort>(entry)) {
      reader.reject(field, `${show(entry)} is not an object`);
    } else if (isAbsent(entry.name)) {
      reader.ignore(`${field}.name`, 'missing');
    } else if (isAbsent(entry.port) || entry.port === 0) {
      reader.ignore(`${field}.port`, isAbsent(entry.port) ? 'missing' : `0 is outside 1-${MAX_PORT}`);
    } else {
      ports.push({
        name: reader.portName(`${field}.name`, entry.name),
        protocol: reader.protocol(`${field}.protocol`, entry.protocol),
        port: reader.integer(`${field}.port`, entry.port, 1, MAX_PORT),
      });
    }
  });
  return ports;
}

function readEndpoints(
  reader: ObjectReader,
  value: unknown,
  family: IpFamily,
  weights: EndpointWeights | undefined,
): Pick<EndpointSlice, 'endpoints' | 'endpointNames'> {
  const values = reader.list('endpoints', value);
  const endpoints: SliceEndpoint[] = [];
  let endpointNames: Map<string, readonly string[]> | undefined;
  for (let index = 0; index < values.length; index++) {
    const entry = values[index];
    if (!isFields<V1Endpoint>(entry)) {
      skip(reader, index, '', `${show(entry)} is not an object`);
      continue;
    }
    const endpoint = readEndpoint(reader, index, entry, family, weights);
    if (endpoint === undefined) continue;
    endpoints.push(endpoint);
    const names = lastingNamesOf(entry);
    if (names.length > 0) {
      endpointNames ??= new Map();
      endpointNames.set(endpoint.ip, names);
    }
  }
  return { endpoints, endpointNames };
}

/** Builds no path of a field before it has a problem to name: this runs for every endpoint of the cluster. */
function readEndpoint(
  reader: ObjectReader,
  index: number,
  value: Unchecked<V1Endpoint>,
  family: IpFamily,
  weights: EndpointWeights | undefined,
): SliceEndpoint | undefined {
  const { addresses, nodeName } = value;
  if (!Array.isArray(addresses) || addresses.length === 0)
    return skip(reader, index, '.addresses', 'no address');
  const address: unknown = addresses[0];
  const ip = typeof address === 'string' ? canonicalIp(address) : undefined;
  if (ip === undefined || familyOf(ip) !== family) {
    return skip(reader, index, '.addresses[0]', `${show(address)} is not an ${family} address`);
  }
  const conditions = value.conditions ?? NO_CONDITIONS;
  if (!isFields<V1EndpointConditions>(conditions)) {
    return skip(reader, index, '.conditions', `${show(conditions)} is not an object`);
  }
  const ready = conditions.ready ?? true;
  const serving = conditions.serving ?? true;
  const terminating = conditions.terminating ?? false;
  if (typeof ready !== 'boolean' || typeof serving !== 'boolean' || typeof terminating !== 'boolean') {
    return skip(reader, index, '.conditions', 'a condition is neither true nor false');
  }
  const hints = isAbsent(value.hints) ? NO_HINTS : readHints(reader, index, value.hints);
  return {
    ip,
    ready,
    serving,
    terminating,
    nodeName: isAbsent(nodeName) ? '' : readNodeName(reader, index, nodeName),
    zoneHints: hints.zones,
    nodeHints: hints.nodes,
    weight: weights === undefined ? undefined : weightOf(weights, ip, namesOf(value)),
  };
}

/** Names of those that are used, by their addresses. */
function readHosts(value: unknown, used: readonly SliceEndpoint[]): ReadonlyMap<string, EndpointHost> {
  const isUsed = new Set(used.map(({ ip }) => ip));
  const hosts = new Map<string, EndpointHost>();
  for (const entry of Array.isArray(value) ? value : []) {
    if (!isFields<V1Endpoint>(entry) || !Array.isArray(entry.addresses)) continue;
    const address: unknown = entry.addresses[0];
    const ip = typeof address === 'string' ? canonicalIp(address) : undefined;
    if (ip === undefined || !isUsed.has(ip)) continue;
    const { hostname } = entry;
    const podName = podNameOf(entry);
    const host = {
      hostname: typeof hostname === 'string' && isDnsLabel(hostname) ? hostname : '',
      podName: typeof podName === 'string' && isDnsLabel(podName) ? podName : '',
    };
    if (host.hostname !== '' || host.podName !== '') hosts.set(ip, host);
  }
  return hosts;
}

/** The name of the Pod and the host name, as far as there are any. */
function namesOf(value: Unchecked<V1Endpoint>): readonly string[] {
  return [podNameOf(value), value.hostname].filter((name) => typeof name === 'string');
}

/** {@link namesOf} without what a controller made up. Allocates nothing for most endpoints. */
function lastingNamesOf(value: Unchecked<V1Endpoint>): readonly string[] {
  const podName = podNameOf(value);
  const isGenerated = typeof podName !== 'string' || GENERATED_END.test(podName.slice(-6));
  if (isGenerated && isAbsent(value.hostname)) return NO_NAMES;
  return namesOf(value).filter((name) => !isGenerated || name !== podName);
}

const NO_NAMES: readonly string[] = [];

function podNameOf({ targetRef }: Unchecked<V1Endpoint>): unknown {
  return isFields<V1ObjectReference>(targetRef) && targetRef.kind === 'Pod' ? targetRef.name : undefined;
}

const NO_CONDITIONS = {};

function skip(reader: ObjectReader, index: number, field: string, message: string): undefined {
  reader.note(`endpoints[${index}]${field}`, `${message}; the endpoint is left out`);
}

/** An endpoint with an impossible node name still works, as one on an unknown node. */
function readNodeName(reader: ObjectReader, index: number, value: unknown): string {
  if (typeof value === 'string' && (value === '' || isDnsSubdomain(value))) return intern(value);
  reader.ignore(`endpoints[${index}].nodeName`, `${show(value)} is not the name of a node`);
  return '';
}

interface Hints {
  readonly zones: readonly string[] | undefined;
  readonly nodes: readonly string[] | undefined;
}

const NO_HINTS: Hints = { zones: undefined, nodes: undefined };

function readHints(reader: ObjectReader, index: number, value: unknown): Hints {
  const field = `endpoints[${index}].hints`;
  if (!isFields<V1EndpointHints>(value)) {
    reader.ignore(field, `${show(value)} is not an object`);
    return NO_HINTS;
  }
  return {
    zones: readHintNames(reader, `${field}.forZones`, value.forZones),
    nodes: readHintNames(reader, `${field}.forNodes`, value.forNodes),
  };
}

function readHintNames(reader: ObjectReader, field: string, value: unknown): readonly string[] | undefined {
  if (isAbsent(value)) return undefined;
  if (!Array.isArray(value)) {
    reader.ignore(field, `${show(value)} is not a list`);
    return undefined;
  }
  const names: string[] = [];
  value.forEach((entry: unknown, index) => {
    const name = isFields<V1ForZone>(entry) ? entry.name : undefined;
    if (typeof name === 'string') names.push(intern(name));
    else reader.ignore(`${field}[${index}].name`, isAbsent(name) ? 'missing' : `${show(name)} is not a name`);
  });
  return names.length === 0 ? undefined : shared(names);
}

const MOST_SHARED = 10_000;
const sharedLists = new Map<string, readonly string[]>();

/** Nearly all hints name one zone or node: all endpoints that do share one list. */
function shared(names: readonly string[]): readonly string[] {
  const [first] = names;
  if (first === undefined || names.length > 1) return names;
  const known = sharedLists.get(first);
  if (known !== undefined) return known;
  if (sharedLists.size >= MOST_SHARED) sharedLists.clear();
  sharedLists.set(first, names);
  return names;
}
