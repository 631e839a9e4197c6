import type { Messages } from '../../schema/messages.ts';
import { formatAge } from '../age.ts';
import type { TableRules } from '../kind-rules.ts';
import { columns, formatLabels, formatPoints, NONE, wideColumns } from './columns.ts';

type Service = Messages['core.v1.Service'];

export const SERVICE_TABLE: TableRules<Service> = {
  columns: [
    ...columns('Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age'),
    ...wideColumns('Selector'),
  ],
  row(service, nowMs) {
    const { metadata, spec = {} } = service;
    const ports = (spec.ports ?? []).map(({ port = 0, nodePort = 0, protocol = '' }) => {
      return `${port}${nodePort > 0 ? `:${nodePort}` : ''}/${protocol}`;
    });
    return {
      cells: [
        metadata.name ?? '',
        spec.type ?? '',
        spec.clusterIPs?.[0] ?? NONE,
        formatExternal(service),
        ports.join(',') || NONE,
        formatAge(metadata.creationTimestamp, nowMs),
        formatLabels(spec.selector),
      ],
    };
  },
};

function formatExternal({ spec = {}, status }: Service): string {
  const externalIps = spec.externalIPs ?? [];
  switch (spec.type) {
    case 'ClusterIP':
    case 'NodePort':
      return externalIps.join(',') || NONE;
    case 'LoadBalancer': {
      const points = formatPoints(status?.loadBalancer?.ingress);
      return [...(points === '' ? [] : [points]), ...externalIps].join(',') || '<pending>';
    }
    case 'ExternalName':
      return spec.externalName ?? '';
    default:
      return '<unknown>';
  }
}
