/** Which IP families a Service has, and how many: what the client said, what it had before, what the cluster offers (cluster § 9.5). */
import { familyOf, type IpFamily, parseIp } from '@menwei/addresses/ip.ts';
import { clusterIpErrors } from '../kinds/service/cluster-ips.ts';
import {
  HEADLESS,
  hasSelector,
  isSameList,
  needsClusterIps,
  type Service,
  type ServiceSpec,
  specOf,
  withSpec,
} from '../kinds/service/fields.ts';
import { type FieldError, invalid } from '../schema/field-error.ts';
import { refusal } from './refusal.ts';

/** One or two, the primary one first. */
export type OfferedFamilies = readonly [IpFamily, ...IpFamily[]];

const POLICY = 'spec.ipFamilyPolicy';

/** Fills in `ipFamilyPolicy` and `ipFamilies`, and cuts what a change to SingleStack gives up. @throws StatusError */
export function withFamilies(service: Service, old: Service | undefined, offered: OfferedFamilies): Service {
  const given = specOf(service);
  const before = old === undefined ? undefined : specOf(old);
  if (!needsClusterIps(given) || keepsWhatItPrefers(given, before)) return service;
  const refuse = (errors: readonly FieldError[]): void => {
    if (errors.length > 0) throw refusal(service, errors);
  };
  const spec = { ...given, ipFamilyPolicy: given.ipFamilyPolicy ?? inheritedPolicy(given, before) };
  refuse(clusterIpErrors(spec, before));
  const cut = before === undefined ? spec : cutToSingle(spec, before);
  const inferred = withInferredFamilies(cut, offered);
  refuse([
    ...(before === undefined ? [] : shorteningErrors(cut, before)),
    ...singleStackErrors(cut),
    ...inferred.errors,
  ]);
  const isFree = cut.clusterIP === HEADLESS && !hasSelector(cut);
  // Nobody but the user knows what its endpoints are: not even the cluster's families bind it.
  if (!isFree) refuse(offerErrors(cut, inferred.families, offered));
  const families = inferred.families.length > 0 ? inferred.families : [offered[0]];
  const mayBeTwo = cut.ipFamilyPolicy !== 'SingleStack' && (isFree || offered.length > 1);
  return withSpec(service, { ...cut, ipFamilies: mayBeTwo ? withOther(families) : families });
}

/** A cluster that became dual-stack, or is no more, changes nothing for the Services that are there. */
export function keepsWhatItPrefers(spec: ServiceSpec, old: ServiceSpec | undefined): boolean {
  return (
    old !== undefined &&
    old.type === spec.type &&
    spec.ipFamilyPolicy === 'PreferDualStack' &&
    (old.ipFamilyPolicy ?? 'PreferDualStack') === 'PreferDualStack' &&
    isSameList(spec.clusterIPs, old.clusterIPs) &&
    isSameList(spec.ipFamilies, old.ipFamilies)
  );
}

function inheritedPolicy(spec: ServiceSpec, old: ServiceSpec | undefined): string {
  if (old?.ipFamilyPolicy !== undefined) return old.ipFamilyPolicy;
  return spec.clusterIP === HEADLESS && !hasSelector(spec) ? 'RequireDualStack' : 'SingleStack';
}

/** The lists as they were, and another policy: the client means it. */
function cutToSingle(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  if (spec.ipFamilyPolicy !== 'SingleStack') return spec;
  const { clusterIPs, ipFamilies } = spec;
  return {
    ...spec,
    ...(clusterIPs !== undefined && isSameList(clusterIPs, old.clusterIPs)
      ? { clusterIPs: clusterIPs.slice(0, 1) }
      : {}),
    ...(ipFamilies !== undefined && isSameList(ipFamilies, old.ipFamilies)
      ? { ipFamilies: ipFamilies.slice(0, 1) }
      : {}),
  };
}

function shorteningErrors(spec: ServiceSpec, old: ServiceSpec): readonly FieldError[] {
  if (spec.ipFamilyPolicy === 'SingleStack') return [];
  const isShorter = (now: readonly string[] = [], before: readonly string[] = []): boolean =>
    now.length > 0 && now.length < before.length;
  const error = (what: string): FieldError =>
    invalid(POLICY, spec.ipFamilyPolicy, `must be 'SingleStack' to release the secondary ${what}`);
  return [
    ...(isShorter(spec.clusterIPs, old.clusterIPs) ? [error('cluster IP')] : []),
    ...(isShorter(spec.ipFamilies, old.ipFamilies) ? [error('IP family')] : []),
  ];
}

function singleStackErrors({
  ipFamilyPolicy,
  clusterIPs = [],
  ipFamilies = [],
}: ServiceSpec): readonly FieldError[] {
  if (ipFamilyPolicy !== 'SingleStack') return [];
  const error = (what: string): FieldError =>
    invalid(
      POLICY,
      ipFamilyPolicy,
      `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
    );
  return [
    ...(clusterIPs.length === 2 ? [error('cluster IPs')] : []),
    ...(ipFamilies.length === 2 ? [error('IP families')] : []),
  ];
}

interface InferredFamilies {
  readonly families: readonly string[];
  readonly errors: readonly FieldError[];
}

/** Those that were given, and those of addresses that were given without. */
function withInferredFamilies(
  { clusterIPs = [], ipFamilies = [] }: ServiceSpec,
  offered: OfferedFamilies,
): InferredFamilies {
  const errors: FieldError[] = [];
  const families = [...ipFamilies];
  clusterIPs.forEach((ip, index) => {
    if (ip === HEADLESS || index < ipFamilies.length) return;
    const family = familyOf(parseIp(ip) ?? ip);
    if (offered.includes(family)) families.push(family);
    else {
      errors.push(
        invalid(`spec.clusterIPs[${index}]`, clusterIPs, `${family} is not configured on this cluster`),
      );
    }
  });
  return { families, errors };
}

function offerErrors(
  { ipFamilyPolicy }: ServiceSpec,
  families: readonly string[],
  offered: readonly string[],
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (ipFamilyPolicy === 'RequireDualStack' && offered.length < 2) {
    errors.push(invalid(POLICY, ipFamilyPolicy, 'this cluster is not configured for dual-stack services'));
  }
  families.forEach((family, index) => {
    if (!offered.includes(family)) {
      errors.push(invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'));
    }
  });
  return errors;
}

function withOther(families: readonly string[]): readonly string[] {
  if (families.length > 1) return families;
  return [...families, families[0] === 'IPv4' ? 'IPv6' : 'IPv4'];
}
