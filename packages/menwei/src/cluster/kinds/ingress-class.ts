/** IngressClasses (cluster § 10.6). */
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import type { KindRules } from './kind-rules.ts';
import {
  domainPrefixedPathErrors,
  invalidEach,
  pathSegmentErrors,
  whyNoDnsLabel,
  whyNoDnsSubdomain,
} from './syntax.ts';
import { INGRESS_CLASS_TABLE } from './tables/ingress-class.ts';

type IngressClass = Messages['networking.v1.IngressClass'];
type Parameters = Messages['networking.v1.IngressClassParametersReference'];

const MAX_CONTROLLER_BYTES = 250;

export const INGRESS_CLASS_RULES: KindRules<IngressClass> = {
  countsGeneration: true,
  defaults(ingressClass) {
    const { spec } = ingressClass;
    if (spec?.parameters === undefined) return ingressClass;
    return { ...ingressClass, spec: { ...spec, parameters: { scope: 'Cluster', ...spec.parameters } } };
  },
  validate({ spec = {} }) {
    const { controller = '', parameters } = spec;
    const field = 'spec.controller';
    const isLong = Buffer.byteLength(controller) > MAX_CONTROLLER_BYTES;
    return [
      ...(isLong ? [tooLong(field, MAX_CONTROLLER_BYTES)] : []),
      ...domainPrefixedPathErrors(field, controller),
      ...(parameters === undefined ? [] : parameterErrors('spec.parameters', parameters)),
    ];
  },
  validateUpdate({ spec: { controller = '' } = {} }, old) {
    if (controller === (old.spec?.controller ?? '')) return [];
    return [invalid('spec.controller', controller, 'field is immutable')];
  },
  table: INGRESS_CLASS_TABLE,
};

/** A reference to an object of the same namespace, or of none. */
export function localReferenceErrors(
  field: string,
  { apiGroup, kind = '', name = '' }: Messages['core.v1.TypedLocalObjectReference'],
): readonly FieldError[] {
  return [
    ...(apiGroup === undefined || apiGroup === null
      ? []
      : invalidEach(`${field}.apiGroup`, apiGroup, whyNoDnsSubdomain(apiGroup))),
    ...pathSegmentErrors(`${field}.kind`, kind),
    ...pathSegmentErrors(`${field}.name`, name),
  ];
}

function parameterErrors(field: string, parameters: Parameters): readonly FieldError[] {
  const { scope, namespace } = parameters;
  return [
    ...localReferenceErrors(field, parameters),
    ...(scope === undefined || scope === null
      ? [required(`${field}.scope`)]
      : scopeErrors(field, scope, namespace)),
  ];
}

function scopeErrors(field: string, scope: string, namespace: string | undefined): readonly FieldError[] {
  switch (scope) {
    case 'Namespace':
      return namespace === undefined
        ? [required(`${field}.namespace`, "`parameters.scope` is set to 'Namespace'")]
        : invalidEach(`${field}.namespace`, namespace, whyNoDnsLabel(namespace));
    case 'Cluster':
      return namespace === undefined
        ? []
        : [forbidden(`${field}.namespace`, "`parameters.scope` is set to 'Cluster'")];
    default:
      return [notSupported(`${field}.scope`, scope, ['Cluster', 'Namespace'])];
  }
}
