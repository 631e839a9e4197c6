/** What `clusterIP`, `clusterIPs`, `ipFamilies` and `ipFamilyPolicy` must be, by themselves and with each other (cluster § 9.4). */
import { familyOf, parseIp } from '@menwei/addresses/ip.ts';
import { duplicate, type FieldError, invalid, notSupported, required } from '../../schema/field-error.ts';
import { ipErrors } from '../addresses.ts';
import { HEADLESS, isHeadless, isSameList, needsClusterIps, type ServiceSpec } from './fields.ts';

const FAMILIES = ['IPv4', 'IPv6'];
const POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const FIELD = 'spec.clusterIPs';

/** The allocation asks it too, so that it meets nothing that makes no sense. ExternalName Services have none of these fields. */
export function clusterIpErrors(spec: ServiceSpec, old?: ServiceSpec): readonly FieldError[] {
  if (!needsClusterIps(spec)) return [];
  const { clusterIPs = [] } = spec;
  const errors = [...singularErrors(spec), ...familyErrors(spec)];
  const ofAddresses = addressErrors(clusterIPs, old?.clusterIPs ?? []);
  errors.push(...ofAddresses);
  if (clusterIPs.length > 2) errors.push(invalid(FIELD, clusterIPs, 'may only hold up to 2 values'));
  // What follows would be about addresses that are none.
  if (ofAddresses.length > 0) return errors;
  if (clusterIPs.length > 1 && !isDualStack(clusterIPs)) {
    errors.push(invalid(FIELD, clusterIPs, 'may specify no more than one IP for each IP family'));
  }
  return [...errors, ...mismatches(spec)];
}

/** Once they are set, a second one can come and go, with the policy, and nothing else; to and from ExternalName all is free. */
export function clusterIpChangeErrors(spec: ServiceSpec, old: ServiceSpec): readonly FieldError[] {
  if (!needsClusterIps(spec) || !needsClusterIps(old) || (isHeadless(spec) && isHeadless(old))) return [];
  const errors = addressChangeErrors(spec, old);
  return isHeadless(spec) === isHeadless(old) && !isHeadless(spec)
    ? [...errors, ...familyChangeErrors(spec, old)]
    : errors;
}

function singularErrors({ clusterIP = '', clusterIPs = [] }: ServiceSpec): readonly FieldError[] {
  if (clusterIP === '') {
    if (clusterIPs.length === 0) return [];
    return [invalid(FIELD, clusterIPs, 'must be empty when `clusterIP` is not specified')];
  }
  if (clusterIPs.length === 0) return [required(FIELD)];
  return clusterIPs[0] === clusterIP
    ? []
    : [invalid(FIELD, clusterIPs, 'first value must match `clusterIP`')];
}

function familyErrors({ ipFamilies = [], ipFamilyPolicy }: ServiceSpec): readonly FieldError[] {
  const errors: FieldError[] = [];
  ipFamilies.forEach((family, index) => {
    const field = `spec.ipFamilies[${index}]`;
    if (!FAMILIES.includes(family)) errors.push(notSupported(field, family, FAMILIES));
    if (ipFamilies.indexOf(family) < index) errors.push(duplicate(field, family));
  });
  if (ipFamilyPolicy !== undefined && !POLICIES.includes(ipFamilyPolicy)) {
    errors.push(notSupported('spec.ipFamilyPolicy', ipFamilyPolicy, POLICIES));
  }
  return errors;
}

/** @param accepted what was there before may stay, whatever today's rules say */
function addressErrors(clusterIPs: readonly string[], accepted: readonly string[]): readonly FieldError[] {
  return clusterIPs.flatMap((ip, index) => {
    if (index > 0 || ip !== HEADLESS) return accepted.includes(ip) ? [] : ipErrors(`${FIELD}[${index}]`, ip);
    if (clusterIPs.length === 1) return [];
    return [invalid(FIELD, clusterIPs, `'${HEADLESS}' must be the first and only value`)];
  });
}

function isDualStack(ips: readonly string[]): boolean {
  return new Set(ips.map((ip) => familyOf(parseIp(ip) ?? ip))).size > 1;
}

function mismatches(spec: ServiceSpec): readonly FieldError[] {
  if (isHeadless(spec)) return [];
  const { clusterIPs = [], ipFamilies = [] } = spec;
  return clusterIPs.flatMap((ip, index) => {
    const family = ipFamilies[index];
    if (family === undefined || family === familyOf(parseIp(ip) ?? ip) || !FAMILIES.includes(family))
      return [];
    const why = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
    return [invalid(`${FIELD}[${index}]`, ip, why)];
  });
}

function addressChangeErrors(spec: ServiceSpec, old: ServiceSpec): readonly FieldError[] {
  const { clusterIPs: now = [], ipFamilyPolicy } = spec;
  const { clusterIPs: before = [] } = old;
  const changed = (index: number): FieldError =>
    invalid(`${FIELD}[${index}]`, now, 'may not change once set');
  if (now.length === before.length) {
    return before.flatMap((ip, index) => (ip === now[index] ? [] : [changed(index)]));
  }
  const errors: FieldError[] = [];
  if (now.length === 0) errors.push(invalid(`${FIELD}[0]`, now, 'primary clusterIP can not be unset'));
  else if (before.length > 0 && now[0] !== before[0]) errors.push(changed(0));
  if (now.length === 1 && before.length > 1 && ipFamilyPolicy !== 'SingleStack') {
    const why = "must be set to 'SingleStack' when releasing the secondary clusterIP";
    errors.push(invalid('spec.ipFamilyPolicy', ipFamilyPolicy, why));
  }
  return errors;
}

function familyChangeErrors(spec: ServiceSpec, old: ServiceSpec): readonly FieldError[] {
  const { ipFamilies: now = [], clusterIPs = [], ipFamilyPolicy } = spec;
  const { ipFamilies: before = [] } = old;
  const field = 'spec.ipFamilies[0]';
  if (now.length === before.length) {
    return isSameList(now, before) ? [] : [invalid(field, now, 'may not change once set')];
  }
  const errors: FieldError[] = [];
  if (now.length < before.length && clusterIPs.length === 0) {
    errors.push(invalid(field, now, 'primary ipFamily can not be unset'));
  }
  if (now.length > 0 && before.length > 0 && now[0] !== before[0]) {
    errors.push(invalid(field, clusterIPs, 'may not change once set'));
  }
  if (now.length === 1 && before.length > 1 && ipFamilyPolicy !== 'SingleStack') {
    const why = "must be set to 'SingleStack' when releasing the secondary ipFamily";
    errors.push(invalid('spec.ipFamilyPolicy', ipFamilyPolicy, why));
  }
  return errors;
}
