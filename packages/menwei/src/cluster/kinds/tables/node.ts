import type { Messages } from '../../schema/messages.ts';
import { formatAge } from '../age.ts';
import type { TableRules } from '../kind-rules.ts';
import { columns, NONE, wideColumns } from './columns.ts';

type Node = Messages['core.v1.Node'];

const ROLE_PREFIX = 'node-role.kubernetes.io/';
const ROLE_LABEL = 'kubernetes.io/role';
const UNKNOWN = '<unknown>';

export const NODE_TABLE: TableRules<Node> = {
  columns: [
    ...columns('Name', 'Status', 'Roles', 'Age', 'Version'),
    ...wideColumns('Internal-IP', 'External-IP', 'OS-Image', 'Kernel-Version', 'Container-Runtime'),
  ],
  row(node, nowMs) {
    const { metadata, status = {} } = node;
    const info = status.nodeInfo ?? {};
    const architecture = info.architecture ? ` (${info.architecture})` : '';
    return {
      cells: [
        metadata.name ?? '',
        formatStatus(node),
        formatRoles(metadata.labels ?? {}),
        formatAge(metadata.creationTimestamp, nowMs),
        info.kubeletVersion ?? '',
        addressOf(node, 'InternalIP'),
        addressOf(node, 'ExternalIP'),
        info.osImage || UNKNOWN,
        `${info.kernelVersion || UNKNOWN}${architecture}`,
        info.containerRuntimeVersion || UNKNOWN,
      ],
    };
  },
};

function formatStatus({ spec, status }: Node): string {
  const ready = status?.conditions?.findLast(({ type }) => type === 'Ready');
  const state = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return spec?.unschedulable === true ? `${state},SchedulingDisabled` : state;
}

function formatRoles(labels: Readonly<Record<string, string>>): string {
  const roles = Object.entries(labels).map(([key, value]) => {
    return key.startsWith(ROLE_PREFIX) ? key.slice(ROLE_PREFIX.length) : key === ROLE_LABEL ? value : '';
  });
  return (
    [...new Set(roles)]
      .filter((role) => role !== '')
      .sort()
      .join(',') || NONE
  );
}

function addressOf({ status }: Node, type: string): string {
  return status?.addresses?.find((address) => address.type === type)?.address ?? NONE;
}
