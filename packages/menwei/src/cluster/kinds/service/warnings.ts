/** What a client is told though its Service was taken (cluster § 9.4). */
import { parseIp } from '@menwei/addresses/ip.ts';
import { cidrWarnings, ipWarnings } from '../addresses.ts';
import { annotationOf } from '../metadata.ts';
import { clusterIpsOf, HEADLESS, type Service, type ServiceSpec, specOf } from './fields.ts';
import { TOPOLOGY_HINTS, TOPOLOGY_MODE } from './validation.ts';

export function serviceWarnings(service: Service): readonly string[] {
  const spec = specOf(service);
  const hasHints = annotationOf(service.metadata, TOPOLOGY_HINTS) !== undefined;
  return [
    ...(hasHints ? [`annotation ${TOPOLOGY_HINTS} is deprecated, please use ${TOPOLOGY_MODE} instead`] : []),
    ...ofAddresses('spec.clusterIPs', clusterIpsOf(spec)),
    ...ofHeadless(spec),
    ...ofAddresses('spec.externalIPs', spec.externalIPs ?? []),
    ...(spec.loadBalancerIP ? ipWarnings('spec.loadBalancerIP', spec.loadBalancerIP) : []),
    ...(spec.loadBalancerSourceRanges ?? []).flatMap((range, index) =>
      cidrWarnings(`spec.loadBalancerSourceRanges[${index}]`, range),
    ),
    ...ofNames(spec),
    ...(spec.trafficDistribution === 'PreferClose'
      ? ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"']
      : []),
  ];
}

function ofAddresses(field: string, ips: readonly string[]): readonly string[] {
  return ips.flatMap((ip, index) => ipWarnings(`${field}[${index}]`, ip));
}

function ofHeadless({
  type,
  clusterIP,
  loadBalancerIP,
  externalIPs = [],
  sessionAffinity,
}: ServiceSpec): readonly string[] {
  if (type !== 'ClusterIP' || clusterIP !== HEADLESS) return [];
  const ignored = (field: string): string => `spec.${field} is ignored for headless services`;
  return [
    ...(loadBalancerIP ? [ignored('loadBalancerIP')] : []),
    ...(externalIPs.length > 0 ? [ignored('externalIPs')] : []),
    ...(sessionAffinity === 'None' ? [] : [ignored('SessionAffinity')]),
  ];
}

function ofNames({ type, externalIPs = [], externalName = '' }: ServiceSpec): readonly string[] {
  const isExternalName = type === 'ExternalName';
  const warnings: string[] = [];
  if (externalIPs.length > 0) {
    warnings.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
    if (isExternalName) warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  }
  if (!isExternalName && externalName !== '') {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  // Ours: the reference takes it without a word, and DNS then answers with a name that nobody has.
  if (isExternalName && parseIp(externalName) !== undefined) {
    warnings.push(
      `spec.externalName: ${JSON.stringify(externalName)} is an IP address; DNS will serve it as a host name`,
    );
  }
  return warnings;
}
