import type { Messages } from '../../schema/messages.ts';
import { formatAge } from '../age.ts';
import type { TableRow, TableRules } from '../kind-rules.ts';
import { columns, NONE, wideColumns } from './columns.ts';
import { summarize } from './pod-state.ts';

type Pod = Messages['core.v1.Pod'];

export const POD_TABLE: TableRules<Pod> = {
  columns: [
    ...columns('Name', 'Ready', 'Status', 'Restarts', 'Age'),
    ...wideColumns('IP', 'Node', 'Nominated Node', 'Readiness Gates'),
  ],
  row(pod, nowMs) {
    const { metadata, spec = {}, status = {} } = pod;
    const state = summarize(pod);
    const { restarts, lastRestart } = state;
    const conditions = END_CONDITIONS[status.phase ?? ''];
    return {
      cells: [
        metadata.name ?? '',
        `${state.readyCount}/${state.totalCount}`,
        state.text,
        restarts > 0 && lastRestart !== undefined
          ? `${restarts} (${formatAge(lastRestart, nowMs)} ago)`
          : String(restarts),
        formatAge(metadata.creationTimestamp, nowMs),
        status.podIPs?.[0]?.ip || NONE,
        spec.nodeName || NONE,
        status.nominatedNodeName || NONE,
        formatGates(pod),
      ],
      ...(conditions === undefined ? {} : { conditions }),
    };
  },
};

const END_CONDITIONS: Readonly<Record<string, TableRow['conditions']>> = {
  Succeeded: [
    {
      type: 'Completed',
      status: 'True',
      reason: 'Succeeded',
      message: 'The pod has completed successfully.',
    },
  ],
  Failed: [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }],
};

/** How many of the gates are open: `1/2`. */
function formatGates({ spec, status }: Pod): string {
  const gates = spec?.readinessGates ?? [];
  if (gates.length === 0) return NONE;
  const values = new Map((status?.conditions ?? []).map((condition) => [condition.type, condition.status]));
  const open = gates.filter(({ conditionType }) => values.get(conditionType) === 'True');
  return `${open.length}/${gates.length}`;
}
