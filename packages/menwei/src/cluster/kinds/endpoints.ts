/** Endpoints (cluster § 10.2): deprecated, and still asked for. */
import { type FieldError, required } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import { endpointIpErrors, ipErrors, ipWarnings } from './addresses.ts';
import { isSameMessages } from './equality.ts';
import type { KindRules } from './kind-rules.ts';
import { appProtocolErrors, protocolErrors } from './protocols.ts';
import { invalidEach, whyNoDnsLabel, whyNoDnsSubdomain, whyNoPort } from './syntax.ts';
import { ENDPOINTS_TABLE } from './tables/endpoints.ts';

type Endpoints = Messages['core.v1.Endpoints'];
type Subset = Messages['core.v1.EndpointSubset'];
type Address = Messages['core.v1.EndpointAddress'];
type Port = Messages['core.v1.EndpointPort'];

export const ENDPOINTS_RULES: KindRules<Endpoints> = {
  createsOnUpdate: true,
  standingWarning: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  defaults: ({ subsets, ...endpoints }) => ({
    ...endpoints,
    ...(subsets === undefined ? {} : { subsets: subsets.map(withProtocols) }),
  }),
  validate({ subsets = [] }, old) {
    const errors = subsets.flatMap((subset, i) => subsetErrors(`subsets[${i}]`, subset));
    // What an older program has stored may stay as it is.
    const isUnchanged =
      errors.length > 0 &&
      old !== undefined &&
      isSameMessages('core.v1.EndpointSubset', subsets, old.subsets);
    return isUnchanged ? [] : errors;
  },
  warnings: ({ subsets = [] }) =>
    subsets.flatMap(({ addresses = [], notReadyAddresses = [] }, i) => [
      ...addressWarnings(`subsets[${i}].addresses`, addresses),
      ...addressWarnings(`subsets[${i}].notReadyAddresses`, notReadyAddresses),
    ]),
  table: ENDPOINTS_TABLE,
};

function withProtocols({ ports, ...subset }: Subset): Subset {
  if (ports === undefined) return subset;
  return { ...subset, ports: ports.map((port) => ({ ...port, protocol: port.protocol || 'TCP' })) };
}

function subsetErrors(field: string, subset: Subset): readonly FieldError[] {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
  const isEmpty = addresses.length === 0 && notReadyAddresses.length === 0;
  return [
    ...(isEmpty ? [required(field, 'must specify `addresses` or `notReadyAddresses`')] : []),
    ...addresses.flatMap((address, i) => addressErrors(`${field}.addresses[${i}]`, address)),
    ...notReadyAddresses.flatMap((address, i) => addressErrors(`${field}.notReadyAddresses[${i}]`, address)),
    ...ports.flatMap((port, i) => portErrors(`${field}.ports[${i}]`, port, ports.length > 1)),
  ];
}

function addressErrors(field: string, { ip = '', hostname = '', nodeName }: Address): readonly FieldError[] {
  return [
    ...ipErrors(`${field}.ip`, ip),
    ...(hostname === '' ? [] : invalidEach(`${field}.hostname`, hostname, whyNoDnsLabel(hostname))),
    ...(nodeName === undefined
      ? []
      : invalidEach(`${field}.nodeName`, nodeName, whyNoDnsSubdomain(nodeName))),
    ...endpointIpErrors(`${field}.ip`, ip),
  ];
}

function portErrors(field: string, endpointPort: Port, needsName: boolean): readonly FieldError[] {
  const { name = '', port = 0, protocol, appProtocol } = endpointPort;
  const noName = needsName ? [required(`${field}.name`)] : [];
  return [
    ...(name === '' ? noName : invalidEach(`${field}.name`, name, whyNoDnsLabel(name))),
    ...invalidEach(`${field}.port`, port, whyNoPort(port)),
    ...protocolErrors(`${field}.protocol`, protocol),
    ...appProtocolErrors(`${field}.appProtocol`, appProtocol),
  ];
}

function addressWarnings(field: string, addresses: readonly Address[]): readonly string[] {
  return addresses.flatMap(({ ip = '' }, i) => ipWarnings(`${field}[${i}].ip`, ip));
}
