import type { Messages } from '../../schema/messages.ts';
import { formatAge } from '../age.ts';
import type { TableRules } from '../kind-rules.ts';
import { column, columns, NAME_COLUMN, wideColumns } from './columns.ts';

type Event = Messages['core.v1.Event'];

/** The same in both groups. */
export const EVENT_TABLE: TableRules<Event> = {
  columns: [
    ...columns('Last Seen', 'Type', 'Reason', 'Object'),
    ...wideColumns('Subobject', 'Source'),
    column('Message'),
    ...wideColumns('First Seen', 'Count'),
    { ...NAME_COLUMN, priority: 1 },
  ],
  row(event, nowMs) {
    const { metadata, involvedObject = {}, series } = event;
    const firstSeen = formatAge(event.firstTimestamp || event.eventTime || undefined, nowMs);
    const lastSeen = event.lastTimestamp ? formatAge(event.lastTimestamp, nowMs) : firstSeen;
    const kind = involvedObject.kind?.toLowerCase() ?? '';
    return {
      cells: [
        series === undefined ? lastSeen : formatAge(series.lastObservedTime || undefined, nowMs),
        event.type ?? '',
        event.reason ?? '',
        involvedObject.name ? `${kind}/${involvedObject.name}` : kind,
        involvedObject.fieldPath ?? '',
        formatSource(event),
        event.message?.trim() ?? '',
        firstSeen,
        series === undefined ? event.count || 1 : (series.count ?? 0),
        metadata.name ?? '',
      ],
    };
  },
};

function formatSource({ source, reportingComponent = '', reportingInstance = '' }: Event): string {
  const component = source?.component || reportingComponent;
  const instance = source?.host || reportingInstance;
  return instance === '' ? component : `${component}, ${instance}`;
}
