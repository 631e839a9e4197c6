/** Ingresses (cluster § 10.6): what would break those that read them. */
import { parseIp } from '@menwei/addresses/ip.ts';
import { type FieldError, invalid, notSupported, required } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import { ipErrors, pointNameErrors } from './addresses.ts';
import { localReferenceErrors } from './ingress-class.ts';
import type { KindRules } from './kind-rules.ts';
import { annotationOf } from './metadata.ts';
import {
  invalidEach,
  whyNoDnsLabel,
  whyNoDnsSubdomain,
  whyNoPort,
  whyNoPortName,
  whyNoWildcardDomain,
} from './syntax.ts';
import { INGRESS_TABLE } from './tables/ingress.ts';

type Ingress = Messages['networking.v1.Ingress'];
type Spec = Messages['networking.v1.IngressSpec'];
type Rule = Messages['networking.v1.IngressRule'];
type Path = Messages['networking.v1.HTTPIngressPath'];
type Backend = Messages['networking.v1.IngressBackend'];

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
const PATH_TYPES: readonly string[] = ['Exact', 'ImplementationSpecific', 'Prefix'];
const BAD_IN_PATH: readonly string[] = ['//', '/./', '/../', '%2f', '%2F'];
const BAD_AT_END: readonly string[] = ['/..', '/.'];

export const INGRESS_RULES: KindRules<Ingress> = {
  countsGeneration: true,
  defaults: (ingress) => ingress,
  prepareForCreate: ({ status: _, ...ingress }) => ingress,
  validate(ingress, old) {
    const errors = specErrors(ingress.spec ?? {});
    return old === undefined ? [...errors, ...classErrors(ingress)] : errors;
  },
  validateStatusUpdate: ({ status }) =>
    (status?.loadBalancer?.ingress ?? []).flatMap((point, i) =>
      pointErrors(`status.loadBalancer.ingress[${i}]`, point),
    ),
  warnings(ingress, old) {
    const annotation = annotationOf(ingress.metadata, CLASS_ANNOTATION);
    const isOldWay = annotation !== undefined && ingress.spec?.ingressClassName === undefined;
    return isOldWay && old === undefined
      ? [`annotation "${CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`]
      : [];
  },
  table: INGRESS_TABLE,
};

function classErrors(ingress: Ingress): readonly FieldError[] {
  const annotation = annotationOf(ingress.metadata, CLASS_ANNOTATION);
  const name = ingress.spec?.ingressClassName;
  if (annotation === undefined || name === undefined || annotation === name) return [];
  const why = 'must match `ingressClassName` when both are specified';
  return [invalid(`annotations.${CLASS_ANNOTATION}`, annotation, why)];
}

function specErrors({ rules = [], defaultBackend, tls = [], ingressClassName }: Spec): readonly FieldError[] {
  const isEmpty = rules.length === 0 && defaultBackend === undefined;
  return [
    ...(isEmpty ? [invalid('spec', undefined, 'either `defaultBackend` or `rules` must be specified')] : []),
    ...(defaultBackend === undefined ? [] : backendErrors('spec.defaultBackend', defaultBackend)),
    ...rules.flatMap((rule, i) => ruleErrors(`spec.rules[${i}]`, rule)),
    ...tls.flatMap(({ hosts = [], secretName = '' }, i) => [
      ...hosts.flatMap((host, j) => hostErrors(`spec.tls[${i}].hosts[${j}]`, host)),
      ...(secretName === ''
        ? []
        : invalidEach(`spec.tls[${i}].secretName`, secretName, whyNoDnsSubdomain(secretName))),
    ]),
    ...(ingressClassName === undefined
      ? []
      : invalidEach('spec.ingressClassName', ingressClassName, whyNoDnsSubdomain(ingressClassName))),
  ];
}

function ruleErrors(field: string, { host = '', http }: Rule): readonly FieldError[] {
  const paths = http?.paths ?? [];
  return [
    ...(host !== '' && parseIp(host) !== undefined
      ? [invalid(`${field}.host`, host, 'must be a DNS name, not an IP address')]
      : []),
    ...(host === '' ? [] : hostErrors(`${field}.host`, host)),
    ...(http !== undefined && paths.length === 0 ? [required(`${field}.http.paths`)] : []),
    ...paths.flatMap((path, i) => pathErrors(`${field}.http.paths[${i}]`, path)),
  ];
}

function hostErrors(field: string, host: string): readonly FieldError[] {
  return invalidEach(field, host, host.includes('*') ? whyNoWildcardDomain(host) : whyNoDnsSubdomain(host));
}

function pathErrors(field: string, { pathType, path = '', backend = {} }: Path): readonly FieldError[] {
  if (pathType === undefined || pathType === null)
    return [required(`${field}.pathType`, 'pathType must be specified')];
  const whys = PATH_TYPES.includes(pathType) ? whyNoPath(pathType, path) : [];
  return [
    ...(PATH_TYPES.includes(pathType) ? [] : [notSupported(`${field}.pathType`, pathType, PATH_TYPES)]),
    ...invalidEach(`${field}.path`, path, whys),
    ...backendErrors(`${field}.backend`, backend),
  ];
}

function whyNoPath(pathType: string, path: string): readonly string[] {
  const isFree = pathType === 'ImplementationSpecific';
  const isRelative = !path.startsWith('/') && !(isFree && path === '');
  return [
    ...(isRelative ? ['must be an absolute path'] : []),
    ...BAD_IN_PATH.filter((bad) => !isFree && path.includes(bad)).map((bad) => `must not contain '${bad}'`),
    ...BAD_AT_END.filter((bad) => !isFree && path.endsWith(bad)).map((bad) => `cannot end with '${bad}'`),
  ];
}

function backendErrors(field: string, { service, resource }: Backend): readonly FieldError[] {
  if (service !== undefined && resource !== undefined) {
    return [invalid(field, '', 'cannot set both resource and service backends')];
  }
  if (resource !== undefined) return localReferenceErrors(`${field}.resource`, resource);
  if (service === undefined) return [invalid(field, '', 'resource or service backend is required')];
  const { name = '', port = {} } = service;
  return [
    ...(name === ''
      ? [required(`${field}.service.name`)]
      : invalidEach(`${field}.service.name`, name, whyNoDnsLabel(name))),
    ...portErrors(field, port),
  ];
}

function portErrors(
  field: string,
  { name = '', number = 0 }: Messages['networking.v1.ServiceBackendPort'],
): readonly FieldError[] {
  if (name !== '' && number !== 0) return [invalid(field, '', 'cannot set both port name & port number')];
  if (name !== '') return invalidEach(`${field}.service.port.name`, name, whyNoPortName(name));
  if (number !== 0) return invalidEach(`${field}.service.port.number`, number, whyNoPort(number));
  return [required(field, 'port name or number is required')];
}

function pointErrors(
  field: string,
  { ip = '', hostname }: Messages['networking.v1.IngressLoadBalancerIngress'],
): readonly FieldError[] {
  return [
    ...(ip === '' ? [] : ipErrors(`${field}.ip`, ip)),
    ...pointNameErrors(`${field}.hostname`, hostname),
  ];
}
