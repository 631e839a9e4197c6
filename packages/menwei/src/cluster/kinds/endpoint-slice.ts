/** EndpointSlices (cluster § 10.1). */
import { familyOf } from '@menwei/addresses/ip.ts';
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  required,
  tooMany,
} from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import { canonicalIpErrors, endpointIpErrors, ipErrors, ipWarnings } from './addresses.ts';
import { isSameMessages } from './equality.ts';
import type { KindRules } from './kind-rules.ts';
import { labelErrors } from './metadata.ts';
import { appProtocolErrors, protocolErrors } from './protocols.ts';
import {
  domainNameErrors,
  invalidEach,
  whyNoDnsLabel,
  whyNoDnsSubdomain,
  whyNoLabelValue,
} from './syntax.ts';
import { ENDPOINT_SLICE_TABLE } from './tables/endpoint-slice.ts';

type EndpointSlice = Messages['discovery.v1.EndpointSlice'];
type Endpoint = Messages['discovery.v1.Endpoint'];
type EndpointPort = Messages['discovery.v1.EndpointPort'];

const ADDRESS_TYPES: readonly string[] = ['FQDN', 'IPv4', 'IPv6'];
const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;
const MAX_PORTS = 20_000;
const MAX_TOPOLOGY_LABELS = 16;
const MAX_HINTS = 8;
/** Whose slices have no addresses to warn of. */
const OUR_CONTROLLERS: readonly (string | undefined)[] = [
  'endpointslice-controller.k8s.io',
  'endpointslicemirroring-controller.k8s.io',
];

export const ENDPOINT_SLICE_RULES: KindRules<EndpointSlice> = {
  countsGeneration: true,
  defaults({ ports, ...slice }) {
    if (ports === undefined || ports === null) return slice;
    return { ...slice, ports: ports.map((port) => ({ name: '', protocol: 'TCP', ...port })) };
  },
  prepareForCreate: withoutTopology,
  prepareForUpdate(slice, old) {
    const bare = withoutTopology(slice);
    const isKept = bare !== slice && isSameMessages('discovery.v1.Endpoint', slice.endpoints, old.endpoints);
    return isKept ? slice : bare;
  },
  validate(slice, old) {
    const { addressType = '', endpoints, ports } = slice;
    const errors = endpointListErrors(endpoints ?? [], addressType);
    // What an older program has stored may stay as it is.
    const isUnchanged =
      errors.length > 0 &&
      old !== undefined &&
      isSameMessages('discovery.v1.Endpoint', endpoints, old.endpoints);
    return [
      ...addressTypeErrors(addressType),
      ...portListErrors(ports ?? []),
      ...(isUnchanged ? [] : errors),
    ];
  },
  validateUpdate({ addressType = '' }, old) {
    if (addressType === (old.addressType ?? '')) return [];
    return [invalid('addressType', addressType, 'field is immutable')];
  },
  warnings(slice, old) {
    const isNewFqdn = slice.addressType === 'FQDN' && old === undefined;
    const endpoints = OUR_CONTROLLERS.includes(managerOf(slice)) ? [] : (slice.endpoints ?? []);
    return [
      ...(isNewFqdn ? ['spec.addressType: FQDN endpoints are deprecated'] : []),
      ...endpoints.flatMap(({ addresses }, i) =>
        (addresses ?? []).flatMap((address, j) => ipWarnings(`endpoints[${i}].addresses[${j}]`, address)),
      ),
    ];
  },
  table: ENDPOINT_SLICE_TABLE,
};

/** What older versions of the API had in the place of zone and node is not taken any more. */
function withoutTopology(slice: EndpointSlice): EndpointSlice {
  const endpoints = slice.endpoints ?? [];
  if (endpoints.every(({ deprecatedTopology }) => deprecatedTopology === undefined)) return slice;
  return { ...slice, endpoints: endpoints.map(({ deprecatedTopology: _, ...endpoint }) => endpoint) };
}

function managerOf({ metadata: { labels = {} } }: EndpointSlice): string | undefined {
  const key = 'endpointslice.kubernetes.io/managed-by';
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function addressTypeErrors(addressType: string): readonly FieldError[] {
  if (addressType === '') return [required('addressType')];
  return ADDRESS_TYPES.includes(addressType) ? [] : [notSupported('addressType', addressType, ADDRESS_TYPES)];
}

function endpointListErrors(endpoints: readonly Endpoint[], addressType: string): readonly FieldError[] {
  if (endpoints.length > MAX_ENDPOINTS) return [tooMany('endpoints', endpoints.length, MAX_ENDPOINTS)];
  return endpoints.flatMap((endpoint, i) => endpointErrors(`endpoints[${i}]`, endpoint, addressType));
}

function endpointErrors(field: string, endpoint: Endpoint, addressType: string): readonly FieldError[] {
  const { nodeName, hostname, hints, deprecatedTopology } = endpoint;
  const addresses = endpoint.addresses ?? [];
  const topologyCount = Object.keys(deprecatedTopology ?? {}).length;
  const topology = `${field}.deprecatedTopology`;
  return [
    ...countErrors(`${field}.addresses`, addresses.length),
    ...addresses.flatMap((address, i) => addressErrors(`${field}.addresses`, i, address, addressType)),
    ...(nodeName === undefined
      ? []
      : invalidEach(`${field}.nodeName`, nodeName, whyNoDnsSubdomain(nodeName))),
    ...(topologyCount > MAX_TOPOLOGY_LABELS ? [tooMany(topology, topologyCount, MAX_TOPOLOGY_LABELS)] : []),
    ...labelErrors(topology, deprecatedTopology),
    ...(hostname === undefined ? [] : invalidEach(`${field}.hostname`, hostname, whyNoDnsLabel(hostname))),
    ...(hints === undefined ? [] : hintErrors(`${field}.hints`, hints)),
  ];
}

function countErrors(field: string, count: number): readonly FieldError[] {
  if (count === 0) return [required(field, 'must contain at least 1 address')];
  return count > MAX_ADDRESSES ? [tooMany(field, count, MAX_ADDRESSES)] : [];
}

/** @param list the field of the list: a wrong family is told of it as a whole */
function addressErrors(list: string, i: number, address: string, addressType: string): readonly FieldError[] {
  const field = `${list}[${i}]`;
  switch (addressType) {
    case 'IPv4':
    case 'IPv6': {
      const errors = addressType === 'IPv4' ? ipErrors(field, address) : canonicalIpErrors(field, address);
      if (errors.length > 0) return errors;
      const isRight = familyOf(address) === addressType;
      const wrongFamily = isRight ? [] : [invalid(list, address, `must be an ${addressType} address`)];
      return [...wrongFamily, ...endpointIpErrors(field, address)];
    }
    case 'FQDN':
      return domainNameErrors(field, address);
    default:
      return [];
  }
}

function hintErrors(field: string, hints: Messages['discovery.v1.EndpointHints']): readonly FieldError[] {
  const zones = (hints.forZones ?? []).map(({ name = '' }) => name);
  if (zones.length > MAX_HINTS) return [tooMany(`${field}.forZones`, zones.length, MAX_HINTS)];
  const nodes = (hints.forNodes ?? []).map(({ name = '' }) => name);
  const zoneErrors = nameErrors(`${field}.forZones`, zones, whyNoLabelValue);
  if (nodes.length > MAX_HINTS) return [...zoneErrors, tooMany(`${field}.forNodes`, nodes.length, MAX_HINTS)];
  return [...zoneErrors, ...nameErrors(`${field}.forNodes`, nodes, whyNoDnsSubdomain)];
}

function nameErrors(
  field: string,
  names: readonly string[],
  whyNot: (name: string) => readonly string[],
): readonly FieldError[] {
  return names.flatMap((name, i) => [
    ...(names.indexOf(name) < i ? [duplicate(`${field}[${i}].name`, name)] : []),
    ...invalidEach(`${field}[${i}].name`, name, whyNot(name)),
  ]);
}

function portListErrors(ports: readonly EndpointPort[]): readonly FieldError[] {
  if (ports.length > MAX_PORTS) return [tooMany('ports', ports.length, MAX_PORTS)];
  const names = new Set<string>();
  return ports.flatMap(({ name = '', protocol, appProtocol }, i) => {
    const field = `ports[${i}]`;
    const isTaken = names.has(name);
    names.add(name);
    return [
      ...(name === '' ? [] : invalidEach(`${field}.name`, name, whyNoDnsLabel(name))),
      ...(isTaken ? [duplicate(`${field}.name`, name)] : []),
      ...protocolErrors(`${field}.protocol`, protocol),
      ...appProtocolErrors(`${field}.appProtocol`, appProtocol),
    ];
  });
}
