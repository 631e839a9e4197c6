/** The rules of ServiceCIDRs: the networks that addresses of Services are taken from (cluster § 9.7). */
import { familyOf, parseCidr } from '@menwei/addresses/ip.ts';
import { type FieldError, invalid, required } from '../schema/field-error.ts';
import { canonicalCidrErrors } from './addresses.ts';
import type { KindRules } from './kind-rules.ts';
import type { StoredKinds } from './stored-kinds.ts';
import { SERVICE_CIDR_TABLE } from './tables/service-cidr.ts';

type ServiceCidr = StoredKinds['servicecidrs'];

const FIELD = 'spec.cidrs';
const IMMUTABLE = 'field is immutable';

export const SERVICE_CIDR_RULES: KindRules<ServiceCidr> = {
  defaults: (serviceCidr) => serviceCidr,
  prepareForCreate: (serviceCidr) => ({ ...serviceCidr, status: {} }),
  prepareForUpdate: (serviceCidr, old) => ({ ...serviceCidr, status: old.status ?? {} }),
  validate: (serviceCidr, old) =>
    old === undefined ? cidrsErrors(cidrsOf(serviceCidr)) : changeErrors(cidrsOf(serviceCidr), cidrsOf(old)),
  validateStatusUpdate: () => [],
  table: SERVICE_CIDR_TABLE,
};

function cidrsOf({ spec }: ServiceCidr): readonly string[] {
  return spec?.cidrs ?? [];
}

function cidrsErrors(cidrs: readonly string[]): readonly FieldError[] {
  if (cidrs.length === 0) return [required(FIELD, 'at least one CIDR required')];
  if (cidrs.length > 2) return [invalid(FIELD, { CIDRs: cidrs }, 'may only hold up to 2 values')];
  const families = new Set(cidrs.map((cidr) => parseCidr(cidr)?.family ?? familyOf(cidr)));
  if (families.size < cidrs.length) {
    const why = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
    return [invalid(FIELD, cidrs, why)];
  }
  return cidrs.flatMap((cidr, index) => canonicalCidrErrors(`${FIELD}[${index}]`, cidr));
}

/** A second one may come, for the other family; nothing else changes. */
function changeErrors(cidrs: readonly string[], old: readonly string[]): readonly FieldError[] {
  const isSecond = old.length === 1 && cidrs.length === 2;
  if (cidrs.length !== old.length && !isSecond) return [invalid(FIELD, cidrs, IMMUTABLE)];
  const changed = old.flatMap((cidr, index) =>
    cidr === cidrs[index] ? [] : [invalid(`${FIELD}[${index}]`, cidrs[index], IMMUTABLE)],
  );
  return isSecond ? [...changed, ...cidrsErrors(cidrs)] : changed;
}
