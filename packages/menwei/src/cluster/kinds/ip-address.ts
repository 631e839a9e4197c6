/** The rules of IPAddresses: an address is taken while an object has its name (cluster § 9.7). */
import { type FieldError, invalid, required } from '../schema/field-error.ts';
import { canonicalIpErrors } from './addresses.ts';
import type { KindRules } from './kind-rules.ts';
import type { StoredKinds } from './stored-kinds.ts';
import { invalidEach, pathSegmentErrors, whyNoDnsSubdomain, whyNoPathSegment } from './syntax.ts';
import { IP_ADDRESS_TABLE } from './tables/ip-address.ts';

type IpAddress = StoredKinds['ipaddresses'];

const FIELD = 'spec.parentRef';

export const IP_ADDRESS_RULES: KindRules<IpAddress> = {
  defaults: (address) => address,
  validateName: (name) => canonicalIpErrors('', name).map(({ detail }) => detail ?? ''),
  validate: (address, old) => (old === undefined ? parentErrors(address) : changeErrors(address, old)),
  table: IP_ADDRESS_TABLE,
};

function parentErrors({ spec }: IpAddress): readonly FieldError[] {
  const parent = spec?.parentRef;
  if (parent === undefined) return [required(FIELD)];
  const { group = '', resource = '', name = '', namespace = '' } = parent;
  return [
    ...(group === '' ? [] : invalidEach(`${FIELD}.group`, group, whyNoDnsSubdomain(group))),
    ...pathSegmentErrors(`${FIELD}.resource`, resource),
    ...pathSegmentErrors(`${FIELD}.name`, name),
    ...invalidEach(`${FIELD}.namespace`, namespace, whyNoPathSegment(namespace)),
  ];
}

function changeErrors(address: IpAddress, old: IpAddress): readonly FieldError[] {
  const now = printed(address);
  return JSON.stringify(now) === JSON.stringify(printed(old))
    ? []
    : [invalid(FIELD, now, 'field is immutable')];
}

/** With the reference's names of the fields. */
function printed({ spec }: IpAddress): object | undefined {
  const parent = spec?.parentRef;
  if (parent === undefined) return undefined;
  const { group = '', resource = '', namespace = '', name = '' } = parent;
  return { Group: group, Resource: resource, Namespace: namespace, Name: name };
}
