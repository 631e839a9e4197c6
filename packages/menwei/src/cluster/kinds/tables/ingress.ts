import type { Messages } from '../../schema/messages.ts';
import { formatAge } from '../age.ts';
import type { TableRules } from '../kind-rules.ts';
import { columns, formatPoints, NONE } from './columns.ts';

const MAX_HOSTS = 3;

export const INGRESS_TABLE: TableRules<Messages['networking.v1.Ingress']> = {
  columns: columns('Name', 'Class', 'Hosts', 'Address', 'Ports', 'Age'),
  row({ metadata, spec = {}, status }, nowMs) {
    return {
      cells: [
        metadata.name ?? '',
        spec.ingressClassName ?? NONE,
        formatHosts((spec.rules ?? []).map(({ host = '' }) => host)),
        formatPoints(status?.loadBalancer?.ingress),
        (spec.tls ?? []).length > 0 ? '80, 443' : '80',
        formatAge(metadata.creationTimestamp, nowMs),
      ],
    };
  },
};

/** What is not listed is counted in rules, those without a host included. @param hosts one a rule */
function formatHosts(hosts: readonly string[]): string {
  const listed: string[] = [];
  for (const host of hosts) {
    if (listed.length === MAX_HOSTS) return `${listed.join(',')} + ${hosts.length - MAX_HOSTS} more...`;
    if (host !== '') listed.push(host);
  }
  return listed.join(',') || '*';
}
